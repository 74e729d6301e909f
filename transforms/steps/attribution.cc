// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "transforms/model/url.h"
#include "transforms/steps/byline_names.h"
#include "transforms/steps/compose.h"
#include "transforms/steps/credit.h"
#include "transforms/steps/step.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxAuthors = 20;
constexpr size_t kMaxAuthor = 60;    // code points of one name
constexpr size_t kMaxDateline = 40;  // code points before 电

bool IsFirstSite(const Document& document) { return document.source->kind == SourceKind::kJekyll; }

std::string First(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    if (std::string value = text::CollapseBlank(candidate.value); !value.empty()) {
      return value;
    }
  }
  return {};
}

void DecideTitle(Document& document) {
  std::string& title = document.post.title;
  if (document.front_matter) {
    title = text::CollapseBlank(document.front_matter->title);
  } else if (document.feed_entry) {
    title = text::CollapseBlank(document.feed_entry->title);
  } else if (title.empty()) {
    title = First(document.candidates.titles);
    if (title.empty()) {
      title = text::CollapseBlank(document.capture->metadata.entry.title);
    }
  }
}

// A rendered Markdown post shows its digest as a quote before the text.
void TakeLeadingQuote(Document& document) {
  const auto end = std::ranges::find_if(
      document.blocks, [](const ContentBlock& block) { return block.kind != BlockKind::kQuote; });
  if (end == document.blocks.end()) {
    return;  // nothing but quotes: that is the text
  }
  for (auto block = document.blocks.begin(); block != end; ++block) {
    document.digest += document.digest.empty() ? "" : " ";
    document.digest += block->text;
  }
  document.blocks.erase(document.blocks.begin(), end);
}

void DecideSummary(Document& document) {
  std::string& summary = document.post.summary;
  if (document.front_matter) {
    summary = document.digest;
  } else if (IsFirstSite(document)) {
    // Jekyll's own excerpts are the head of the text, no summary of the publisher's.
    TakeLeadingQuote(document);
    summary = document.digest;
  } else if (document.feed_entry && document.feed_entry->content.empty()) {
    summary.clear();  // it is the body
  }
  // Else metadata and clean have decided: what only repeats the head of the text is no summary.
}

// Takes `（证券时报）` off the end of the last paragraph.
std::string TakeInlineCredit(Document& document) {
  if (document.blocks.empty() || document.blocks.back().kind != BlockKind::kParagraph) {
    return {};
  }
  ContentBlock& last = document.blocks.back();
  const auto credited = SplitTrailingCredit(last.text);
  if (!credited) {
    return {};
  }
  std::string publisher = text::CollapseBlank(credited->publisher);
  if (credited->text.empty()) {
    document.blocks.pop_back();
    return publisher;
  }
  last.text = std::string(credited->text);
  const auto length = static_cast<uint32_t>(text::CountCodePoints(last.text));
  std::erase_if(last.links, [&](const PostLink& link) { return link.span.end > length; });
  return publisher;
}

std::string TakeDigestCredit(std::string& summary) {
  const auto credited = SplitTrailingCredit(summary);
  if (!credited) {
    return {};
  }
  std::string publisher = text::CollapseBlank(credited->publisher);
  summary = std::string(credited->text);
  return publisher;
}

// What the page itself says of where the text comes from; then what its markup says of the site.
void DecidePublisher(Document& document, const Credit& credit) {
  const std::string in_text = TakeInlineCredit(document);
  const std::string in_digest = TakeDigestCredit(document.post.summary);
  std::string& publisher = document.post.publisher;
  publisher = IsNobody(credit.publisher) ? "" : credit.publisher;
  const auto offered = [&](bool of_the_text) {
    for (const Candidate& candidate : document.candidates.publishers) {
      const bool says_text = candidate.origin == "visible" || candidate.origin == "detail";
      if (publisher.empty() && says_text == of_the_text) {
        const std::string value = text::CollapseBlank(candidate.value);
        const Credit read = ReadCredit(value);
        publisher = IsNobody(value) ? "" : read.publisher.empty() ? value : read.publisher;
      }
    }
  };
  offered(true);
  for (const std::string& found : {in_text, in_digest}) {
    publisher = publisher.empty() ? found : publisher;
  }
  // The site of the Jekyll kind collects what others wrote: its name is not the publisher's.
  if (!IsFirstSite(document) && document.body != BodyKind::kFile) {
    offered(false);
  }
}

bool StripFirst(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size() ||
      !text::EqualsIgnoreAsciiCase(text.substr(0, prefix.size()), prefix)) {
    return false;
  }
  text = text::TrimBlank(text.substr(prefix.size()));
  return true;
}

