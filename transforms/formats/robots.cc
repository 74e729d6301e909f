// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/robots.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "transforms/model/url.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxBytes = size_t{500} * 1024;  // RFC 9309 section 2.5
constexpr size_t kMaxLineBytes = 16'663;          // twice the longest URL that Url takes
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\v\f";
constexpr std::string_view kEveryAgent = "*";

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsUnreserved(char c) {
  return IsAlpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}
// May stand in a query as they are (RFC 3986 section 3.4), so that encoding them means nothing.
bool IsPlainInQuery(char c) { return c == ':' || c == '/' || c == '?' || c == '@'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void AppendEncoded(char c, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 0xfU];
}

// The form in which rule and path are compared (section 2.2.2): unreserved octets plain, non-ASCII
// encoded, hexadecimal digits in upper case. A literal `*` or `$` is written %2A or %24, so that in
// a rule only the special ones are left.
std::string Normalize(std::string_view text, bool is_rule) {
  std::string out;
  out.reserve(text.size());
  bool in_query = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    const bool encoded =
        c == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0;
    if (encoded) {
      c = static_cast<char>((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
      i += 2;
      if (IsUnreserved(c) || (in_query && IsPlainInQuery(c))) {
        out += c;
      } else {
        AppendEncoded(c, out);
      }
      continue;
    }
    in_query = in_query || c == '?';
    const bool special = c == '*' || c == '$';
    const bool meant = is_rule && (c == '*' || i + 1 == text.size());
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) <= 0x20 ||
        (special && !meant)) {
      AppendEncoded(c, out);
    } else {
      out += c;
    }
  }
  return out;
}

// Where `needle` is in `text` from `from` on; linear, which string_view::find is not.
size_t Find(std::string_view text, std::string_view needle, size_t from) {
  if (needle.empty()) {
    return from;
  }
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

// Each piece between two `*` is taken at its leftmost place: no backtracking.
bool Matches(std::string_view pattern, std::string_view path) {
  const bool anchored = pattern.ends_with('$');
  if (anchored) {
    pattern.remove_suffix(1);
  }
  size_t star = pattern.find('*');
  const std::string_view first = pattern.substr(0, star);
  if (!path.starts_with(first)) {
    return false;
  }
  size_t at = first.size();
  if (star == std::string_view::npos) {
    return !anchored || at == path.size();
  }
  for (;;) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos && anchored) {
      return path.size() - at >= piece.size() && path.ends_with(piece);
    }
    at = Find(path, piece, at);
    if (at == std::string_view::npos) {
      return false;
    }
    at += piece.size();
    if (star == std::string_view::npos) {
      return true;
    }
  }
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A product token may carry a version or words after it: "newswire/1.0 (+mailto:...)".
std::string_view CutToken(std::string_view agent) {
  agent = Trim(agent);
  return agent.substr(0, agent.find_first_of("/ \t"));
}

// The part of a token that RFC 9309 section 2.2.1 lets it consist of.
std::string_view CutStrictly(std::string_view agent) {
  size_t end = 0;
  while (end < agent.size() && (IsAlpha(agent[end]) || agent[end] == '-' || agent[end] == '_')) {
    ++end;
  }
  return agent.substr(0, end);
}

enum class Field { kUserAgent, kAllow, kDisallow, kCrawlDelay, kSitemap, kOther };

struct FieldName {
  std::string_view name;
  Field field;
};

// Lower case; compared as prefixes. The misspellings are those that Google's parser accepts.
constexpr FieldName kFields[] = {
    {"user-agent", Field::kUserAgent},   {"useragent", Field::kUserAgent},
    {"user agent", Field::kUserAgent},   {"allow", Field::kAllow},
    {"disallow", Field::kDisallow},      {"dissallow", Field::kDisallow},
    {"dissalow", Field::kDisallow},      {"disalow", Field::kDisallow},
    {"diasllow", Field::kDisallow},      {"disallaw", Field::kDisallow},
    {"crawl-delay", Field::kCrawlDelay}, {"crawldelay", Field::kCrawlDelay},
    {"sitemap", Field::kSitemap},        {"site-map", Field::kSitemap},
};

Field FieldOf(std::string_view key) {
  for (const FieldName& each : kFields) {
    if (key.size() >= each.name.size() &&
        text::EqualsIgnoreAsciiCase(key.substr(0, each.name.size()), each.name)) {
      return each.field;
    }
  }
  return Field::kOther;
}

// "key: value", or "key value" when the colon was forgotten and nothing else stands on the line.
std::pair<std::string_view, std::string_view> SplitLine(std::string_view line) {
  line = Trim(line.substr(0, line.find('#')));
  size_t separator = line.find(':');
  if (separator == std::string_view::npos) {
    separator = line.find_first_of(kBlanks);
    if (separator == std::string_view::npos ||
        Trim(line.substr(separator)).find_first_of(kBlanks) != std::string_view::npos) {
      return {};
    }
  }
  return {Trim(line.substr(0, separator)), Trim(line.substr(separator + 1))};
}

std::optional<double> ParseDelay(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end == text.data() || !std::isfinite(seconds) || seconds < 0) {
    return std::nullopt;
  }
  return seconds;
}

}  // namespace

struct Robots::Parser {
  Robots robots;
  bool naming_agents = false;  // the open group has no rule yet: further agents join it

