// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/http_block.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxHead = size_t{1} << 20;
constexpr size_t kMaxHeaders = 2000;
constexpr size_t kMaxChunkLine = 4096;
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kProtocols{
    {{"HTTP/1.0", "http/1.0"}, {"HTTP/1.1", "http/1.1"}, {"HTTP/2", "h2"}, {"HTTP/3", "h3"}}};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Takes the line at `at`, without its end; false at the end of `block`.
bool TakeLine(std::string_view block, size_t& at, std::string_view& line) {
  if (at >= block.size()) {
    return false;
  }
  const size_t newline = block.find('\n', at);
  const size_t end = newline == std::string_view::npos ? block.size() : newline;
  line = block.substr(at, end - at);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  at = newline == std::string_view::npos ? block.size() : newline + 1;
  return true;
}

void ParseHeaders(std::string_view block, size_t at, HttpHead& head) {
  std::string_view line;
  while (at < kMaxHead && TakeLine(block, at, line)) {
    if (line.empty()) {
      break;
    }
    if ((line.front() == ' ' || line.front() == '\t') && !head.headers.empty()) {
      head.headers.back().value.append(" ").append(Trim(line));
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || head.headers.size() == kMaxHeaders) {
      continue;  // no header; browsers skip it too
    }
    head.headers.push_back(
        {std::string(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  }
  head.length = at;
}

void AppendLine(std::string& out, std::string_view text) {
  const size_t begin = out.size();
  out.append(text);
  for (size_t i = begin; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') {
      out[i] = ' ';
    }
  }
}

}  // namespace

std::optional<HttpHead> ParseHttpResponse(std::string_view block) {
  size_t at = 0;
  std::string_view line;
  if (!block.starts_with("HTTP/") || !TakeLine(block.substr(0, kMaxHead), at, line)) {
    return std::nullopt;
  }
  const size_t space = line.find(' ');
  HttpHead head;
  head.protocol = line.substr(0, space);
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = Trim(line.substr(space));
  int status = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), status);
  if (error != std::errc{} || end == rest.data() || status < 0 || status > 999) {
    return std::nullopt;
  }
  head.status = status;
  ParseHeaders(block, at, head);
  return head;
}

std::optional<HttpHead> ParseHttpRequest(std::string_view block) {
  size_t at = 0;
  std::string_view line;
  if (!TakeLine(block.substr(0, kMaxHead), at, line)) {
    return std::nullopt;
  }
  const size_t space = line.rfind(' ');
  if (space == std::string_view::npos || !line.substr(space + 1).starts_with("HTTP/")) {
    return std::nullopt;
  }
  HttpHead head;
  head.protocol = line.substr(space + 1);
  ParseHeaders(block, at, head);
  return head;
}

std::string HttpHeadBytes(const Capture& capture) {
  std::string out =
      fmt::format("{} {:03} \r\n", capture.protocol == "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1",
                  std::clamp(capture.http_status, 0, 999));
  for (const HttpHeader& header : capture.headers) {
    if (text::EqualsIgnoreAsciiCase(header.name, "Transfer-Encoding")) {
      continue;
    }
    AppendLine(out, header.name);
    out.append(": ");
    AppendLine(out, header.value);
    out.append("\r\n");
  }
  out.append("\r\n");
  return out;
}

std::optional<Dechunked> Dechunk(std::string_view body) {
  Dechunked out;
  size_t at = 0;
  bool first = true;
  while (true) {
    const size_t newline = body.substr(0, at + kMaxChunkLine).find('\n', at);
    if (newline == std::string_view::npos) {
      out.whole = false;
      break;
    }
    const std::string_view line = Trim(body.substr(at, newline - at));
    uint64_t size = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    const std::string_view rest = Trim(line.substr(static_cast<size_t>(end - line.data())));
    if (error != std::errc{} || (!rest.empty() && rest.front() != ';')) {
      out.whole = false;
      break;
    }
    at = newline + 1;
    first = false;
    if (size == 0) {
      return out;  // trailers are dropped
    }
    const std::string_view chunk = body.substr(at, size);
    out.body.append(chunk);
    if (chunk.size() < size) {
      out.whole = false;
      break;
    }
    at += size;
    if (body.substr(at).starts_with("\r\n")) {
      at += 2;
    } else if (body.substr(at).starts_with("\n")) {
      at += 1;
    } else {
      out.whole = false;
      break;
    }
  }
  if (first) {
    return std::nullopt;
  }
  return out;
}

std::string_view WarcProtocol(std::string_view protocol) {
  for (const auto& [http, warc] : kProtocols) {
    if (http == protocol) {
      return warc;
    }
  }
  return {};
}

std::string_view ProtocolFromWarc(std::string_view warc_protocol) {
  for (const auto& [http, warc] : kProtocols) {
    if (warc == warc_protocol) {
      return http;
    }
  }
  return {};
}

}  // namespace newswire::archive
