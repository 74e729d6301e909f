// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/warc_record.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <sys/random.h>

#include "transforms/text/hash.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kVersion = "WARC/1.1";
constexpr size_t kMaxFields = 1000;
constexpr std::string_view kDigestPlace = "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// "WARC/" digits "." digits.
bool IsVersion(std::string_view line) {
  if (!line.starts_with("WARC/") || line.size() > 16) {
    return false;
  }
  line.remove_prefix(5);
  const size_t dot = line.find('.');
  const auto digits = [](std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  return dot != std::string_view::npos && digits(line.substr(0, dot)) &&
         digits(line.substr(dot + 1));
}

Result<uint64_t> BlockLength(const WarcRecord& record) {
  std::optional<uint64_t> length;
  for (const HttpHeader& field : record.fields) {
    if (!text::EqualsIgnoreAsciiCase(field.name, "Content-Length")) {
      continue;
    }
    uint64_t value = 0;
    const char* end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, value);
    if (error != std::errc{} || stop != end || (length && *length != value)) {
      return Fail(ErrorKind::kMalformed, "the record's Content-Length is no number");
    }
    length = value;
  }
  if (!length) {
    return Fail(ErrorKind::kMalformed, "the record has no Content-Length");
  }
  return *length;
}

std::optional<int> Digits(std::string_view& text, size_t count) {
  int value = 0;
  if (text.size() < count) {
    return std::nullopt;
  }
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string_view StripBrackets(std::string_view uri) {
  if (uri.size() >= 2 && uri.front() == '<' && uri.back() == '>') {
    uri = uri.substr(1, uri.size() - 2);
  }
  return uri;
}

std::string_view WarcRecord::Field(std::string_view name) const {
  return FindHeader(fields, name).value_or(std::string_view{});
}
std::string_view WarcRecord::id() const { return StripBrackets(Field("WARC-Record-ID")); }
std::string_view WarcRecord::target_uri() const { return StripBrackets(Field("WARC-Target-URI")); }

std::string WarcRecord::Bytes() const {
  std::string bytes = version + "\r\n";
  for (const HttpHeader& field : fields) {
    bytes.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  bytes.append("\r\n").append(block).append("\r\n\r\n");
  return bytes;
}

Result<std::optional<WarcHeader>> ParseWarcHeader(std::string_view text) {
  WarcHeader header;
  size_t at = 0;
  bool first = true;
  while (true) {
    const size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) {
      if (text.size() > kMaxRecordHeader) {
        return Fail(ErrorKind::kMalformed, "the record's header has no end");
      }
      constexpr std::string_view kStart = "WARC/";
      if (first && !text.starts_with(kStart.substr(0, text.size()))) {
        return Fail(ErrorKind::kMalformed, "no WARC record begins here");
      }
      return std::nullopt;
    }
    if (newline > kMaxRecordHeader) {
      return Fail(ErrorKind::kMalformed, "the record's header is too long");
    }
    const std::string_view raw = text.substr(at, newline - at);
    const std::string_view line = Trim(raw);
    at = newline + 1;
    if (first) {
      if (!IsVersion(line) || raw.front() != 'W') {
        return Fail(ErrorKind::kMalformed, "no WARC record begins here");
      }
      header.record.version = line;
      first = false;
      continue;
    }
    if (line.empty()) {
      break;
    }
    std::vector<HttpHeader>& fields = header.record.fields;
    if ((raw.front() == ' ' || raw.front() == '\t') && !fields.empty()) {
      fields.back().value.append(" ").append(line);
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || fields.size() == kMaxFields) {
      return Fail(ErrorKind::kMalformed, "the record's header holds a line that is no field");
    }
    fields.push_back(
        {std::string(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  }
  const Result<uint64_t> length = BlockLength(header.record);
  if (!length) {
    return std::unexpected(length.error());
  }
  header.header_length = at;
  header.block_length = *length;
  return header;
}

std::optional<UtcMillis> ParseWarcDate(std::string_view text) {
  const std::optional<int> year = Digits(text, 4);
  if (!year) {
    return std::nullopt;
  }
  // Month, day, hour, minute, second: each only after the one before, and after its separator.
  std::array<int, 5> parts{1, 1, 0, 0, 0};
  constexpr std::string_view kSeparators = "--T::";
  for (size_t i = 0; i < parts.size() && !text.empty() && text.front() != 'Z'; ++i) {
    const bool blank = kSeparators[i] == 'T' && Take(text, ' ');
    if (!blank && !Take(text, kSeparators[i])) {
      return std::nullopt;
    }
    const std::optional<int> part = Digits(text, 2);
    if (!part) {
      return std::nullopt;
    }
    parts[i] = *part;
  }
  int millis = 0;
  if (Take(text, '.')) {
    int scale = 100;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      millis += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
    }
  }
  Take(text, 'Z');
  const std::chrono::year_month_day day{std::chrono::year{*year},
                                        std::chrono::month{static_cast<unsigned>(parts[0])},
                                        std::chrono::day{static_cast<unsigned>(parts[1])}};
  if (!text.empty() || !day.ok() || parts[2] > 23 || parts[3] > 59 || parts[4] > 60) {
    return std::nullopt;
  }
  return UtcMillis{std::chrono::sys_days{day}} + std::chrono::hours{parts[2]} +
         std::chrono::minutes{parts[3]} + std::chrono::seconds{parts[4]} +
         std::chrono::milliseconds{millis};
}

std::string NewUuid() {
  std::array<uint8_t, 16> bytes{};
  size_t got = 0;
  while (got < bytes.size()) {  // never blocks long after boot; EINTR only
    const ssize_t n = getrandom(bytes.data() + got, bytes.size() - got, 0);
    got += n > 0 ? static_cast<size_t>(n) : 0;
  }
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = text::Hex(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string NewRecordId() { return "urn:uuid:" + NewUuid(); }

std::string Sha1Digest(std::string_view bytes) { return "sha1:" + text::Base32(text::Sha1(bytes)); }

RecordBuilder::RecordBuilder(std::string& out, std::string_view type, std::string_view record_id,
                             UtcMillis date)
    : out_(out) {
  out_.clear();
  out_.append(kVersion).append("\r\n");
  Field("WARC-Type", type);
  UriField("WARC-Record-ID", record_id);
  Field("WARC-Date", FormatUtcMillis(date));
}

RecordBuilder& RecordBuilder::Field(std::string_view name, std::string_view value) {
  out_.append(name).append(": ");
  const size_t begin = out_.size();
  out_.append(value);
  for (size_t i = begin; i < out_.size(); ++i) {
    const auto c = static_cast<unsigned char>(out_[i]);
    if (c < 0x20 || c == 0x7f) {
      out_[i] = ' ';
    }
  }
  out_.append("\r\n");
  return *this;
}

RecordBuilder& RecordBuilder::UriField(std::string_view name, std::string_view uri) {
  return Field(name, fmt::format("<{}>", uri));
}

void RecordBuilder::BeginBlock(uint64_t length) {
  out_.append("WARC-Block-Digest: ");
  digest_at_ = out_.size();
  out_.append(kDigestPlace).append("\r\n");
  Field("Content-Length", fmt::to_string(length));
  out_.append("\r\n");
  block_at_ = out_.size();
  out_.reserve(out_.size() + length + 4);
}

std::string_view RecordBuilder::block() const { return std::string_view(out_).substr(block_at_); }

void RecordBuilder::Finish() {
  out_.replace(digest_at_, kDigestPlace.size(), Sha1Digest(block()));
  out_.append("\r\n\r\n");
}

}  // namespace newswire::archive
