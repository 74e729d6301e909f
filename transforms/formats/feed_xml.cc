// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_xml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "transforms/formats/feed_names.h"
#include "transforms/formats/feed_text.h"
#include "transforms/formats/markup.h"
#include "transforms/formats/xml_reader.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxEntries = 10'000;
constexpr size_t kUsualEntries = 32;
constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxBases = 1'000;
constexpr size_t kMaxValues = 1'000;  // authors, categories, enclosures of one entry, each

bool IsAtom(Vocabulary vocabulary) {
  return vocabulary == Vocabulary::kAtom03 || vocabulary == Vocabulary::kAtom10;
}

FeedFormat RssFormat(std::string_view version) {
  version = text::TrimBlank(version);
  if (version.starts_with('2')) {
    return FeedFormat::kRss20;
  }
  if (version == "0.90" || version == "0.9") {
    return FeedFormat::kRss090;
  }
  if (version == "0.91") {
    return FeedFormat::kRss091;
  }
  if (version == "0.92") {
    return FeedFormat::kRss092;
  }
  return version == "0.94" ? FeedFormat::kRss094 : FeedFormat::kRss;
}

FeedFormat AtomFormat(Vocabulary vocabulary, std::string_view version) {
  const bool old =
      vocabulary == Vocabulary::kAtom03 ||
      (vocabulary != Vocabulary::kAtom10 && text::TrimBlank(version).starts_with("0."));
  return old ? FeedFormat::kAtom03 : FeedFormat::kAtom10;
}

std::optional<uint64_t> ReadLength(std::string_view written) {
  written = text::TrimBlank(written);
  uint64_t length = 0;
  const auto [end, error] =
      std::from_chars(written.data(), written.data() + written.size(), length);
  if (error != std::errc() || end != written.data() + written.size()) {
    return std::nullopt;
  }
  return length;
}

class FeedHandler final : public XmlHandler {
 public:
  explicit FeedHandler(const LinkBase& base) : document_base_(base) { Restart(); }

  void Restart() override;
  void StartElement(const XmlName& name, const XmlAttributes& attributes) override;
  void EndElement(const XmlName& name) override;
  void Characters(std::string_view text) override {
    if (text_.open()) {
      text_.Characters(text);
    } else if (person_depth_ != 0) {
      person_.text += text;
    }
  }
  void Cut() override { cut_ = true; }
  bool done() const override { return done_; }

  // An RDF document without a channel says something else.
  bool is_feed() const {
    return is_feed_ &&
           (has_channel_ || !feed_.entries.empty() || (feed_.format != FeedFormat::kRss10));
  }
  const std::string& root() const { return root_; }
  RawFeed Take() && { return std::move(feed_); }

 private:
  struct Frame {
    FeedName name;
    uint32_t base = 0;
    uint32_t language = 0;  // in languages_
  };
  struct Person {
    AuthorGroup group = AuthorGroup::kAuthor;
    std::string name, mail, text;
  };

  Frame Inherit(const XmlAttributes& attributes);
  bool StartRoot(const XmlName& name, const Frame& frame, const XmlAttributes& attributes);
  void StartChild(const XmlName& name, const Frame& frame, const XmlAttributes& attributes);
  void StartChannel(const XmlName& name, const Frame& frame);
  void StartEntry(const Frame& frame, const XmlAttributes& attributes);
  static void OfferHref(const Frame& frame, const XmlAttributes& attributes, RawNode& node) {
    if (const std::string_view href = attributes.Get("href"); !href.empty()) {
      node.url.Offer(0, {std::string(href), frame.base});
    }
  }
  void StartLink(const Frame& frame, const XmlAttributes& attributes);
  void StartCategory(const Frame& frame, const XmlAttributes& attributes);
  void StartContent(const Frame& frame, const XmlAttributes& attributes);
  void AddEnclosure(const Frame& frame, std::string_view url, std::string_view type,
                    std::string_view length);
  void AddAuthor(std::string name, AuthorGroup group);
  void AddCategory(std::string_view text);
  void OpenText(const Frame& frame, const XmlAttributes& attributes, TextKind otherwise);
  void CloseText();
  void CloseDate(const FeedName& name, std::string_view written);
  void ClosePerson();
  void CloseEntry();
  void Damage(std::string why) {
    feed_.damage = std::move(why);
    done_ = true;
  }

