// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/url.h"
#include "transforms/pipeline.h"
#include "transforms/text/hash.h"
#include "transforms/text/pattern.h"
#include "transforms/text/utf8.h"

namespace newswire {
namespace {

constexpr size_t kNativeDigits = 18;
constexpr size_t kHashDigits = 16;
constexpr size_t kMaxPlainId = 64;  // longer guids, or with other characters, are hashed
constexpr size_t kDateDigits = 8;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string HashOf(std::string_view text) {
  return text::Hex(text::Sha256(text)).substr(0, kHashDigits);
}

// 18 digits that begin with a date, or NW and such 18 digits: the first site's own ids.
bool IsNativeId(std::string_view token) {
  if (token.starts_with("NW")) {
    token.remove_prefix(2);
  }
  if (token.size() != kNativeDigits || !std::ranges::all_of(token, IsDigit)) {
    return false;
  }
  const std::string_view month = token.substr(4, 2);
  const std::string_view day = token.substr(6, 2);
  return (token.starts_with("19") || token.starts_with("20")) && month >= "01" && month <= "12" &&
         day >= "01" && day <= "31";
}

// The last token of letters and digits that is a native id; empty without one.
std::string_view FindNativeId(std::string_view text) {
  std::string_view found;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsAlnum(text[end])) {
      ++end;
    }
    if (const std::string_view token = text.substr(at, end - at); IsNativeId(token)) {
      found = token;
    }
    at = end + 1;
  }
  return found;
}

std::string PercentDecode(std::string_view text) {
  const auto hex = [](char c) {
    return IsDigit(c)                               ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  size_t replaced = 0;
  return text::MakeValidUtf8(out, &replaced);
}

std::string_view WithoutQuery(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

// The last segment of a path that is not empty.
std::string_view LastSegment(std::string_view path) {
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path.substr(path.rfind('/') + 1);
}

// `2021-12-01-init.md` and `/sitenews/2021/12/01/init.html` -> `init`; `-2022….md` -> `2022…`.
std::string SlugOf(std::string_view url) {
  std::string_view path = WithoutQuery(url);
  std::string_view name = LastSegment(path);
  if (name == "index.html" || name == "index.htm") {
    path.remove_suffix(name.size());
    name = LastSegment(path);
  }
  for (const std::string_view extension : {".html", ".htm", ".md", ".markdown", ".txt"}) {
    if (name.size() > extension.size() && name.ends_with(extension)) {
      name.remove_suffix(extension.size());
      break;
    }
  }
  const bool dated = name.size() > 11 && name[4] == '-' && name[7] == '-' && name[10] == '-' &&
                     std::ranges::all_of(name.substr(0, 4), IsDigit) &&
                     std::ranges::all_of(name.substr(5, 2), IsDigit) &&
                     std::ranges::all_of(name.substr(8, 2), IsDigit);
  if (dated) {
    name.remove_prefix(kDateDigits + 3);
  } else if (name.size() > 1 && name.front() == '-') {  // the date was left out
    name.remove_prefix(1);
  }
  return PercentDecode(name);
}

// A native id in the last path segment, or the value of a parameter that names one.
std::string NativeIdOfUrl(std::string_view url) {
  if (const std::string_view id = FindNativeId(LastSegment(WithoutQuery(url))); !id.empty()) {
    return std::string(id);
  }
  const size_t mark = url.find('?');
  if (mark == std::string_view::npos) {
    return {};
  }
  std::string_view query = url.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::string key = text::ToLowerAscii(pair.substr(0, pair.find('=')));
    if (key == "infocode" || key == "id") {
      if (const std::string_view id = FindNativeId(pair.substr(pair.find('=') + 1)); !id.empty()) {
        return std::string(id);
      }
    }
  }
  return {};
}

std::string OfGuid(std::string_view guid) {
  guid = text::TrimBlank(guid);
  if (guid.empty()) {
    return {};
  }
  const bool plain = guid.size() <= kMaxPlainId && std::ranges::all_of(guid, [](char c) {
                       return IsAlnum(c) || c == '.' || c == '_' || c == '-';
                     });
  return plain ? std::string(guid) : HashOf(guid);
}

std::string OfCanonicalUrl(const std::string& url) {
  const auto parsed = Url::Parse(url);
  return parsed ? HashOf(parsed->canonical()) : std::string();
}

std::string ByPattern(const Source& source, const std::string& url) {
  const auto parsed = Url::Parse(url);
  const auto pattern = text::Pattern::Create(source.id_pattern);
  if (!parsed || !pattern) {
    return {};
  }
  return pattern->FirstGroup(parsed->canonical()).value_or("");
}

std::string FirstOf(std::initializer_list<std::string> ids) {
  for (const std::string& id : ids) {
    if (!id.empty()) {
      return id;
    }
  }
  return {};
}

std::string NativeId(const Source& source, const std::string& url, const LinkEntry& entry) {
  switch (source.id_policy) {
    case IdPolicy::kAuto:
      if (source.kind == SourceKind::kJekyll || source.kind == SourceKind::kFolder) {
        return FirstOf({SlugOf(url), OfGuid(entry.id)});
      }
      if (std::string id = NativeIdOfUrl(url); !id.empty()) {
        return id;
      }
      return FirstOf({OfCanonicalUrl(url), OfGuid(entry.id)});
    case IdPolicy::kUrl:
      return OfCanonicalUrl(url);
    case IdPolicy::kGuid:
      return FirstOf({OfGuid(entry.id), OfCanonicalUrl(url)});
    case IdPolicy::kPattern:
      return FirstOf({ByPattern(source, url), OfCanonicalUrl(url)});
    case IdPolicy::kOriginalUrl:
      return {};  // only the document tells
  }
  return {};
}

}  // namespace

std::string PostIdFromLink(const Source& source, const std::string& url, const LinkEntry& entry) {
  const std::string native = NativeId(source, url, entry);
  return native.empty() ? std::string() : source.id + ":" + native;
}

std::string PostIdFromOriginal(const Source& source, const std::string& original_url,
                               const std::string& url) {
  const std::string native = FirstOf({NativeIdOfUrl(original_url), OfCanonicalUrl(original_url),
                                      OfCanonicalUrl(url), SlugOf(url)});
  return native.empty() ? std::string() : source.id + ":" + native;
}

}  // namespace newswire
