// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/references.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

#include <fmt/core.h>

namespace newswire::config {
namespace {

constexpr std::string_view kFilePrefix = "file:";

bool IsName(std::string_view name) {
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// One `${...}` that begins at `begin`; false when it is not closed.
struct Reference {
  std::string_view name, fallback;
  bool has_fallback = false;
  size_t end = 0;  // after the brace
};
bool FindReference(std::string_view text, size_t begin, Reference& out) {
  const size_t close = text.find('}', begin);
  if (close == std::string_view::npos) {
    return false;
  }
  const std::string_view inside = text.substr(begin + 2, close - begin - 2);
  const size_t separator = inside.find(":-");
  out.has_fallback = separator != std::string_view::npos;
  out.name = inside.substr(0, separator);
  out.fallback = out.has_fallback ? inside.substr(separator + 2) : std::string_view{};
  out.end = close + 1;
  return true;
}

}  // namespace

Result<std::string> ExpandEnvironment(std::string_view text, bool* referenced) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t dollar = text.find("${", at);
    if (dollar == std::string_view::npos) {
      break;
    }
    if (dollar > 0 && text[dollar - 1] == '$') {  // $${ is a literal ${
      out += text.substr(at, dollar - 1 - at);
      out += "${";
      at = dollar + 2;
      continue;
    }
    out += text.substr(at, dollar - at);
    Reference reference;
    if (!FindReference(text, dollar, reference)) {
      return Fail(ErrorKind::kConfig, "'${' without '}'");
    }
    if (!IsName(reference.name)) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("'{}' is not the name of an environment variable", reference.name));
    }
    // Read at start and at a reload, from the thread that loads; nothing in the process sets it.
    const char* value = std::getenv(std::string(reference.name).c_str());
    if (value == nullptr && !reference.has_fallback) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("the environment variable {} is not set", reference.name));
    }
    out += value != nullptr ? std::string_view(value) : reference.fallback;
    *referenced = true;
    at = reference.end;
  }
  out += text.substr(at);
  return out;
}

void ExpandTree(YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar && node.scalar.find("${") != std::string::npos) {
    auto expanded = ExpandEnvironment(node.scalar, &node.referenced);
    if (expanded) {
      node.scalar = *std::move(expanded);
    } else {
      node.problem = expanded.error().message;
    }
  }
  for (YamlNode& item : node.items) {
    ExpandTree(item);
  }
  for (auto* entries : {&node.entries, &node.merged}) {
    for (YamlEntry& entry : *entries) {
      ExpandTree(entry.value);
    }
  }
}

std::string WithoutDefaults(std::string_view written) {
  std::string out;
  size_t at = 0;
  while (at < written.size()) {
    const size_t dollar = written.find("${", at);
    Reference reference;
    if (dollar == std::string_view::npos || !FindReference(written, dollar, reference)) {
      break;
    }
    out += written.substr(at, dollar - at);
    out += fmt::format("${{{}}}", reference.name);
    at = reference.end;
  }
  out += written.substr(at);
  return out;
}

bool IsFileReference(std::string_view text) { return text.starts_with(kFilePrefix); }

std::filesystem::path ReferencedPath(std::string_view text, const std::filesystem::path& base) {
  return base / std::filesystem::path(text.substr(kFilePrefix.size()));
}

Result<std::string> ReadSmallFile(const std::filesystem::path& file, size_t max_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return Fail(ErrorKind::kConfig, "is a folder");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Fail(ErrorKind::kConfig,
                fmt::format("cannot be opened: {}", std::generic_category().message(errno)));
  }
  std::string bytes(max_bytes + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad()) {
    return Fail(ErrorKind::kConfig, "cannot be read");
  }
  bytes.resize(static_cast<size_t>(in.gcount()));
  if (bytes.size() > max_bytes) {
    return Fail(ErrorKind::kConfig, fmt::format("is larger than {} bytes", max_bytes));
  }
  return bytes;
}

}  // namespace newswire::config