  const LinkBase& document_base_;
  FeedNames names_;
  RawFeed feed_;
  std::string root_;
  std::vector<Frame> frames_;
  std::vector<std::string> languages_;
  FeedText text_;
  std::string category_term_;
  bool guid_is_link_ = false;
  RawNode* node_ = nullptr;  // what is being filled: the head, an entry, or a source in it
  RawNode source_;
  Person person_;
  // Depth of the element that made the state; 0: not in that state.
  size_t entry_depth_ = 0, source_depth_ = 0, person_depth_ = 0, ignored_depth_ = 0;
  bool is_feed_ = false, has_channel_ = false, cut_ = false, done_ = false;
};

void FeedHandler::Restart() {
  names_.Clear();
  feed_ = RawFeed{};
  feed_.entries.reserve(kUsualEntries);
  feed_.bases = {document_base_};
  frames_.clear();
  languages_ = {""};
  text_ = FeedText{};
  node_ = &feed_.head;
  source_ = RawNode{};
  entry_depth_ = source_depth_ = person_depth_ = ignored_depth_ = 0;
  is_feed_ = has_channel_ = cut_ = done_ = false;
}

// xml:base and xml:lang hold for the element and all inside it.
FeedHandler::Frame FeedHandler::Inherit(const XmlAttributes& attributes) {
  Frame frame;
  if (!frames_.empty()) {
    frame.base = frames_.back().base;
    frame.language = frames_.back().language;
  }
  for (int i = 0; i < attributes.size(); ++i) {
    const XmlAttributes::Attribute attribute = attributes.at(i);
    if (attribute.prefix != "xml") {
      continue;
    }
    if (attribute.local == "base" && feed_.bases.size() < kMaxBases) {
      feed_.bases.push_back(feed_.bases[frame.base].Nested(attribute.value));
      frame.base = static_cast<uint32_t>(feed_.bases.size() - 1);
    } else if (attribute.local == "lang") {
      if (languages_.back() != attribute.value) {
        languages_.emplace_back(text::TrimBlank(attribute.value));
      }
      frame.language = static_cast<uint32_t>(languages_.size() - 1);
    }
  }
  return frame;
}

void FeedHandler::StartElement(const XmlName& name, const XmlAttributes& attributes) {
  if (frames_.size() >= kMaxDepth) {
    Damage(fmt::format("elements are nested deeper than {} levels", kMaxDepth));
    return;
  }
  if (ignored_depth_ != 0) {
    frames_.emplace_back();
    return;
  }
  Frame frame = Inherit(attributes);
  if (text_.open()) {
    frames_.push_back(frame);
    text_.StartElement(name, attributes, frame.base, feed_.bases);
    return;
  }
  if (frames_.empty()) {
    names_.SetRoot(name);
  }
  frame.name = names_.Find(name);
  frames_.push_back(frame);
  if (frames_.size() == 1) {
    is_feed_ = StartRoot(name, frame, attributes);
    done_ = !is_feed_;
    return;
  }
  StartChild(name, frame, attributes);
}

bool FeedHandler::StartRoot(const XmlName& name, const Frame& frame,
                            const XmlAttributes& attributes) {
  root_ = name.local;
  if (const std::string& language = languages_[frame.language]; !language.empty()) {
    feed_.head.language.Offer(2, language);
  }
  switch (frame.name.element) {
    case FeedElement::kRss:
      feed_.format = RssFormat(attributes.Get("version"));
      return true;
    case FeedElement::kRdf:
      feed_.format = FeedFormat::kRss10;
      return true;
    case FeedElement::kFeed:
      feed_.format = AtomFormat(frame.name.vocabulary, attributes.Get("version"));
      return true;
    case FeedElement::kEntry:
      feed_.format = AtomFormat(frame.name.vocabulary, attributes.Get("version"));
      if (!IsAtom(frame.name.vocabulary)) {
        return false;
      }
      StartEntry(frame, attributes);
      return true;
    case FeedElement::kChannel: {
      feed_.format = attributes.Has("href") || attributes.Has("lastmod") ||
                             (attributes.Has("self") && name.uri == nullptr)
                         ? FeedFormat::kCdf
                         : FeedFormat::kRss;
      OfferHref(frame, attributes, feed_.head);
      if (attributes.Has("lastmod")) {
        feed_.head.updated.Offer(0, ReadDate(attributes.Get("lastmod")));
      }
      return true;
    }
    default:
      return false;
  }
}

