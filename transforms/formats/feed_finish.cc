// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/formats/feed_raw.h"
#include "transforms/formats/markup.h"
#include "transforms/formats/web_date.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxNameBytes = 2'000;

std::string ToText(const RawText& raw) {
  switch (raw.kind) {
    case TextKind::kPlain:
      return PlainToText(raw.value);
    case TextKind::kGuess:
      return MarkupToText(raw.value, MarkupKind::kGuess);
    case TextKind::kHtml:
      break;
  }
  return MarkupToText(raw.value, MarkupKind::kHtml);
}

class Finisher {
 public:
  explicit Finisher(RawFeed raw) : raw_(std::move(raw)) {}

  Feed Run() && {
    Feed feed;
    feed.format = raw_.format;
    RawNode& head = raw_.head;
    feed.url = Resolve(head.url.value());
    SettleDocumentBase(feed.url);
    feed.url = Resolve(head.url.value());
    feed.title = ToText(head.title.value());
    feed.description = ToText(head.summary.set() ? head.summary.value() : head.content.value());
    feed.language = std::move(head.language.value());
    feed.rights = ToText(head.rights.value());
    feed.authors = Authors(head);
    feed.categories = std::move(head.categories);
    feed.updated_at = head.updated.value().time;
    if (!feed.updated_at) {
      feed.updated_at = head.published.value().time;
    }
    feed.ttl_minutes = Ttl();
    feed.damaged = std::move(raw_.damage);
    feed.entries.reserve(raw_.entries.size());
    for (RawNode& node : raw_.entries) {
      feed.entries.push_back(Entry(node));
    }
    return feed;
  }

 private:
  // Without a base of its own, a document's links belong to its site.
  void SettleDocumentBase(const std::string& feed_url) {
    LinkBase site(feed_url);
    if (!site.known()) {
      site = LinkBase(raw_.self_url);
    }
    for (LinkBase& base : raw_.bases) {
      if (!base.known()) {
        base = site;
      }
    }
  }

  std::string Resolve(const RawUrl& url) const { return raw_.bases[url.base].Resolve(url.value); }

  std::string ToHtml(RawText& raw) const {
    const LinkBase& base = raw_.bases[raw.base];
    if (raw.kind == TextKind::kHtml ||
        (raw.kind == TextKind::kGuess && LooksLikeMarkup(raw.value))) {
      return AbsolutizeMarkup(std::move(raw.value), base);
    }
    std::string html;
    AppendEscaped(raw.value, false, html);
    return html;
  }

  // One text is both.
  void SetLoneBody(RawText& body, FeedEntry& entry) const {
    if (body.kind == TextKind::kHtml) {
      TextAndMarkup both = ReadMarkup(std::move(body.value), raw_.bases[body.base]);
      entry.summary = std::move(both.text);
      entry.content = std::move(both.markup);
    } else {
      entry.summary = ToText(body);
      entry.content = ToHtml(body);
    }
  }

  static std::vector<std::string> Authors(RawNode& node) {
    std::vector<std::string> names;
    for (const AuthorGroup group : {AuthorGroup::kAuthor, AuthorGroup::kPodcast,
                                    AuthorGroup::kSource, AuthorGroup::kFallback}) {
      for (RawAuthor& author : node.authors) {
        if (author.group == group && std::ranges::find(names, author.name) == names.end()) {
          names.push_back(author.name);
        }
      }
      if (!names.empty()) {
        break;
      }
    }
    // A bare address beside a name is that person's, as a rule.
    const auto is_address = [](const std::string& name) {
      return name.find('@') != std::string::npos && name.find(' ') == std::string::npos;
    };
    if (std::ranges::any_of(names, [&](const std::string& name) { return !is_address(name); })) {
      std::erase_if(names, is_address);
    }
    return names;
  }

