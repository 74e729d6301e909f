// SPDX-License-Identifier: Apache-2.0
// extract_gold SET [--blocks FILE]: reads gold/SET/html/*.html.gz below NEWSWIRE_SHARED and prints
// {id: {title, published_at, author, source, body}} for gold/score_extract.py. With --blocks, also
// writes the features of every block as tab-separated lines (id, text, features), from which
// tests/support/train_extract.py makes transforms/steps/article_model.inc. --time N: reads every
// page N times and says how long metadata, extraction and cleaning take beside a bare
// htmlReadMemory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <libxml/HTMLparser.h>
#include <zlib.h>

#include "transforms/steps/article_features.h"
#include "transforms/steps/step.h"
#include "transforms/text/charset.h"
#include "transforms/text/dates.h"
#include "transforms/text/json.h"

namespace {

using namespace newswire;  // NOLINT: a tool of one file

std::string ReadGzip(const std::filesystem::path& path) {
  std::string out;
  gzFile file = gzopen(path.c_str(), "rb");
  char buffer[65536];
  for (int got = 0; file != nullptr && (got = gzread(file, buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<size_t>(got));
  }
  if (file != nullptr) {
    gzclose(file);
  }
  return out;
}

struct Page {
  std::string id, html;
};

steps::Document Run(const std::string& html) {
  steps::Document document;
  document.html = html;
  (void)steps::CollectMetadata(document);
  (void)steps::ExtractArticle(document);
  (void)steps::Clean(document);
  return document;
}

void WriteBlocks(const Page& page, std::ostream& out) {
  const text::HtmlTree tree = text::HtmlTree::Parse(page.html);
  steps::PageBlocks blocks(tree);
  const steps::Anchor anchor = steps::FindAnchor(blocks);
  std::string title;
  for (text::HtmlTree::NodeId node = 0; node < tree.size(); ++node) {
    if (tree.name(node) == "title" && tree.first_child(node) != text::HtmlTree::kNone) {
      title = tree.text(tree.first_child(node));
      break;
    }
  }
  const auto rows = steps::MakeFeatures(blocks, anchor, title);
  for (size_t i = 0; i < rows.size(); ++i) {
    out << page.id << '\t' << blocks.text(blocks.blocks()[i]);
    for (const float value : rows[i]) {
      out << '\t' << value;
    }
    out << '\n';
  }
}

std::string Value(const std::vector<steps::Candidate>& list) {
  return list.empty() ? std::string() : list.front().value;
}

void WritePrediction(const Page& page, text::JsonWriter& json) {
  const steps::Document document = Run(page.html);
  std::string body;
  for (const auto& block : document.blocks) {
    body += (body.empty() ? "" : "\n") + block.text;
  }
  std::string published;
  for (const auto& candidate : document.candidates.published) {
    if (const auto date = text::ParseDate(candidate.value); date.has_value()) {
      published =
          FormatLocal(date->offset.has_value() ? *date : text::WithZone(*date, "Asia/Shanghai"));
      break;
    }
  }
  json.Key(page.id).BeginObject();
  json.Key("title").StringOrNull(document.post.title);
  json.Key("published_at").StringOrNull(published);
  json.Key("author").StringOrNull(Value(document.candidates.authors));
  json.Key("source").StringOrNull(Value(document.candidates.publishers));
  json.Key("body").String(body);
  json.EndObject();
}

double Seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

void Measure(const std::vector<Page>& pages, int times) {
  double bare = 1e9, parse = 1e9, all = 1e9;
  for (int i = 0; i < times; ++i) {
    auto begin = std::chrono::steady_clock::now();
    for (const Page& page : pages) {
      htmlDocPtr document =
          htmlReadMemory(page.html.data(), static_cast<int>(page.html.size()), nullptr, "UTF-8",
                         HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
      xmlFreeDoc(document);
    }
    bare = std::min(bare, Seconds(std::chrono::steady_clock::now() - begin));
    begin = std::chrono::steady_clock::now();
    for (const Page& page : pages) {
      (void)text::HtmlTree::Parse(page.html);
    }
    parse = std::min(parse, Seconds(std::chrono::steady_clock::now() - begin));
    begin = std::chrono::steady_clock::now();
    for (const Page& page : pages) {
      (void)Run(page.html);
    }
    all = std::min(all, Seconds(std::chrono::steady_clock::now() - begin));
  }
  const auto count = static_cast<double>(pages.size());
  fmt::print(
      "{} pages: htmlReadMemory {:.3f} ms/page, tree {:.3f}, tree to text {:.3f}; {:.2f} times "
      "bare\n",
      pages.size(), bare / count * 1e3, parse / count * 1e3, all / count * 1e3, bare / all);
}

}  // namespace

int main(int argc, char** argv) {
  const char* shared = std::getenv("NEWSWIRE_SHARED");  // NOLINT(concurrency-mt-unsafe)
  if (argc < 2 || shared == nullptr) {
    fmt::print(stderr, "usage: NEWSWIRE_SHARED=DIR extract_gold SET [--blocks FILE | --time N]\n");
    return 2;
  }
  const std::filesystem::path folder = std::filesystem::path(shared) / "gold" / argv[1] / "html";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".gz") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Page> pages;
  for (const auto& file : files) {
    std::string id = std::filesystem::relative(file, folder).string();
    id.resize(id.size() - std::string(".html.gz").size());
    pages.push_back({std::move(id), text::DecodeText(ReadGzip(file), "").text});
  }
  const std::string option = argc > 3 ? argv[2] : "";
  if (option == "--time") {
    Measure(pages, std::atoi(argv[3]));  // NOLINT(cert-err34-c)
    return 0;
  }
  if (option == "--blocks") {
    std::ofstream out(argv[3]);
    for (const Page& page : pages) {
      WriteBlocks(page, out);
    }
    return 0;
  }
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  for (const Page& page : pages) {
    WritePrediction(page, json);
  }
  json.EndObject();
  fmt::print("{}\n", out);
  return 0;
}
