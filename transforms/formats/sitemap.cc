// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/sitemap.h"

#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "transforms/formats/feed.h"
#include "transforms/formats/link_base.h"
#include "transforms/formats/sitemap_bytes.h"
#include "transforms/formats/web_date.h"
#include "transforms/formats/xml_reader.h"
#include "transforms/text/charset.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxEntries = 50'000;
constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxFieldBytes = size_t{64} << 10;

std::string TooMany() {
  return fmt::format("more than {} entries: the rest was not read", kMaxEntries);
}

// What the element means; its namespace matters little, its place does.
enum class Field : uint8_t {
  kOther,
  kEntry,
  kUrl,
  kLastmod,
  kNews,
  kNewsTitle,
  kNewsDate,
  kPublication,
  kPublicationName,
  kLanguage,
};

class SitemapHandler final : public XmlHandler {
 public:
  explicit SitemapHandler(const LinkBase& base) : base_(base) {}

  void Restart() override {
    path_.clear();
    root_.clear();
    sitemap_ = Sitemap{};
    entry_ = SitemapEntry{};
    known_ = cut_ = done_ = false;
  }

  void StartElement(const XmlName& name, const XmlAttributes&) override {
    if (path_.size() >= kMaxDepth) {
      sitemap_.damaged = fmt::format("elements are nested deeper than {} levels", kMaxDepth);
      done_ = true;
      return;
    }
    value_.clear();
    if (path_.empty()) {
      StartRoot(name);
      return;
    }
    path_.push_back(FieldOf(name));
    if (path_.back() == Field::kEntry) {
      if (sitemap_.entries.size() >= kMaxEntries) {
        sitemap_.damaged = TooMany();
        done_ = true;
      }
      entry_ = SitemapEntry{};
    } else if (path_.back() == Field::kNews) {
      entry_.news.emplace();
    }
  }

  void Characters(std::string_view text) override {
    if (!path_.empty() && path_.back() != Field::kOther && value_.size() < kMaxFieldBytes) {
      value_ += text;
    }
  }

  void EndElement(const XmlName&) override {
    if (path_.empty()) {
      return;
    }
    const Field field = path_.back();
    path_.pop_back();
    if (field == Field::kEntry) {
      // Cut in the middle, an entry with a whole URL still says where a page is.
      if (!entry_.url.empty()) {
        sitemap_.entries.push_back(std::move(entry_));
      }
      entry_ = SitemapEntry{};
    } else if (!cut_) {
      Set(field);
    }
    value_.clear();
  }

  void Cut() override { cut_ = true; }
  bool done() const override { return done_; }

  bool known() const { return known_; }
  const std::string& root() const { return root_; }
  Sitemap Take() && { return std::move(sitemap_); }

 private:
  void StartRoot(const XmlName& name) {
    root_ = text::ToLowerAscii(name.local);
    known_ = root_ == "urlset" || root_ == "sitemapindex";
    done_ = !known_;
    sitemap_.kind = root_ == "sitemapindex" ? SitemapKind::kIndex : SitemapKind::kUrlset;
    path_.push_back(Field::kOther);
  }

  Field FieldOf(const XmlName& name) const {
    const std::string local = text::ToLowerAscii(name.local);
    if (path_.size() == 1) {
      return local == "url" || local == "sitemap" ? Field::kEntry : Field::kOther;
    }
    switch (path_.back()) {
      case Field::kEntry:
        if (local == "loc") {
          return Field::kUrl;
        }
        return local == "lastmod" ? Field::kLastmod
               : local == "news"  ? Field::kNews
                                  : Field::kOther;
      case Field::kNews:
        if (local == "title") {
          return Field::kNewsTitle;
        }
        return local == "publication_date" ? Field::kNewsDate
               : local == "publication"    ? Field::kPublication
               : local == "language"       ? Field::kLanguage
                                           : Field::kOther;
      case Field::kPublication:
        return local == "name"       ? Field::kPublicationName
               : local == "language" ? Field::kLanguage
                                     : Field::kOther;
      default:
        return Field::kOther;
    }
  }

  void Set(Field field) {
    const std::string_view value = text::TrimBlank(value_);
    if (value.empty()) {
      return;
    }
    switch (field) {
      case Field::kUrl:
        if (entry_.url.empty()) {
          entry_.url = base_.Resolve(value);
        }
        return;
      case Field::kLastmod:
        entry_.lastmod = ParseWebDate(value);
        return;
      case Field::kNewsTitle:
        entry_.news->title = text::CollapseBlank(value);
        return;
      case Field::kNewsDate:
        entry_.news->published_at = ParseWebDate(value);
        return;
      case Field::kPublicationName:
        entry_.news->publication = text::CollapseBlank(value);
        return;
      case Field::kPublication:
        if (entry_.news->publication.empty()) {
          entry_.news->publication = text::CollapseBlank(value);
        }
        return;
      case Field::kLanguage:
        entry_.news->language = value;
        return;
      default:
        return;
    }
  }

