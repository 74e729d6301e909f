// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/config/keys.h"

// What the two key tables are written with.
namespace newswire::config::builders {

using std::chrono::milliseconds;

inline constexpr int64_t kSecond = 1000;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;
inline constexpr int64_t kKiB = 1024;
inline constexpr int64_t kMiB = 1024 * kKiB;
inline constexpr int64_t kGiB = 1024 * kMiB;

template <typename Enum>
using Names = std::vector<std::pair<std::string_view, Enum>>;

template <typename Enum>
std::string NameOf(const Names<Enum>& names, Enum value) {
  for (const auto& [name, candidate] : names) {
    if (candidate == value) {
      return std::string(name);
    }
  }
  return {};
}
template <typename Enum>
Enum EnumOf(const Names<Enum>& names, const Value& value) {
  for (const auto& [name, candidate] : names) {
    if (name == std::get<std::string>(value)) {
      return candidate;
    }
  }
  return names.front().second;
}
template <typename Enum>
std::vector<std::string_view> NamesOf(const Names<Enum>& names) {
  std::vector<std::string_view> out;
  for (const auto& [name, value] : names) {
    out.push_back(name);
  }
  return out;
}

inline std::string AsText(const std::string& text) { return text; }
inline std::string AsText(const std::filesystem::path& path) { return path.string(); }
inline TextPairs ToPairs(const std::map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}
inline std::map<std::string, std::string> ToMap(Value value) {
  TextPairs pairs = std::get<TextPairs>(std::move(value));
  return {pairs.begin(), pairs.end()};
}

// Fill in a key's accessors from a function that gives the member. The function has no state, so it
// is made anew where it is used.
template <typename Owner, typename Member>
Key<Owner> Text(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return AsText(Member{}(owner)); };
  key.set = [](Owner& owner, Value value) {
    Member{}(owner) = std::get<std::string>(std::move(value));
  };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> Flag(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return Member{}(owner); };
  key.set = [](Owner& owner, Value value) { Member{}(owner) = std::get<bool>(value); };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> Number(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return static_cast<int64_t>(Member{}(owner)); };
  key.set = [](Owner& owner, Value value) {
    auto& member = Member{}(owner);
    member = static_cast<std::remove_reference_t<decltype(member)>>(std::get<int64_t>(value));
  };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> Duration(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return milliseconds(Member{}(owner)); };
  key.set = [](Owner& owner, Value value) {
    auto& member = Member{}(owner);
    member = std::chrono::duration_cast<std::remove_reference_t<decltype(member)>>(
        std::get<milliseconds>(value));
  };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> Size(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return Bytes{Member{}(owner)}; };
  key.set = [](Owner& owner, Value value) { Member{}(owner) = std::get<Bytes>(value).count; };
  return key;
}
// Of members that may be absent: no value then.
template <typename Owner, typename Member>
Key<Owner> OptionalDuration(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value {
    const auto& member = Member{}(owner);
    return member ? Value(milliseconds(*member)) : Value(std::monostate{});
  };
  key.set = [](Owner& owner, Value value) {
    auto& member = Member{}(owner);
    using Duration = typename std::remove_reference_t<decltype(member)>::value_type;
    member = std::chrono::duration_cast<Duration>(std::get<milliseconds>(value));
  };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> OptionalSize(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value {
    const auto& member = Member{}(owner);
    return member ? Value(Bytes{*member}) : Value(std::monostate{});
  };
  key.set = [](Owner& owner, Value value) { Member{}(owner) = std::get<Bytes>(value).count; };
  return key;
}
// `names` is a function without state too.
template <typename Owner, typename Member, typename NamesFunction>
Key<Owner> Choice(Member, NamesFunction, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return NameOf(NamesFunction{}(), Member{}(owner)); };
  key.set = [](Owner& owner, Value value) { Member{}(owner) = EnumOf(NamesFunction{}(), value); };
  key.choices = NamesOf(NamesFunction{}());
  return key;
}
template <typename Owner, typename Member>
Key<Owner> List(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return Member{}(owner); };
  key.set = [](Owner& owner, Value value) {
    Member{}(owner) = std::get<TextList>(std::move(value));
  };
  return key;
}
template <typename Owner, typename Member>
Key<Owner> Map(Member, Key<Owner> key) {
  key.get = [](const Owner& owner) -> Value { return ToPairs(Member{}(owner)); };
  key.set = [](Owner& owner, Value value) { Member{}(owner) = ToMap(std::move(value)); };
  return key;
}

}  // namespace newswire::config::builders