  FeedEntry Entry(RawNode& node) const {
    FeedEntry entry;
    entry.id = std::move(node.id.value());
    entry.url = Resolve(node.url.value());
    const bool counted = entry.url.find("feedproxy.") != std::string::npos ||
                         entry.url.find("feedburner.com") != std::string::npos;
    if (!node.original_link.empty() && (entry.url.empty() || counted)) {
      entry.url = raw_.bases[0].Resolve(node.original_link);
    }
    entry.title = ToText(node.title.value());
    RawText& summary = node.summary.value();
    RawText& content = node.content.value();
    if (node.summary.set() && node.content.set()) {
      entry.summary = ToText(summary);
      entry.content = ToHtml(content);
    } else {
      SetLoneBody(node.summary.set() ? summary : content, entry);
    }
    entry.rights = ToText(node.rights.value());
    entry.authors = Authors(node);
    entry.categories = std::move(node.categories);
    entry.language = std::move(node.language.value());
    entry.published_at = node.published.value().time;
    entry.published_raw = std::move(node.published.value().written);
    entry.updated_at = node.updated.value().time;
    entry.updated_raw = std::move(node.updated.value().written);
    for (RawEnclosure& raw : node.enclosures) {
      std::string url = Resolve(raw.url);
      const auto known = std::ranges::find(entry.enclosures, url, &Enclosure::url);
      if (known == entry.enclosures.end()) {
        entry.enclosures.push_back(
            {.url = std::move(url), .type = std::move(raw.type), .length = raw.length});
        continue;
      }
      if (known->type.empty()) {
        known->type = std::move(raw.type);
      }
      if (!known->length) {
        known->length = raw.length;
      }
    }
    return entry;
  }

  // RSS ttl, or the period of the syndication module divided by its frequency.
  std::optional<uint32_t> Ttl() const {
    if (raw_.ttl_minutes) {
      return raw_.ttl_minutes;
    }
    if (raw_.update_period.empty() && raw_.update_frequency.empty()) {
      return std::nullopt;
    }
    constexpr uint32_t kHour = 60, kDay = 24 * kHour;
    uint32_t period = kDay;  // the module's default
    const std::string name = text::ToLowerAscii(text::TrimBlank(raw_.update_period));
    if (name == "hourly") {
      period = kHour;
    } else if (name == "weekly") {
      period = 7 * kDay;
    } else if (name == "monthly") {
      period = 30 * kDay;
    } else if (name == "yearly") {
      period = 365 * kDay;
    } else if (!name.empty() && name != "daily") {
      return std::nullopt;
    }
    uint32_t frequency = 1;
    const std::string_view written = text::TrimBlank(raw_.update_frequency);
    std::from_chars(written.data(), written.data() + written.size(), frequency);
    return std::max<uint32_t>(1, period / std::max<uint32_t>(1, frequency));
  }

  RawFeed raw_;
};

// Takes the first address out of `name`: what it stands between or beside goes with it.
void RemoveAddress(std::string& name) {
  const size_t at = name.find('@');
  if (at == std::string::npos) {
    return;
  }
  constexpr std::string_view kEdges = " \t\r\n<>()[],;:\"'";
  const size_t before = name.find_last_of(kEdges, at);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  const size_t end = std::min(name.find_first_of(kEdges, at), name.size());
  if (begin < at && end > at + 1) {
    name.erase(begin, end - begin);
  }
}

void EraseAll(std::string& name, std::string_view what) {
  for (size_t at = name.find(what); at != std::string::npos; at = name.find(what)) {
    name.erase(at, what.size());
  }
}

}  // namespace

RawDate ReadDate(std::string_view written) {
  const std::string_view trimmed = text::TrimBlank(written);
  return {.time = ParseWebDate(trimmed), .written = std::string(trimmed)};
}

std::string PersonName(std::string_view written) {
  const std::string whole =
      MarkupToText(text::TruncateToBytes(written, kMaxNameBytes), MarkupKind::kGuess);
  if (whole.find('@') == std::string::npos) {
    return whole;
  }
  std::string name = whole;
  EraseAll(name, "mailto:");
  RemoveAddress(name);
  EraseAll(name, "()");
  EraseAll(name, "<>");
  EraseAll(name, "[]");
  name = text::CollapseBlank(name);
  if (name.size() > 2 && name.front() == '(' && name.back() == ')') {
    name = text::CollapseBlank(std::string_view(name).substr(1, name.size() - 2));
  }
  while (!name.empty() && (name.back() == ',' || name.back() == '-' || name.back() == ' ')) {
    name.pop_back();
  }
  if (name.size() > 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  if (name.empty() || name.find('@') != std::string::npos) {
    return whole;
  }
  return name;
}

Feed FinishFeed(RawFeed raw) { return Finisher(std::move(raw)).Run(); }

}  // namespace newswire::formats
