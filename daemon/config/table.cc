// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/table.h"

#include <set>
#include <string>

#include <fmt/core.h>

#include "transforms/text/utf8.h"

namespace newswire::config {
namespace {

constexpr size_t kMaxRows = 100'000;

struct Row {
  int line = 1;
  std::vector<std::string> cells;
};

// The row at `*at`, which moves past it. False: a quote is not closed.
bool NextRow(std::string_view csv, size_t* at, int* line, Row& row) {
  row = Row{.line = *line, .cells = {""}};
  bool quoted = false;
  while (*at < csv.size()) {
    const char c = csv[(*at)++];
    if (quoted) {
      if (c == '"' && *at < csv.size() && csv[*at] == '"') {
        row.cells.back() += '"';
        ++*at;
      } else if (c == '"') {
        quoted = false;
      } else {
        *line += c == '\n' ? 1 : 0;
        row.cells.back() += c;
      }
    } else if (c == '"' && text::TrimBlank(row.cells.back()).empty()) {
      row.cells.back().clear();
      quoted = true;
    } else if (c == ',') {
      row.cells.emplace_back();
    } else if (c == '\n') {
      ++*line;
      return true;
    } else {
      row.cells.back() += c;
    }
  }
  return !quoted;
}

}  // namespace

Result<TextPairs> ParseTable(std::string_view csv) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  if (csv.starts_with(kBom)) {
    csv.remove_prefix(kBom.size());
  }
  if (!text::IsValidUtf8(csv)) {
    return Fail(ErrorKind::kConfig, "is not valid UTF-8");
  }
  TextPairs table;
  std::set<std::string, std::less<>> names;
  size_t at = 0;
  int line = 1;
  Row row;
  while (at < csv.size()) {
    if (!NextRow(csv, &at, &line, row)) {
      return Fail(ErrorKind::kConfig, fmt::format("line {}: a quote is not closed", row.line));
    }
    const std::string name(text::TrimBlank(row.cells.front()));
    if (row.cells.size() == 1 && (name.empty() || name.starts_with('#'))) {
      continue;
    }
    if (name.starts_with('#')) {
      continue;
    }
    if (row.cells.size() != 2 || name.empty()) {
      return Fail(ErrorKind::kConfig, fmt::format("line {} does not have two columns", row.line));
    }
    if (!names.insert(name).second) {
      return Fail(ErrorKind::kConfig, fmt::format("line {}: '{}' is given twice", row.line, name));
    }
    if (table.size() >= kMaxRows) {
      return Fail(ErrorKind::kConfig, fmt::format("more than {} rows", kMaxRows));
    }
    table.emplace_back(name, std::string(text::TrimBlank(row.cells[1])));
  }
  return table;
}

}  // namespace newswire::config