void FeedHandler::StartChild(const XmlName& name, const Frame& frame,
                             const XmlAttributes& attributes) {
  const bool rss = !IsAtom(frame.name.vocabulary);
  switch (frame.name.element) {
    case FeedElement::kEntry:
      if (entry_depth_ == 0) {
        StartEntry(frame, attributes);
      } else {
        ignored_depth_ = frames_.size();
      }
      return;
    case FeedElement::kChannel:
      StartChannel(name, frame);
      return;
    case FeedElement::kRss:
    case FeedElement::kRdf:
    case FeedElement::kFeed:
    case FeedElement::kTransparent:
      return;
    case FeedElement::kSource:
      if (entry_depth_ == 0 || source_depth_ != 0) {
        ignored_depth_ = frames_.size();
        return;
      }
      source_ = RawNode{};
      node_ = &source_;
      source_depth_ = frames_.size();
      return;
    case FeedElement::kPerson:
    case FeedElement::kContributor:
      if (person_depth_ != 0) {
        ignored_depth_ = frames_.size();
        return;
      }
      person_ = Person{};
      person_.group = frame.name.element == FeedElement::kPerson ? AuthorGroup::kAuthor
                                                                 : AuthorGroup::kFallback;
      person_depth_ = frames_.size();
      return;
    case FeedElement::kPersonName:
    case FeedElement::kPersonMail:
      if (person_depth_ == 0) {
        ignored_depth_ = frames_.size();
        return;
      }
      OpenText(frame, {nullptr, 0}, TextKind::kGuess);
      return;
    case FeedElement::kLink:
      StartLink(frame, attributes);
      return;
    case FeedElement::kCategory:
      StartCategory(frame, attributes);
      return;
    case FeedElement::kEnclosure: {
      std::string_view url = attributes.Get("url");
      if (url.empty()) {
        url = attributes.Get("resource", "rdf");
      }
      AddEnclosure(frame, url.empty() ? attributes.Get("href") : url, attributes.Get("type"),
                   attributes.Get("length"));
      ignored_depth_ = frames_.size();
      return;
    }
    case FeedElement::kMediaContent:
      AddEnclosure(frame, attributes.Get("url"), attributes.Get("type"),
                   attributes.Get("fileSize"));
      return;
    case FeedElement::kId:
      guid_is_link_ =
          rss && frame.name.rank == 0 &&
          !text::EqualsIgnoreAsciiCase(text::TrimBlank(attributes.Get("isPermaLink")), "false");
      OpenText(frame, {nullptr, 0}, TextKind::kPlain);
      return;
    case FeedElement::kContent:
      StartContent(frame, attributes);
      return;
    case FeedElement::kTitle:
    case FeedElement::kRights:
      OpenText(frame, attributes, rss ? TextKind::kGuess : TextKind::kPlain);
      return;
    case FeedElement::kSummary:
      OpenText(frame, attributes,
               !rss                                               ? TextKind::kPlain
               : frame.name.vocabulary == Vocabulary::kMedia      ? TextKind::kGuess
               : frame.name.vocabulary == Vocabulary::kDublinCore ? TextKind::kGuess
                                                                  : TextKind::kHtml);
      return;
    case FeedElement::kPersonUri:
    case FeedElement::kHtml:
    case FeedElement::kUnknown:
      ignored_depth_ = frames_.size();
      return;
    default:
      OpenText(frame, {nullptr, 0}, TextKind::kGuess);
  }
}

