// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include <arpa/inet.h>
#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include "transforms/text/utf8.h"

namespace newswire {
namespace {

constexpr size_t kMaxLength = 8192;
constexpr size_t kMaxHost = 253;

std::unexpected<Error> TooLong() {
  return Fail(ErrorKind::kMalformed, "URL longer than 8192 bytes");
}

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSlash(char c) { return c == '/' || c == '\\'; }

int HexValue(char c) {
  if (IsDigit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsUnreserved(uint8_t c) {  // RFC 3986 section 2.3
  return IsAlpha(static_cast<char>(c)) || IsDigit(static_cast<char>(c)) || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void AppendPercent(uint8_t byte, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out.push_back('%');
  out.push_back(kDigits[byte >> 4]);
  out.push_back(kDigits[byte & 15]);
}

bool MustEncode(uint8_t c, std::string_view also) {
  return c <= 0x20 || c >= 0x7F || also.find(static_cast<char>(c)) != std::string_view::npos;
}

// A character as it is. A lone `%` before it, which is left alone elsewhere, is encoded where the
// two of them would now read as an escape.
void AppendPlain(char c, std::string& out) {
  out.push_back(c);
  const size_t size = out.size();
  if (size >= 3 && out[size - 3] == '%' && HexValue(out[size - 2]) >= 0 && HexValue(c) >= 0) {
    out.insert(size - 2, "25");
  }
}

// Percent-encoding normalised: unreserved characters decoded, hexadecimal in upper case; what may
// not stand in a path is encoded, bytes that are not UTF-8 as they are.
void AppendPath(std::string_view path, std::string& out) {
  for (size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<uint8_t>(path[i]);
    if (c == '%' && i + 2 < path.size() && HexValue(path[i + 1]) >= 0 &&
        HexValue(path[i + 2]) >= 0) {
      const auto byte = static_cast<uint8_t>(HexValue(path[i + 1]) * 16 + HexValue(path[i + 2]));
      if (IsUnreserved(byte)) {
        AppendPlain(static_cast<char>(byte), out);
      } else {
        AppendPercent(byte, out);
      }
      i += 2;
    } else if (MustEncode(c, "\"<>`{}|^")) {
      AppendPercent(c, out);
    } else {
      AppendPlain(path[i], out);
    }
  }
}

void AppendQuery(std::string_view query, std::string& out) {
  for (const char byte : query) {
    const auto c = static_cast<uint8_t>(byte);
    if (MustEncode(c, "\"<>")) {
      AppendPercent(c, out);
    } else {
      out.push_back(byte);
    }
  }
}

// `.` and `%2e` alike (WHATWG).
enum class Dots { kNone, kOne, kTwo };
Dots DotsOf(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    if (segment[0] == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' &&
               (segment[2] | 0x20) == 'e') {
      segment.remove_prefix(3);
    } else {
      return Dots::kNone;
    }
    ++dots;
  }
  return dots == 1 ? Dots::kOne : dots == 2 ? Dots::kTwo : Dots::kNone;
}

// RFC 3986 section 5.2.4, on a path that starts with `/`.
std::string RemoveDotSegments(std::string_view path) {
  if (path.find("/.") == std::string_view::npos && path.find("/%2") == std::string_view::npos) {
    return std::string(path);
  }
  std::string out;
  out.reserve(path.size());
  size_t at = 0;
  while (at < path.size()) {
    const size_t next = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = path.substr(at + 1, next - at - 1);
    const bool last = next == path.size();
    switch (DotsOf(segment)) {
      case Dots::kNone:
        out.append(path.substr(at, next - at));
        break;
      case Dots::kOne:
        if (last) {
          out.push_back('/');
        }
        break;
      case Dots::kTwo:
        out.resize(out.empty() ? 0 : out.rfind('/'));
        if (last) {
          out.push_back('/');
        }
        break;
    }
    at = next;
  }
  if (out.empty()) {
    out.push_back('/');
  }
  return out;
}

// A number of an IPv4 address as browsers read it: decimal, octal or hexadecimal.
std::optional<uint64_t> ReadIpv4Number(std::string_view text) {
  int base = 10;
  if (text.size() >= 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
    base = 16;
    text.remove_prefix(2);
    if (text.empty()) {
      return 0;
    }
  } else if (text.size() >= 2 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> SplitLabels(std::string_view host) {
  std::vector<std::string_view> labels;
  while (true) {
    const size_t dot = host.find('.');
    labels.push_back(host.substr(0, dot));
    if (dot == std::string_view::npos) {
      return labels;
    }
    host.remove_prefix(dot + 1);
  }
}

// WHATWG URL, "ends in a number": then it is an IPv4 address or nothing.
bool EndsInNumber(std::string_view host) {
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) {
    return false;
  }
  return std::ranges::all_of(last, IsDigit) ||
         (last.starts_with("0x") && ReadIpv4Number(last).has_value());
}

std::optional<std::string> CanonicalIpv4(std::string_view host) {
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  const std::vector<std::string_view> parts = SplitLabels(host);
  if (parts.size() > 4) {
    return std::nullopt;
  }
  uint64_t address = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto number = ReadIpv4Number(parts[i]);
    const bool last = i + 1 == parts.size();
    const uint64_t limit = last ? uint64_t{1} << (8 * (5 - parts.size())) : 256;
    if (!number || *number >= limit) {
      return std::nullopt;
    }
    address |= last ? *number : *number << (8 * (3 - i));
  }
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string((address >> shift) & 255);
    if (shift > 0) {
      out.push_back('.');
    }
  }
  return out;
}

std::optional<std::string> CanonicalIpv6(std::string_view host) {
  in6_addr address{};
  const std::string inner(host.substr(1, host.size() - 2));
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(AF_INET6, inner.c_str(), &address) != 1 ||
      inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) {
    return std::nullopt;
  }
  return "[" + std::string(text.data()) + "]";
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// UTS #46, not transitional.
std::optional<std::string> ToAsciiHost(std::string_view host) {
  UErrorCode status = U_ZERO_ERROR;
  static const std::unique_ptr<const icu::IDNA> idna(icu::IDNA::createUTS46Instance(
      UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ, status));
  if (idna == nullptr || !text::IsValidUtf8(host)) {
    return std::nullopt;
  }
  status = U_ZERO_ERROR;
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  icu::IDNAInfo info;
  idna->nameToASCII_UTF8(icu::StringPiece(host.data(), static_cast<int32_t>(host.size())), sink,
                         info, status);
  constexpr uint32_t kForgiven = UIDNA_ERROR_HYPHEN_3_4 | UIDNA_ERROR_LEADING_HYPHEN |
                                 UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_EMPTY_LABEL;
  if (U_FAILURE(status) || (info.getErrors() & ~kForgiven) != 0) {
    return std::nullopt;
  }
  return out;
}

Result<std::string> CanonicalHost(std::string_view host) {
  if (host.empty()) {
    return Fail(ErrorKind::kMalformed, "URL without a host");
  }
  if (host.front() == '[') {
    const auto address = host.back() == ']' ? CanonicalIpv6(host) : std::nullopt;
    if (!address) {
      return Fail(ErrorKind::kMalformed, "URL with a malformed IPv6 address");
    }
    return *address;
  }
  std::string name =
      host.find('%') == std::string_view::npos ? std::string(host) : PercentDecode(host);
  const bool ascii = std::ranges::all_of(name, [](char c) { return (c & 0x80) == 0; });
  if (!ascii) {
    const auto converted = ToAsciiHost(name);
    if (!converted) {
      return Fail(ErrorKind::kMalformed, "URL with an invalid international host name");
    }
    name = *converted;
  }
  name = text::ToLowerAscii(name);
  const bool forbidden = std::ranges::any_of(name, [](char c) {
    return c <= 0x20 || c == 0x7F ||
           std::string_view("#/:<>?@[\\]^|%\"").find(c) != std::string_view::npos;
  });
  if (forbidden || name.empty() || name.size() > kMaxHost + 1) {
    return Fail(ErrorKind::kMalformed, "URL with an invalid host");
  }
  if (EndsInNumber(name)) {
    const auto address = CanonicalIpv4(name);
    if (!address) {
      return Fail(ErrorKind::kMalformed, "URL with a malformed IPv4 address");
    }
    return *address;
  }
  return name;
}

// White space at the ends and tabs and newlines inside removed.
std::string Clean(std::string_view text) {
  text = text::TrimBlank(text);
  while (!text.empty() && static_cast<uint8_t>(text.front()) <= 0x20) {
    text.remove_prefix(1);
  }
  while (!text.empty() && static_cast<uint8_t>(text.back()) <= 0x20) {
    text.remove_suffix(1);
  }
  std::string out(text);
  std::erase_if(out, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  return out;
}

// "http" of "HTTP://…", lower case; empty when there is no scheme.
std::string SchemeOf(std::string_view text) {
  if (text.empty() || !IsAlpha(text[0])) {
    return {};
  }
  for (size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':') {
      return text::ToLowerAscii(text.substr(0, i));
    }
    if (!IsAlpha(c) && !IsDigit(c) && c != '+' && c != '-' && c != '.') {
      return {};
    }
  }
  return {};
}

// A reference cut into its parts; none is decoded.
struct Parts {
  std::string_view path, query, fragment;
  bool has_query = false, has_fragment = false;
};

Parts Split(std::string_view text) {
  Parts parts;
  const size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  const size_t mark = text.find('?');
  if (mark != std::string_view::npos) {
    parts.has_query = true;
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  parts.path = text;
  return parts;
}

std::string SlashesForward(std::string_view path) {
  std::string out(path);
  std::ranges::replace(out, '\\', '/');
  return out;
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  if (text.size() > 2 * kMaxLength) {
    return TooLong();
  }
  Url url;
  url.given_ = Clean(text);
  const std::string_view given = url.given_;
  if (given.size() > kMaxLength) {
    return TooLong();
  }
  const std::string scheme = SchemeOf(given);
  if (scheme != "http" && scheme != "https" && scheme != "file") {
    return Fail(ErrorKind::kMalformed,
                scheme.empty() ? "not an absolute URL" : "URL scheme is not http, https or file");
  }
  const bool file = scheme == "file";
  size_t at = scheme.size() + 1;
  size_t slashes = 0;
  while (at < given.size() && IsSlash(given[at]) && (!file || slashes < 2)) {
    ++at;
    ++slashes;
  }
  std::string_view rest = given.substr(at);
  url.canonical_.reserve(given.size() + 8);
  url.canonical_ = scheme + "://";
  url.host_begin_ = static_cast<uint32_t>(url.canonical_.size());
  url.host_end_ = url.host_begin_;
  if (!file || slashes == 2) {
    const size_t end = std::min(rest.find_first_of("/\\?#"), rest.size());
    std::string_view authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (authority.find('@') != std::string_view::npos) {
      return Fail(ErrorKind::kMalformed, "URL with a user name");
    }
    if (file) {
      if (!authority.empty() && !text::EqualsIgnoreAsciiCase(authority, "localhost")) {
        return Fail(ErrorKind::kMalformed, "file URL with a host");
      }
    } else {
      const uint16_t default_port = scheme == "https" ? 443 : 80;
      url.port_ = default_port;
      const size_t colon = authority.rfind(':');
      const size_t bracket = authority.rfind(']');
      if (colon != std::string_view::npos &&
          (bracket == std::string_view::npos || colon > bracket)) {
        const std::string_view port = authority.substr(colon + 1);
        authority = authority.substr(0, colon);
        if (!port.empty()) {
          const auto [stop, error] =
              std::from_chars(port.data(), port.data() + port.size(), url.port_);
          if (error != std::errc{} || stop != port.data() + port.size()) {
            return Fail(ErrorKind::kMalformed, "URL with an invalid port");
          }
        }
      }
      const Result<std::string> host = CanonicalHost(authority);
      if (!host) {
        return std::unexpected(host.error());
      }
      url.canonical_ += *host;
      url.host_end_ = static_cast<uint32_t>(url.canonical_.size());
      if (url.port_ != default_port) {
        url.canonical_ += ":" + std::to_string(url.port_);
      }
    }
  }
  const Parts parts = Split(rest);
  std::string path = SlashesForward(parts.path);
  if (path.empty() || path[0] != '/') {
    path.insert(path.begin(), '/');
  }
  url.path_begin_ = static_cast<uint32_t>(url.canonical_.size());
  AppendPath(RemoveDotSegments(path), url.canonical_);
  url.query_begin_ = static_cast<uint32_t>(url.canonical_.size());
  if (parts.has_query) {
    url.canonical_.push_back('?');
    AppendQuery(parts.query, url.canonical_);
  }
  if (url.canonical_.size() > kMaxLength) {
    return TooLong();
  }
  return url;
}

Result<Url> Url::Resolve(const Url& base, std::string_view reference) {
  if (reference.size() > 2 * kMaxLength) {
    return TooLong();
  }
  const std::string cleaned = Clean(reference);
  std::string_view text = cleaned;
  const std::string scheme = SchemeOf(text);
  if (!scheme.empty()) {
    // `http:path` is relative to a base of the same scheme, as in browsers.
    const bool relative = scheme == base.scheme() && scheme != "file" &&
                          (text.size() <= scheme.size() + 1 || !IsSlash(text[scheme.size() + 1]));
    if (!relative) {
      return Parse(text);
    }
    text.remove_prefix(scheme.size() + 1);
  }
  if (text.size() >= 2 && IsSlash(text[0]) && IsSlash(text[1])) {
    return Parse(std::string(base.scheme()) + ":" + std::string(text));
  }
  const Parts parts = Split(text);
  std::string target(base.canonical_, 0, base.path_begin_);
  std::string path = SlashesForward(parts.path);
  if (path.empty()) {
    target += base.path();
    if (parts.has_query) {
      target.push_back('?');
      target += parts.query;
    } else {
      target.append(base.canonical_, base.query_begin_);
    }
  } else {
    if (path[0] != '/') {
      const std::string_view folder = base.path();
      path.insert(0, folder.substr(0, folder.rfind('/') + 1));
    }
    target += RemoveDotSegments(path);
    if (parts.has_query) {
      target.push_back('?');
      target += parts.query;
    }
  }
  if (parts.has_fragment) {
    target.push_back('#');
    target += parts.fragment;
  }
  return Parse(target);
}

std::string_view Url::scheme() const {
  return std::string_view(canonical_).substr(0, canonical_.find(':'));
}

std::string_view Url::host() const {
  return std::string_view(canonical_).substr(host_begin_, host_end_ - host_begin_);
}

std::string Url::origin() const { return canonical_.substr(0, path_begin_); }

std::string_view Url::path() const {
  return std::string_view(canonical_).substr(path_begin_, query_begin_ - path_begin_);
}

std::string_view Url::path_and_query() const {
  return std::string_view(canonical_).substr(path_begin_);
}

std::string_view Url::query() const {
  return query_begin_ < canonical_.size() ? std::string_view(canonical_).substr(query_begin_ + 1)
                                          : std::string_view();
}

}  // namespace newswire
