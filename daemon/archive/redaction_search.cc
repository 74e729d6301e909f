// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/redaction_search.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "transforms/formats/feed.h"
#include "transforms/steps/decode.h"
#include "transforms/text/charset.h"
#include "transforms/text/content_encoding.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxListBytes = size_t{50} << 20;
constexpr size_t kShortestTitle = 4;  // bytes; shorter ones would be found everywhere
// How often progress is told.
constexpr uint64_t kTellEvery = uint64_t{16} << 20;  // bytes
constexpr uint64_t kTellEveryCaptures = 256;

std::string LinkOf(const Capture& capture) {
  return capture.metadata.link.empty() ? capture.url : capture.metadata.link;
}

bool HoldsBody(const Capture& capture) {
  return !capture.body.empty() &&
         (capture.kind == CaptureKind::kResponse || capture.kind == CaptureKind::kResource);
}

// The body without its content encoding; as it is where that cannot be undone.
std::string DecodedBody(const Capture& capture) {
  const auto encoding = FindHeader(capture.headers, "Content-Encoding").value_or("");
  auto decoded = text::DecodeContent(capture.body, encoding, {.max_bytes = kMaxListBytes});
  return decoded ? *std::move(decoded) : std::string(capture.body);
}

// What of a link is the same however a page writes it: path and query.
std::string_view PathOf(std::string_view url) {
  const size_t host = url.find("//");
  const size_t path = host == std::string_view::npos ? 0 : url.find('/', host + 2);
  return path == std::string_view::npos ? url : url.substr(path);
}

}  // namespace

RedactionSearch::RedactionSearch(std::filesystem::path dir,
                                 std::set<std::string, std::less<>> posts)
    : dir_(std::move(dir)), posts_(std::move(posts)) {}

Status RedactionSearch::ReadTo(Position end, const std::stop_token& stop,
                               const SearchProgress& progress) {
  if (read_to_ >= end) {
    return {};
  }
  auto reader = Reader::OpenArchive(dir_, read_to_, [end] { return end; });
  if (!reader) {
    return std::unexpected(reader.error());
  }
  uint64_t told = 0;
  while (true) {
    if (stop.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped before anything was changed");
    }
    Result<std::optional<Item>> item = (*reader)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      break;
    }
    if (const auto* info = std::get_if<WarcInfo>(&**item)) {
      if (info->sources != governing_->sources) {
        governing_ = std::make_shared<const WarcInfo>(*info);
        ids_.Govern(*governing_);
      }
    } else if (const auto* capture = std::get_if<Capture>(&**item)) {
      Take(*capture, *(*reader)->controls());
    }
    const Position at = (*reader)->position();
    if (progress && at.value() / kTellEvery != told) {
      told = at.value() / kTellEvery;
      progress(at);
    }
  }
  read_to_ = end;
  return {};
}

void RedactionSearch::Take(const Capture& capture, const Controls& controls) {
  const Pipeline* pipeline = ids_.PipelineOf(capture);
  if (pipeline == nullptr) {
    return;
  }
  const Position position = capture.address.position;
  const bool quarantined = controls.Find(ControlKind::kQuarantine, position) != nullptr;
  if (capture.metadata.role == CaptureRole::kPost) {
    TakePost(capture, *pipeline, quarantined);
  } else if (HoldsBody(capture) && capture.metadata.role != CaptureRole::kRobots) {
    later_.push_back({.position = position,
                      .role = capture.metadata.role,
                      .governing = governing_,
                      .quarantined = quarantined});
  }
}

void RedactionSearch::TakePost(const Capture& capture, const Pipeline& pipeline, bool quarantined) {
  if (pipeline.source().id_policy != IdPolicy::kOriginalUrl) {
    // The link alone tells, whatever was answered.
    const std::string post =
        PostIdFromLink(pipeline.source(), LinkOf(capture), capture.metadata.entry);
    if (posts_.contains(post)) {
      Learn(post, capture, pipeline, quarantined);
      Hold(capture, governing_, quarantined).blanking.whole = true;
    }
    return;
  }
  Transformed transformed;
  if (!quarantined) {
    transformed = pipeline.Run(capture);
  }
  for (const Post& post : transformed.posts) {
    if (posts_.contains(post.id)) {
      Learn(post.id, capture, pipeline, quarantined);
      Hold(capture, governing_, quarantined).blanking.whole = true;
    }
  }
  if (transformed.posts.empty()) {
    without_post_.push_back({.position = capture.address.position,
                             .role = CaptureRole::kPost,
                             .governing = governing_,
                             .quarantined = quarantined});
  }
}

void RedactionSearch::AddWords(const LinkEntry& entry) {
  if (entry.title.size() >= kShortestTitle) {
    titles_.insert(entry.title);
  }
}

void RedactionSearch::Learn(const std::string& post, const Capture& capture,
                            const Pipeline& pipeline, bool quarantined) {
  met_.insert(post);
  links_.emplace(capture.metadata.source, LinkOf(capture));
  AddWords(capture.metadata.entry);
  if (!quarantined && HoldsBody(capture)) {
    for (const Post& one : pipeline.Run(capture).posts) {
      if (one.title.size() >= kShortestTitle) {
        titles_.insert(one.title);
      }
    }
  }
}

