// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed.h"

#include <string>
#include <string_view>

#include "transforms/formats/feed_json.h"
#include "transforms/formats/feed_raw.h"
#include "transforms/formats/feed_xml.h"
#include "transforms/text/charset.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxFeedBytes = size_t{64} << 20;

// A copy is spared where the bytes are text already.
bool IsPlainUtf8(std::string_view bytes) {
  return !bytes.starts_with("\xEF\xBB\xBF") && bytes.find('\0') == std::string_view::npos &&
         text::IsValidUtf8(bytes);
}

}  // namespace

std::string_view Name(FeedFormat format) {
  switch (format) {
    case FeedFormat::kRss090:
      return "rss090";
    case FeedFormat::kRss091:
      return "rss091";
    case FeedFormat::kRss092:
      return "rss092";
    case FeedFormat::kRss094:
      return "rss094";
    case FeedFormat::kRss10:
      return "rss10";
    case FeedFormat::kRss20:
      return "rss20";
    case FeedFormat::kRss:
      return "rss";
    case FeedFormat::kAtom03:
      return "atom03";
    case FeedFormat::kAtom10:
      return "atom10";
    case FeedFormat::kJson1:
      return "json1";
    case FeedFormat::kJson11:
      return "json11";
    case FeedFormat::kCdf:
      return "cdf";
  }
  return "rss";
}

Result<Feed> ParseFeed(std::string_view bytes, std::string_view content_type,
                       std::string_view base_url) {
  if (bytes.size() > kMaxFeedBytes) {
    return Fail(ErrorKind::kMalformed, "not read: a feed of more than 64 MiB");
  }
  std::string decoded;
  std::string_view text = bytes;
  if (!IsPlainUtf8(bytes)) {
    decoded = text::DecodeText(bytes, content_type).text;
    text = decoded;
  }
  text = text::TrimBlank(text);
  if (text.empty()) {
    return Fail(ErrorKind::kMalformed, "not a feed: nothing in it");
  }
  const LinkBase base(base_url);
  auto raw = text[0] == '{' ? ReadJsonFeed(text, base) : ReadXmlFeed(text, base);
  if (!raw) {
    return std::unexpected(std::move(raw.error()));
  }
  return FinishFeed(std::move(*raw));
}

}  // namespace newswire::formats