void FeedHandler::StartChannel(const XmlName& name, const Frame& frame) {
  has_channel_ = true;
  if (feed_.format == FeedFormat::kRss10 && name.uri != nullptr &&
      std::string_view(name.uri).find("simple/0.9") != std::string_view::npos) {
    feed_.format = FeedFormat::kRss090;
  }
  if (const std::string& language = languages_[frame.language]; !language.empty()) {
    feed_.head.language.Offer(3, language);
  }
}

void FeedHandler::StartEntry(const Frame& frame, const XmlAttributes& attributes) {
  if (feed_.entries.size() >= kMaxEntries) {
    Damage(fmt::format("more than {} entries: the rest was not read", kMaxEntries));
    return;
  }
  node_ = &feed_.entries.emplace_back();
  RawNode& entry = *node_;
  entry_depth_ = frames_.size();
  if (frame.language != 0 && !languages_[frame.language].empty()) {
    entry.language.Offer(2, languages_[frame.language]);
  }
  if (attributes.empty()) {
    return;
  }
  if (const std::string_view about = attributes.Get("about", "rdf"); !about.empty()) {
    entry.id.Offer(2, std::string(about));
    entry.url.Offer(6, {std::string(about), frame.base});
  }
  if (feed_.format == FeedFormat::kCdf) {
    OfferHref(frame, attributes, entry);
    if (attributes.Has("lastmod")) {
      entry.updated.Offer(0, ReadDate(attributes.Get("lastmod")));
    }
  }
}

// Atom's link says what it is by attributes; RSS's holds the URL. Feeds mix them.
void FeedHandler::StartLink(const Frame& frame, const XmlAttributes& attributes) {
  if (attributes.empty()) {
    OpenText(frame, attributes, TextKind::kPlain);
    return;
  }
  const std::string_view href = text::TrimBlank(attributes.Get("href"));
  if (href.empty()) {
    OpenText(frame, {nullptr, 0}, TextKind::kPlain);
    return;
  }
  std::string rel = text::ToLowerAscii(text::TrimBlank(attributes.Get("rel")));
  constexpr std::string_view kRegistry = "http://www.iana.org/assignments/relation/";
  if (rel.starts_with(kRegistry)) {
    rel.erase(0, kRegistry.size());
  }
  const std::string type = text::ToLowerAscii(text::TrimBlank(attributes.Get("type")));
  ignored_depth_ = frames_.size();
  if (rel == "enclosure") {
    AddEnclosure(frame, href, type, attributes.Get("length"));
    return;
  }
  if (rel == "self" && node_ == &feed_.head && feed_.self_url.empty()) {
    feed_.self_url = feed_.bases[frame.base].Resolve(href);
  }
  if (!rel.empty() && rel != "alternate") {
    return;
  }
  const bool page = type.empty() || type.find("html") != std::string::npos;
  const std::string_view language = attributes.Get("hreflang");
  const bool foreign = !language.empty() && frame.language != 0 &&
                       !text::EqualsIgnoreAsciiCase(language, languages_[frame.language]);
  // In RSS the element's own text comes first.
  const auto rank = static_cast<uint8_t>((page ? 1 : 3) + (foreign ? 1 : 0));
  node_->url.Offer(rank, {std::string(href), frame.base});
}

void FeedHandler::StartCategory(const Frame& frame, const XmlAttributes& attributes) {
  category_term_ = attributes.Get("term");
  if (category_term_.empty()) {
    category_term_ =
        attributes.Get(frame.name.vocabulary == Vocabulary::kPodcast ? "text" : "label");
  }
  if (frame.name.vocabulary == Vocabulary::kPodcast) {
    AddCategory(category_term_);  // categories of podcasts are nested
    return;
  }
  OpenText(frame, {nullptr, 0}, TextKind::kGuess);
}

