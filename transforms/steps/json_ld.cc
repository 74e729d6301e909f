// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/json_ld.h"

#include <algorithm>

#include "transforms/text/html_tree.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::JsonValue;

constexpr size_t kMaxBody = size_t{1} << 20;
constexpr size_t kMaxObjects = 500;
constexpr size_t kMaxValue = 2000;
constexpr int kMaxDepth = 6;
constexpr std::string_view kOrigin = "json_ld";

constexpr std::string_view kArticleTypes[] = {"Article",
                                              "NewsArticle",
                                              "BlogPosting",
                                              "ReportageNewsArticle",
                                              "AnalysisNewsArticle",
                                              "OpinionNewsArticle",
                                              "BackgroundNewsArticle",
                                              "ReviewNewsArticle",
                                              "AskPublicNewsArticle",
                                              "LiveBlogPosting",
                                              "SocialMediaPosting",
                                              "TechArticle",
                                              "ScholarlyArticle",
                                              "Report",
                                              "SatiricalArticle",
                                              "AdvertiserContentArticle",
                                              "VideoObject",
                                              "Review",
                                              "Recipe",
                                              "DiscussionForumPosting"};

bool IsArticleType(JsonValue type) {
  const auto known = [](std::string_view name) {
    const size_t slash = name.find_last_of("/#:");
    name = slash == std::string_view::npos ? name : name.substr(slash + 1);
    return std::find(std::begin(kArticleTypes), std::end(kArticleTypes), name) !=
           std::end(kArticleTypes);
  };
  if (const auto name = type.string(); name.has_value()) {
    return known(*name);
  }
  for (size_t i = 0; i < type.size() && i < 16; ++i) {
    if (known(type.at(i).string_or(""))) {
      return true;
    }
  }
  return false;
}

void Add(std::vector<Candidate>& list, std::string_view value) {
  value = text::TruncateToBytes(value, kMaxValue);
  std::string clean = text::HtmlToText(value);
  if (!clean.empty() && list.size() < 64) {
    list.push_back({std::move(clean), std::string(kOrigin)});
  }
}

bool IsUrl(std::string_view value) {
  return value.starts_with("http://") || value.starts_with("https://");
}

// A name, an object with a name, or a list of them.
void AddNames(std::vector<Candidate>& list, JsonValue value, int depth) {
  if (depth > 3) {
    return;
  }
  if (const auto name = value.string(); name.has_value()) {
    if (!IsUrl(*name)) {
      Add(list, *name);
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size() && i < 32; ++i) {
      AddNames(list, value.at(i), depth + 1);
    }
  } else if (value.is_object()) {
    AddNames(list, value["name"], depth + 1);
  }
}

void AddWords(std::vector<Candidate>& list, JsonValue value) {
  if (value.is_array()) {
    for (size_t i = 0; i < value.size() && i < 64; ++i) {
      Add(list, value.at(i).string_or(""));
    }
    return;
  }
  std::string_view words = value.string_or("");
  while (!words.empty()) {
    const size_t comma = words.find(',');
    Add(list, words.substr(0, comma));
    words = comma == std::string_view::npos ? std::string_view() : words.substr(comma + 1);
  }
}

class Reader {
 public:
  Reader(Candidates& out, std::string& article_body) : out_(out), article_body_(article_body) {}

  void Visit(JsonValue value, int depth) {
    if (depth > kMaxDepth || ++objects_ > kMaxObjects) {
      return;
    }
    if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        Visit(value.at(i), depth + 1);
      }
      return;
    }
    if (!value.is_object()) {
      return;
    }
    if (IsArticleType(value["@type"])) {
      Article(value);
    } else if (value["pubDate"].is_string()) {
      // What Baidu asks of pages: no type, pubDate and upDate.
      const size_t before = out_.published.size();
      Add(out_.published, value["pubDate"].string_or(""));
      if (out_.published.size() > before) {
        out_.published.back().origin = "baidu";  // often the time of the last edit
      }
      Add(out_.titles, value["title"].string_or(""));
    }
    Visit(value["@graph"], depth + 1);
    Visit(value["mainEntity"], depth + 1);
    Visit(value["mainEntityOfPage"], depth + 1);
  }

 private:
  void Article(JsonValue article) {
    Add(out_.titles, article["headline"].string_or(article["name"].string_or("")));
    Add(out_.summaries, article["description"].string_or(""));
    Add(out_.published, article["datePublished"].string_or(
                            article["uploadDate"].string_or(article["dateCreated"].string_or(""))));
    Add(out_.updated, article["dateModified"].string_or(""));
    if (out_.authors.empty()) {  // further ones are articles that the page only mentions
      AddNames(out_.authors, article["author"], 0);
      if (!article["author"].exists()) {
        AddNames(out_.authors, article["creator"], 0);
      }
    }
    AddNames(out_.publishers, article["publisher"], 0);
    AddWords(out_.tags, article["keywords"]);
    const std::string_view body = article["articleBody"].string_or("");
    if (body.size() > article_body_.size()) {
      article_body_ = body;
    }
    const JsonValue section = article["articleSection"];
    Add(out_.categories, section.is_array() ? section.at(0).string_or("") : section.string_or(""));
    const JsonValue language = article["inLanguage"];
    Add(out_.languages,
        language.is_object() ? language["alternateName"].string_or("") : language.string_or(""));
    Add(out_.canonical_urls, article["url"].string_or(""));
  }

  Candidates& out_;
  std::string& article_body_;
  size_t objects_ = 0;
};

// Raw line breaks and tabs inside strings, comments around the whole, a semicolon behind it: what
// people let their templates write.
std::string Mend(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (const char c : body) {
    out += static_cast<uint8_t>(c) < ' ' ? ' ' : c;
  }
  for (const std::string_view mark : {"<![CDATA[", "]]>"}) {
    if (const size_t at = out.find(mark); at != std::string::npos) {
      out.replace(at, mark.size(), " ");
    }
  }
  const size_t begin = out.find_first_of("{[");
  const size_t end = out.find_last_of("}]");
  return begin == std::string::npos || end == std::string::npos || end < begin
             ? std::string()
             : out.substr(begin, end - begin + 1);
}

}  // namespace

void ReadJsonLd(std::string_view body, Candidates& out, std::string& article_body) {
  if (body.size() > kMaxBody) {
    return;
  }
  auto document = text::JsonDocument::Parse(text::TrimBlank(body));
  if (!document.has_value()) {
    document = text::JsonDocument::Parse(Mend(body));
  }
  if (document.has_value()) {
    Reader(out, article_body).Visit(document->root(), 0);
  }
}

}  // namespace newswire::steps