  const LinkBase& base_;
  Sitemap sitemap_;
  SitemapEntry entry_;
  std::string value_, root_;
  std::vector<Field> path_;
  bool known_ = false, cut_ = false, done_ = false;
};

bool IsWebUrl(std::string_view line) {
  const std::string start = text::ToLowerAscii(line.substr(0, 8));
  return start.starts_with("http://") || start.starts_with("https://");
}

// One URL a line (sitemaps.org, "Text file").
Result<Sitemap> ReadLines(std::string_view text, const LinkBase& base) {
  Sitemap sitemap{.kind = SitemapKind::kText, .entries = {}, .damaged = {}};
  size_t others = 0;
  while (!text.empty() && sitemap.damaged.empty()) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text::TrimBlank(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) {
      continue;
    }
    if (!IsWebUrl(line) || line.find(' ') != std::string_view::npos) {
      ++others;
    } else if (sitemap.entries.size() == kMaxEntries) {
      sitemap.damaged = TooMany();
    } else {
      sitemap.entries.push_back({.url = base.Resolve(line), .lastmod = {}, .news = {}});
    }
  }
  if (sitemap.entries.empty() || others > sitemap.entries.size()) {
    return Fail(ErrorKind::kMalformed, "not a sitemap: neither XML nor one URL a line");
  }
  if (others != 0 && sitemap.damaged.empty()) {
    sitemap.damaged =
        fmt::format("{} of {} lines are no URLs", others, others + sitemap.entries.size());
  }
  return sitemap;
}

// RSS and Atom are allowed as sitemaps (sitemaps.org, "Syndication feed").
Result<Sitemap> ReadFeed(std::string_view text, std::string_view base_url) {
  auto feed = ParseFeed(text, {}, base_url);
  if (!feed) {
    return std::unexpected(std::move(feed.error()));
  }
  Sitemap sitemap{.kind = SitemapKind::kUrlset, .entries = {}, .damaged = std::move(feed->damaged)};
  for (FeedEntry& entry : feed->entries) {
    if (!entry.url.empty()) {
      sitemap.entries.push_back(
          {.url = std::move(entry.url),
           .lastmod = entry.updated_at ? entry.updated_at : entry.published_at,
           .news = {}});
    }
  }
  return sitemap;
}

Result<Sitemap> ReadXmlSitemap(std::string_view text, std::string_view base_url,
                               const LinkBase& base) {
  SitemapHandler handler(base);
  XmlOutcome outcome = ReadXml(text, handler);
  if (!handler.known()) {
    const std::string& root = handler.root();
    if (root == "rss" || root == "feed" || root == "rdf") {
      return ReadFeed(text, base_url);
    }
    return Fail(ErrorKind::kMalformed, outcome.any_element
                                           ? fmt::format("not a sitemap: the root element is <{}>",
                                                         text::TruncateToBytes(root, 100))
                                           : std::string("not a sitemap: no XML element"));
  }
  Sitemap sitemap = std::move(handler).Take();
  if (sitemap.damaged.empty()) {
    sitemap.damaged = std::move(outcome.damage);
  }
  return sitemap;
}

}  // namespace

std::string_view Name(SitemapKind kind) {
  switch (kind) {
    case SitemapKind::kUrlset:
      return "urlset";
    case SitemapKind::kIndex:
      return "index";
    case SitemapKind::kText:
      return "text";
  }
  return "urlset";
}

Result<Sitemap> ParseSitemap(std::string_view bytes, std::string_view base_url) {
  UnpackedSitemap unpacked;
  if (IsGzip(bytes)) {
    unpacked = Gunzip(bytes);
    bytes = unpacked.bytes;
  } else if (bytes.size() > kMaxSitemapBytes) {
    unpacked.damage = "more than 50 MiB: the rest was not read";
    bytes = bytes.substr(0, kMaxSitemapBytes);
  }
  const text::DecodedText decoded = text::DecodeText(bytes, {});
  const std::string_view text = text::TrimBlank(decoded.text);
  if (text.empty()) {
    return Fail(ErrorKind::kMalformed, unpacked.damage.empty()
                                           ? std::string("not a sitemap: nothing in it")
                                           : "not a sitemap: " + unpacked.damage);
  }
  const LinkBase base(base_url);
  const bool xml = text[0] == '<' || text.find("<urlset") != std::string_view::npos ||
                   text.find("<sitemapindex") != std::string_view::npos;
  // The last line of a cut text may be half a URL.
  const size_t whole = unpacked.damage.empty() ? text.size() : text.find_last_of("\r\n") + 1;
  auto sitemap =
      xml ? ReadXmlSitemap(text, base_url, base) : ReadLines(text.substr(0, whole), base);
  if (!sitemap) {
    return sitemap;
  }
  if (!unpacked.damage.empty()) {
    sitemap->damaged = unpacked.damage;
  }
  if (sitemap->entries.empty() && !sitemap->damaged.empty()) {
    return Fail(ErrorKind::kMalformed, "not a readable sitemap: " + sitemap->damaged);
  }
  return sitemap;
}

}  // namespace newswire::formats
