// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <cmark.h>

#include "transforms/steps/decode.h"
#include "transforms/steps/step.h"
#include "transforms/text/html_tree.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxNesting =
    200;  // of `>`, `[` or list marks in a row: cmark's cost is its square
constexpr size_t kMaxFooterLines = 4;

// Takes the last line that is not blank off `body`, without its end.
std::string_view TakeLastLine(std::string_view& body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r' || body.back() == ' ' ||
                           body.back() == '\t')) {
    body.remove_suffix(1);
  }
  const size_t begin = body.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view line = body.substr(begin);
  body = body.substr(0, begin);
  return line;
}

// `[返回首页](//host/)`, several divided by ｜, | or blanks: what leads back into the site.
bool IsFooter(std::string_view line) {
  size_t links = 0;
  while (true) {
    line = text::TrimBlank(line);
    while (line.starts_with("｜") || line.starts_with("|")) {
      line = text::TrimBlank(line.substr(line.front() == '|' ? 1 : 3));
    }
    if (line.empty()) {
      return links > 0;
    }
    const size_t middle = line.find("](");
    const size_t end = line.find(')', std::min(middle, line.size()));
    if (!line.starts_with("[返回") || middle == std::string_view::npos ||
        end == std::string_view::npos) {
      return false;
    }
    ++links;
    line.remove_prefix(end + 1);
  }
}

// `<http://…>` alone on its line, or an empty `<>`.
bool IsSourceLink(std::string_view line) {
  line = text::TrimBlank(line);
  if (line.size() < 2 || line.front() != '<' || line.back() != '>') {
    return false;
  }
  line = line.substr(1, line.size() - 2);
  return text::TrimBlank(line).empty() ||
         ((line.starts_with("http://") || line.starts_with("https://")) &&
          line.find_first_of("<> ") == std::string_view::npos);
}

// The foot of a post: the source's address and the links back.
void TakeFoot(Document& document, std::string_view& body) {
  for (size_t i = 0; i < kMaxFooterLines; ++i) {
    std::string_view rest = body;
    const std::string_view line = TakeLastLine(rest);
    if (IsFooter(line)) {
      body = rest;
      continue;
    }
    if (IsSourceLink(line)) {
      const std::string_view trimmed = text::TrimBlank(line);
      document.source_link = text::TrimBlank(trimmed.substr(1, trimmed.size() - 2));
      body = rest;
    }
    return;
  }
}

std::string Render(std::string_view markdown) {
  const std::unique_ptr<char, decltype(&std::free)> html(
      cmark_markdown_to_html(markdown.data(), markdown.size(), CMARK_OPT_UNSAFE), &std::free);
  return html == nullptr ? std::string() : std::string(html.get());
}

// The quote that a post begins with; ends at the first empty line.
std::string_view TakeLeadingQuote(std::string_view& body) {
  std::string_view rest = body;
  while (!rest.empty() && (rest.front() == '\n' || rest.front() == '\r' || rest.front() == ' ')) {
    rest.remove_prefix(1);
  }
  if (!rest.starts_with('>')) {
    return {};
  }
  size_t end = 0;
  while (end < rest.size()) {
    const size_t next = std::min(rest.find('\n', end), rest.size());
    const std::string_view line = text::TrimBlank(rest.substr(end, next - end));
    if (line.empty() || (end > 0 && line.front() == '<')) {  // raw HTML ends it too
      break;
    }
    end = std::min(next + 1, rest.size());
  }
  const std::string_view quote = rest.substr(0, end);
  body = rest.substr(end);
  return quote;
}

// True for text whose nesting of containers or brackets only an attacker writes.
bool NestsTooDeep(std::string_view text) {
  size_t run = 0;
  for (const char c : text) {
    if (c == '>' || c == '[' || c == '-' || c == '*' || c == '_' || c == '+' || c == '!') {
      if (++run > kMaxNesting) {
        return true;
      }
    } else if (c != ' ' && c != '\t') {
      run = 0;
    }
  }
  return false;
}

}  // namespace

Status RenderMarkdown(Document& document) {
  if (!IsMarkdown(document)) {
    return {};
  }
  std::string_view body = document.decoded.text;
  if (document.front_matter) {
    body.remove_prefix(document.front_matter->body_offset);
  }
  document.is_fragment = true;
  if (NestsTooDeep(body)) {
    document.notes.emplace_back("nested too deep for Markdown: read as plain text");
    document.html = PlainTextToHtml(body);
    return {};
  }
  TakeFoot(document, body);
  if (const std::string_view quote = TakeLeadingQuote(body); !quote.empty()) {
    document.digest = text::HtmlToText(Render(quote));
  }
  document.html = Render(body);
  return {};
}

}  // namespace newswire::steps