void FeedHandler::StartContent(const Frame& frame, const XmlAttributes& attributes) {
  const bool atom = IsAtom(frame.name.vocabulary);
  const std::string_view source = atom ? attributes.Get("src") : std::string_view();
  const std::string type = text::ToLowerAscii(attributes.Get("type"));
  if (type.starts_with("multipart/")) {
    return;  // Atom 0.3: alternatives inside
  }
  if (!source.empty()) {
    ignored_depth_ = frames_.size();
    node_->url.Offer(7, {std::string(source), frame.base});
    if (!type.empty() && !type.starts_with("text") && type.find("html") == std::string::npos) {
      AddEnclosure(frame, source, type, {});
    }
    return;
  }
  OpenText(frame, attributes, atom ? TextKind::kPlain : TextKind::kHtml);
}

void FeedHandler::AddEnclosure(const Frame& frame, std::string_view url, std::string_view type,
                               std::string_view length) {
  url = text::TrimBlank(url);
  if (!url.empty() && node_->enclosures.size() < kMaxValues) {
    node_->enclosures.push_back({.url = {std::string(url), frame.base},
                                 .type = std::string(text::TrimBlank(type)),
                                 .length = ReadLength(length)});
  }
}

void FeedHandler::AddAuthor(std::string name, AuthorGroup group) {
  if (!name.empty() && node_->authors.size() < kMaxValues) {
    node_->authors.push_back({.name = std::move(name), .group = group});
  }
}

void FeedHandler::AddCategory(std::string_view text) {
  std::string category = MarkupToText(text, MarkupKind::kGuess);
  std::vector<std::string>& all = node_->categories;
  if (!category.empty() && all.size() < kMaxValues &&
      std::ranges::find(all, category) == all.end()) {
    all.push_back(std::move(category));
  }
}

void FeedHandler::OpenText(const Frame& frame, const XmlAttributes& attributes,
                           TextKind otherwise) {
  text_.Open(frames_.size(), attributes, otherwise, frame.name.vocabulary, frame.base);
}

void FeedHandler::EndElement(const XmlName&) {
  if (frames_.empty()) {
    return;
  }
  const size_t depth = frames_.size();
  if (ignored_depth_ != 0) {
    ignored_depth_ = ignored_depth_ == depth ? 0 : ignored_depth_;
  } else if (text_.open()) {
    if (text_.depth() == depth) {
      CloseText();
    } else {
      text_.EndElement(depth);
    }
  } else if (person_depth_ == depth) {
    ClosePerson();
  } else if (source_depth_ == depth) {
    source_depth_ = 0;
    node_ = &feed_.entries.back();
    for (RawAuthor& author : source_.authors) {
      AddAuthor(std::move(author.name), AuthorGroup::kSource);
    }
  } else if (entry_depth_ == depth) {
    CloseEntry();
  }
  frames_.pop_back();
}