  void Line(std::string_view line) {
    const auto [key, value] = SplitLine(line.substr(0, kMaxLineBytes));
    switch (FieldOf(key)) {
      case Field::kUserAgent:
        Agent(value);
        break;
      case Field::kAllow:
        AddRule(true, value);
        break;
      case Field::kDisallow:
        AddRule(false, value);
        break;
      case Field::kCrawlDelay:
        Delay(value);
        break;
      case Field::kSitemap:
        if (!value.empty()) {
          size_t replaced = 0;
          robots.sitemaps_.push_back(text::MakeValidUtf8(value, &replaced));
        }
        break;
      case Field::kOther:
        break;
    }
  }

  void Agent(std::string_view value) {
    if (!naming_agents) {
      robots.groups_.emplace_back();
      naming_agents = true;
    }
    robots.groups_.back().agents.push_back(text::ToLowerAscii(CutToken(value)));
  }

  void AddRule(bool allow, std::string_view value) {
    if (robots.groups_.empty()) {
      return;  // before any user-agent line
    }
    naming_agents = false;
    if (!value.empty()) {
      robots.groups_.back().rules.push_back({allow, Normalize(value, true)});
    }
  }

  void Delay(std::string_view value) {
    const std::optional<double> seconds = ParseDelay(value);
    if (robots.groups_.empty() || !seconds) {
      return;
    }
    std::optional<double>& delay = robots.groups_.back().crawl_delay;
    delay = std::max(delay.value_or(0), *seconds);
  }
};

Robots Robots::Parse(std::string_view bytes) {
  const bool cut = bytes.size() > kMaxBytes;
  bytes = bytes.substr(0, kMaxBytes);
  // A mark that lost its end is a mark, too.
  for (size_t i = 0; i < kByteOrderMark.size() && bytes.starts_with(kByteOrderMark[i]); ++i) {
    bytes.remove_prefix(1);
  }
  Parser parser;
  while (!bytes.empty()) {
    const size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      if (!cut) {  // half a rule may say the opposite of the whole
        parser.Line(bytes);
      }
      break;
    }
    parser.Line(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return std::move(parser.robots);
}

Robots Robots::AllowAll() { return {}; }

Robots Robots::DisallowAll() {
  Robots robots;
  robots.disallow_all_ = true;
  return robots;
}

std::vector<const Robots::Group*> Robots::GroupsFor(std::string_view agent) const {
  const std::string token = text::ToLowerAscii(CutToken(agent));
  std::vector<const Group*> named;
  std::vector<const Group*> every;
  for (const Group& group : groups_) {
    const auto names = [&](std::string_view other) {
      return !token.empty() && (other == token || CutStrictly(other) == token);
    };
    if (std::ranges::any_of(group.agents, names)) {
      named.push_back(&group);
    } else if (std::ranges::find(group.agents, kEveryAgent) != group.agents.end()) {
      every.push_back(&group);
    }
  }
  return named.empty() ? every : named;
}

bool Robots::Allows(std::string_view agent, std::string_view path_and_query) const {
  const std::string path = Normalize(path_and_query.empty() ? "/" : path_and_query, false);
  if (path == "/robots.txt") {
    return true;
  }
  if (disallow_all_) {
    return false;
  }
  const Rule* best = nullptr;
  for (const Group* group : GroupsFor(agent)) {
    for (const Rule& rule : group->rules) {
      const bool better = best == nullptr || rule.pattern.size() > best->pattern.size() ||
                          (rule.pattern.size() == best->pattern.size() && rule.allow);
      if (better && Matches(rule.pattern, path)) {
        best = &rule;
      }
    }
  }
  return best == nullptr || best->allow;
}

std::optional<double> Robots::CrawlDelay(std::string_view agent) const {
  std::optional<double> delay;
  for (const Group* group : GroupsFor(agent)) {
    if (group->crawl_delay) {
      delay = std::max(delay.value_or(0), *group->crawl_delay);
    }
  }
  return delay;
}

Robots Robots::ForAgent(std::string_view agent) const {
  Robots out;
  out.disallow_all_ = disallow_all_;
  Group all{.agents = {std::string(kEveryAgent)}, .rules = {}, .crawl_delay = CrawlDelay(agent)};
  for (const Group* group : GroupsFor(agent)) {
    all.rules.insert(all.rules.end(), group->rules.begin(), group->rules.end());
  }
  if (!all.rules.empty() || all.crawl_delay) {
    out.groups_.push_back(std::move(all));
  }
  return out;
}

std::string RobotsToJson(const Robots& robots, std::string_view agent, std::string_view url) {
  const Result<Url> parsed = Url::Parse(url);
  const std::string_view path = parsed ? parsed->path_and_query() : url;
  const std::optional<double> delay = robots.CrawlDelay(agent);
  std::string out;
  text::JsonWriter writer(out);
  writer.BeginObject().Key("allowed").Bool(robots.Allows(agent, path)).Key("crawl_delay_s");
  if (delay) {
    writer.Double(*delay);
  } else {
    writer.Null();
  }
  writer.Key("sitemaps").BeginArray();
  for (const std::string& sitemap : robots.sitemaps()) {
    writer.String(sitemap);
  }
  writer.EndArray().EndObject();
  return out;
}

}  // namespace newswire::formats