HoldingCapture& RedactionSearch::Hold(const Capture& capture,
                                      const std::shared_ptr<const WarcInfo>& governing,
                                      bool quarantined) {
  HoldingCapture& held = found_[capture.address.position];
  held.address = capture.address;
  held.kind = capture.kind;
  held.role = capture.metadata.role;
  held.source = capture.metadata.source;
  held.url = capture.url;
  held.governing = governing;
  held.quarantined = quarantined;
  return held;
}

bool RedactionSearch::NamesALink(std::string_view source, std::string_view text) const {
  return std::ranges::any_of(links_, [&](const auto& link) {
    const std::string_view path = PathOf(link.second);
    return link.first == source && path.size() > 1 && text.find(path) != std::string_view::npos;
  });
}

// The numbers of the entries that are one of the posts.
std::set<uint32_t> RedactionSearch::EntriesIn(const Capture& capture, const Pipeline& pipeline,
                                              std::string_view body, bool& readable) {
  std::set<uint32_t> numbers;
  const auto feed = formats::ParseFeed(body, steps::ContentTypeOf(capture), capture.url);
  readable = feed.has_value();
  if (!feed) {
    return numbers;
  }
  const Source& source = pipeline.source();
  for (uint32_t number = 0; number < feed->entries.size(); ++number) {
    const formats::FeedEntry& entry = feed->entries[number];
    LinkEntry link;
    link.id = entry.id;
    const std::string post = PostIdFromLink(source, entry.url, link);
    if (posts_.contains(post)) {
      met_.insert(post);
    } else if (!links_.contains({source.id, entry.url})) {
      continue;
    }
    links_.emplace(source.id, entry.url);
    link.title = entry.title;
    AddWords(link);
    numbers.insert(number);
  }
  if (source.id_policy == IdPolicy::kOriginalUrl) {  // only the document tells
    for (const Post& post : pipeline.Run(capture).posts) {
      if (posts_.contains(post.id)) {
        met_.insert(post.id);
        links_.emplace(source.id, post.url);
        numbers.insert(post.document);
      }
    }
  }
  return numbers;
}

void RedactionSearch::LookIntoFeed(const Capture& capture, const Pipeline& pipeline,
                                   const Later& later) {
  const std::string body = DecodedBody(capture);
  bool readable = false;
  std::set<uint32_t> entries;
  if (!later.quarantined && capture.truncated.empty()) {
    entries = EntriesIn(capture, pipeline, body, readable);
  }
  if (!entries.empty()) {
    Hold(capture, later.governing, later.quarantined).blanking.entries = std::move(entries);
  } else if (!readable && NamesALink(capture.metadata.source, body)) {
    Hold(capture, later.governing, later.quarantined).blanking.whole = true;
  }
}

// A listing or sitemap gives no event; with a title in it, it goes whole.
void RedactionSearch::LookIntoList(const Capture& capture, const Later& later) {
  const std::string body = DecodedBody(capture);
  if (!NamesALink(capture.metadata.source, body)) {
    return;
  }
  const std::string words = text::DecodeText(body, steps::ContentTypeOf(capture)).text;
  const bool named = std::ranges::any_of(
      titles_, [&](const std::string& title) { return words.find(title) != std::string::npos; });
  if (named) {
    Hold(capture, later.governing, later.quarantined).blanking.whole = true;
  }
}

Result<std::vector<HoldingCapture>> RedactionSearch::Finish(const std::stop_token& stop,
                                                            const SearchProgress& progress) {
  uint64_t looked = 0;
  // Pages first: they say where a post is fetched; feeds before listings: they say its title.
  const auto look = [&](const std::vector<Later>& all, bool feeds) -> Status {
    for (const Later& later : all) {
      if ((later.role == CaptureRole::kFeed) != feeds) {
        continue;
      }
      if (stop.stop_requested()) {
        return Fail(ErrorKind::kCancelled, "stopped before anything was changed");
      }
      if (progress && ++looked % kTellEveryCaptures == 0) {
        progress(later.position);
      }
      const auto capture = ReadCaptureAt(dir_, later.position);
      if (!capture) {
        return std::unexpected(capture.error());
      }
      ids_.Govern(*later.governing);
      const Pipeline* pipeline = ids_.PipelineOf(*capture);
      if (feeds && pipeline != nullptr) {
        LookIntoFeed(*capture, *pipeline, later);
      } else if (later.role == CaptureRole::kPost) {
        if (links_.contains({capture->metadata.source, LinkOf(*capture)})) {
          Hold(*capture, later.governing, later.quarantined).blanking.whole = true;
        }
      } else if (!feeds) {
        LookIntoList(*capture, later);
      }
    }
    return {};
  };
  for (const auto& [all, feeds] :
       {std::pair(&later_, true), std::pair(&without_post_, false), std::pair(&later_, false)}) {
    if (Status status = look(*all, feeds); !status) {
      return std::unexpected(status.error());
    }
  }
  std::vector<HoldingCapture> found;
  found.reserve(found_.size());
  for (auto& [position, held] : found_) {
    found.push_back(std::move(held));
  }
  return found;
}

}  // namespace newswire::archive
