// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/capture_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/folder.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxSerialDigits = 8;

constexpr std::array kKinds = {
    std::pair{CaptureKind::kResponse, std::string_view("response")},
    std::pair{CaptureKind::kResource, std::string_view("resource")},
    std::pair{CaptureKind::kRevisit, std::string_view("revisit")},
    std::pair{CaptureKind::kGone, std::string_view("gone")},
};
constexpr std::array kRoles = {CaptureRole::kFeed, CaptureRole::kSitemap, CaptureRole::kListing,
                               CaptureRole::kRobots, CaptureRole::kPost};

std::optional<uint32_t> SerialFromText(std::string_view text) {
  if (const std::optional<uint32_t> serial = SerialOf(text)) {
    return serial;
  }
  uint32_t serial = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), serial);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && text.size() <= kMaxSerialDigits && serial <= Position::kMaxSerial
             ? std::optional(serial)
             : std::nullopt;
}

}  // namespace

bool MatchesUrl(std::string_view pattern, std::string_view url) {
  if (pattern.find('*') == std::string_view::npos) {
    return url.find(pattern) != std::string_view::npos;
  }
  size_t at = 0;
  bool first = true;
  while (true) {
    const size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos) {
      return url.size() - at >= piece.size() && url.ends_with(piece);
    }
    const size_t found =
        first ? (url.starts_with(piece) ? 0 : std::string_view::npos) : url.find(piece, at);
    if (found == std::string_view::npos) {
      return false;
    }
    at = found + piece.size();
    first = false;
    pattern.remove_prefix(star + 1);
  }
}

std::string_view Name(CaptureKind kind) {
  return std::ranges::find(kKinds, kind, [](const auto& k) { return k.first; })->second;
}

std::optional<CaptureKind> CaptureKindFromName(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, [](const auto& k) { return k.second; });
  return found == kKinds.end() ? std::nullopt : std::optional(found->first);
}

std::optional<CaptureRole> CaptureRoleFromName(std::string_view name) {
  const auto* found =
      std::ranges::find(kRoles, name, [](CaptureRole r) { return newswire::Name(r); });
  return found == kRoles.end() ? std::nullopt : std::optional(*found);
}

Result<Position> ParseBound(std::string_view text, bool upper) {
  if (const std::optional<Position> position = Position::FromHex(text);
      position && text.size() == position->ToHex().size()) {
    return *position;
  }
  if (const std::optional<uint32_t> serial = SerialFromText(text)) {
    return upper ? Position(*serial, Position::kMaxOffset) : Position(*serial, 0);
  }
  return Fail(ErrorKind::kConfig,
              fmt::format("'{}' is no position (16 hex digits), serial or segment name", text));
}

void PostIds::Govern(const WarcInfo& info) {
  if (info.sources != sources_) {
    sources_ = info.sources;
    pipelines_.clear();
  }
}

const Pipeline* PostIds::PipelineOf(const Capture& capture) {
  const std::string& id = capture.metadata.source;
  if (const auto found = pipelines_.find(id); found != pipelines_.end()) {
    return &found->second;
  }
  const auto source = std::ranges::find(sources_, id, &Source::id);
  if (source == sources_.end()) {
    return nullptr;
  }
  Result<Pipeline> pipeline = Pipeline::Create(*source);
  return pipeline ? &pipelines_.emplace(id, std::move(*pipeline)).first->second : nullptr;
}

std::vector<std::string> PostIds::Of(const Capture& capture) {
  const Pipeline* pipeline = PipelineOf(capture);
  if (pipeline == nullptr) {
    return {};
  }
  Transformed transformed = pipeline->Run(capture);
  if (redactions_ != nullptr) {
    redactions_->Apply(transformed);
  }
  std::vector<std::string> ids;
  ids.reserve(transformed.posts.size());
  for (const Post& post : transformed.posts) {
    ids.push_back(post.id);
  }
  if (ids.empty() && capture.metadata.role == CaptureRole::kPost &&
      !transformed.link_post_id.empty()) {
    ids.push_back(transformed.link_post_id);
  }
  return ids;
}

bool Matches(const CaptureFilter& filter, const Capture& capture, PostIds& ids) {
  const Position at = capture.address.position;
  if ((!filter.source.empty() && capture.metadata.source != filter.source) ||
      (filter.role && capture.metadata.role != *filter.role) ||
      (filter.kind && capture.kind != *filter.kind) ||
      (!filter.url.empty() && !MatchesUrl(filter.url, capture.url) &&
       !MatchesUrl(filter.url, capture.metadata.link)) ||
      (filter.since && capture.fetched_at < *filter.since) ||
      (filter.until && capture.fetched_at >= *filter.until) ||
      (filter.status && capture.http_status != *filter.status) ||
      (filter.from && at < *filter.from) || (filter.to && at >= *filter.to)) {
    return false;
  }
  if (filter.post.empty()) {
    return true;
  }
  const std::vector<std::string> found = ids.Of(capture);
  return std::ranges::find(found, filter.post) != found.end();
}

}  // namespace newswire::archive