void FeedHandler::CloseText() {
  const Frame& frame = frames_.back();
  const FeedName& name = frame.name;
  std::optional<RawText> finished = text_.Close();
  if (!finished || cut_) {
    return;
  }
  RawText& raw = *finished;
  raw.base = frame.base;
  switch (name.element) {
    case FeedElement::kTitle:
    case FeedElement::kSummary:
    case FeedElement::kContent:
    case FeedElement::kRights: {
      if (text::TrimBlank(raw.value).empty()) {
        return;
      }
      if (name.element == FeedElement::kTitle) {
        node_->title.Offer(name.rank, std::move(raw));
      } else if (name.element == FeedElement::kSummary) {
        node_->summary.Offer(name.rank, std::move(raw));
      } else if (name.element == FeedElement::kRights) {
        node_->rights.Offer(name.rank, std::move(raw));
      } else {
        // Of an Atom 0.3 entry's several contents, markup says more than plain text.
        const uint8_t plain = raw.kind == TextKind::kPlain ? 1 : 0;
        node_->content.Offer(static_cast<uint8_t>(name.rank + plain), std::move(raw));
      }
      return;
    }
    case FeedElement::kPersonName:
      person_.name = MarkupToText(raw.value, MarkupKind::kGuess);
      return;
    case FeedElement::kPersonMail:
      person_.mail = text::TrimBlank(raw.value);
      return;
    default:
      break;
  }
  const std::string_view value = text::TrimBlank(raw.value);
  switch (name.element) {
    case FeedElement::kCategory:
      AddCategory(category_term_.empty() ? value : std::string_view(category_term_));
      return;
    case FeedElement::kKeywords:
      for (size_t at = 0; at <= value.size();) {
        const size_t comma = std::min(value.find(',', at), value.size());
        AddCategory(value.substr(at, comma - at));
        at = comma + 1;
      }
      return;
    case FeedElement::kPersonText:
      AddAuthor(PersonName(value), name.rank == 0 ? AuthorGroup::kAuthor : AuthorGroup::kPodcast);
      return;
    case FeedElement::kTtl:
      if (const auto minutes = ReadLength(value); minutes && *minutes <= UINT32_MAX) {
        feed_.ttl_minutes = static_cast<uint32_t>(*minutes);
      }
      return;
    case FeedElement::kUpdatePeriod:
      feed_.update_period = value;
      return;
    case FeedElement::kUpdateFrequency:
      feed_.update_frequency = value;
      return;
    default:
      break;
  }
  if (value.empty()) {
    return;
  }
  switch (name.element) {
    case FeedElement::kLink:
      node_->url.Offer(IsAtom(name.vocabulary) ? 5 : 0, {std::string(value), frame.base});
      return;
    case FeedElement::kId:
      if (guid_is_link_ && (value.starts_with("http") || value.starts_with('/'))) {
        node_->url.Offer(5, {std::string(value), frame.base});
      }
      node_->id.Offer(name.rank, std::string(value));
      return;
    case FeedElement::kLanguage:
      node_->language.Offer(name.rank, std::string(value));
      return;
    case FeedElement::kOriginalLink:
      node_->original_link = value;
      return;
    default:
      CloseDate(name, value);
  }
}

// A date that cannot be read gives way to any that can.
void FeedHandler::CloseDate(const FeedName& name, std::string_view written) {
  constexpr uint8_t kUnreadable = 100, kLastResort = 10;
  RawDate date = ReadDate(written);
  const auto rank = static_cast<uint8_t>(name.rank + (date.time ? 0 : kUnreadable));
  if (name.element == FeedElement::kPublished) {
    node_->published.Offer(rank, std::move(date));
  } else if (name.element == FeedElement::kUpdated) {
    node_->updated.Offer(rank, std::move(date));
  } else if (name.element == FeedElement::kEitherDate) {
    node_->published.Offer(static_cast<uint8_t>(rank + kLastResort), date);
    node_->updated.Offer(static_cast<uint8_t>(rank + 2), std::move(date));
  }
}

void FeedHandler::ClosePerson() {
  person_depth_ = 0;
  if (cut_) {
    return;
  }
  std::string name = person_.name.empty() ? PersonName(person_.text) : PersonName(person_.name);
  AddAuthor(name.empty() ? std::move(person_.mail) : std::move(name), person_.group);
}

void FeedHandler::CloseEntry() {
  entry_depth_ = 0;
  node_ = &feed_.head;
  const RawNode& entry = feed_.entries.back();
  const bool readable = entry.id.set() || entry.url.set() || entry.title.set() ||
                        entry.summary.set() || entry.content.set();
  if (cut_ && !readable) {
    feed_.entries.pop_back();
  }
}

}  // namespace

Result<RawFeed> ReadXmlFeed(std::string_view text, const LinkBase& base) {
  FeedHandler handler(base);
  XmlOutcome outcome = ReadXml(text, handler);
  if (!outcome.any_element) {
    return Fail(ErrorKind::kMalformed, "not a feed: no XML element");
  }
  if (!handler.is_feed()) {
    return Fail(ErrorKind::kMalformed, fmt::format("not a feed: the root element is <{}>",
                                                   text::TruncateToBytes(handler.root(), 100)));
  }
  RawFeed feed = std::move(handler).Take();
  if (feed.damage.empty()) {
    feed.damage = std::move(outcome.damage);
  }
  return feed;
}

}  // namespace newswire::formats