void AddAuthor(Document& document, std::string_view name) {
  name = text::TrimBlank(name);
  for (const std::string_view label :
       {"By ", "Posted by ", "Written by ", "作者：", "作者:", "记者：", "记者:", "记者 ", "文/",
        "文：", "撰文：", "撰文/", "：", ":"}) {
    StripFirst(name, label);
  }
  if (!name.starts_with("记者站") && name.starts_with("记者")) {
    name.remove_prefix(std::string_view("记者").size());
  }
  std::string author = text::CollapseBlank(name);
  std::vector<std::string>& authors = document.post.authors;
  const bool refused = author.empty() || text::CountCodePoints(author) > kMaxAuthor ||
                       author == document.post.publisher || author.find("://") != author.npos ||
                       author.find('@') != author.npos ||
                       author.find_first_not_of("0123456789 ,.-_/") == author.npos ||
                       authors.size() >= kMaxAuthors ||
                       std::ranges::find(authors, author) != authors.end();
  if (!refused) {
    authors.push_back(std::move(author));
  }
}

// `张三、李四`, `Jane Doe; John Roe`. A comma divides only Chinese names: Western ones hold it.
void AddAuthors(Document& document, std::string_view names) {
  constexpr std::array<std::string_view, 5> kDividers = {"、", "；", ";", "，", " and "};
  size_t end = names.size();
  size_t bytes = 0;
  for (const std::string_view divider : kDividers) {
    if (const size_t at = names.find(divider); at < end) {
      end = at;
      bytes = divider.size();
    }
  }
  AddAuthor(document, names.substr(0, end));
  if (bytes > 0) {
    AddAuthors(document, names.substr(end + bytes));
  }
}

void DecideAuthors(Document& document, const Credit& credit) {
  constexpr size_t kMaxNames = 1000;  // bytes of one value
  const auto add = [&](std::string_view names) {
    AddAuthors(document, text::TruncateToBytes(names, kMaxNames));
  };
  document.post.authors.clear();
  if (document.front_matter) {
    std::ranges::for_each(document.front_matter->authors, add);
  }
  if (document.feed_entry) {
    std::ranges::for_each(document.feed_entry->authors, add);
  }
  for (const Candidate& candidate : document.candidates.authors) {
    add(candidate.value);
  }
  add(credit.authors);
  if (document.post.authors.empty() && document.body == BodyKind::kPage) {
    std::ranges::for_each(document.capture->metadata.entry.authors, add);
  }
}

// `新华社北京4月19日电（记者张三、李四）` at the head of the text.
void ReadDateline(Document& document) {
  if (document.blocks.empty()) {
    return;
  }
  const std::string_view head = document.blocks.front().text;
  const std::string_view mark = "日电";
  const size_t end = head.find(mark);
  if (end == std::string_view::npos || end > kMaxDateline * 3) {
    return;
  }
  const std::string_view dateline = head.substr(0, end + mark.size());
  const bool is_dateline = dateline.find("月") != std::string_view::npos &&
                           dateline.find("。") == std::string_view::npos &&
                           dateline.find("，") == std::string_view::npos;
  if (!is_dateline) {
    return;
  }
  document.post.dateline = dateline;
  std::string_view rest = text::TrimBlank(head.substr(dateline.size()));
  for (const auto& [open, close] : {std::pair{"（记者", "）"}, std::pair{"(记者", ")"}}) {
    const size_t stop = rest.find(close);
    if (rest.starts_with(open) && stop != std::string_view::npos && stop < kMaxAuthor * 6) {
      const size_t begin = std::string_view(open).size();
      AddAuthors(document, rest.substr(begin, stop - begin));
    }
  }
}

void DecideOriginalUrl(Document& document) {
  const auto take = [&](const std::string& text) {
    if (const auto url = Url::Parse(text); url && document.post.original_url.empty()) {
      document.post.original_url = url->given();
    }
  };
  if (!document.source_link.empty()) {
    take(document.source_link);
  }
  for (const Candidate& candidate : document.candidates.original_urls) {
    take(candidate.value);
  }
}

}  // namespace

Status Attribute(Document& document) {
  DecideTitle(document);
  DecideSummary(document);
  const Credit credit = ReadCredit(document.credit);
  DecidePublisher(document, credit);
  DecideAuthors(document, credit);
  ReadDateline(document);
  DecideOriginalUrl(document);
  ComposePost(document);
  return {};
}

}  // namespace newswire::steps
