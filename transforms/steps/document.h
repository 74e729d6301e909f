// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/formats/feed.h"
#include "transforms/formats/front_matter.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/post.h"
#include "transforms/model/source.h"
#include "transforms/text/charset.h"
#include "transforms/text/html_tree.h"

namespace newswire::steps {

class PageBlocks;

// A value that some part of the document offered for a field, with where it came from.
struct Candidate {
  std::string value;
  std::string
      origin;  // "json_ld", "og", "meta", "microdata", "feed_entry", "front_matter", "visible", ...
};

struct Candidates {
  std::vector<Candidate> titles, summaries, authors, publishers, published, updated, languages,
      categories, tags, canonical_urls, original_urls, images;
};

// A run of reader-visible text with the tag it came from, before it becomes a Block of the post.
struct ContentBlock {
  BlockKind kind = BlockKind::kParagraph;
  int level = 0;
  std::string text;             // collapsed, never empty
  std::vector<PostLink> links;  // spans relative to `text`
};

// One document on its way through the steps. Steps only enrich it. Lives on one thread; `capture`
// and `source` outlive it.
//
// Who decides what of `post`: metadata proposes title and summary of a page; attribution decides
// them when the document itself says (front matter, feed entry, a Markdown post's quote), and
// publisher, authors, original_url, dateline; clean makes `blocks` and `images`, from which
// attribution makes text, blocks, links and images of the post (ComposePost).
struct Document {
  const Capture* capture = nullptr;
  const Source* source = nullptr;
  BodyKind body = BodyKind::kPage;
  uint32_t number = 0;  // in the capture
  std::string bytes;    // the document's own bytes, content encoding undone (a page, a file, a feed
                        // entry's content); decode takes them away
  std::string content_type;

  text::DecodedText decoded;  // by decode; its text moves on to `html` when it is HTML
  std::optional<formats::FrontMatter> front_matter;  // by front_matter
  std::optional<formats::FeedEntry> feed_entry;      // feed-bodied documents
  std::string html;                                  // page or fragment; by decode or markdown
  bool is_fragment = false;            // `html` is the article alone: no navigation around it
  std::optional<text::HtmlTree> tree;  // of `html`; made once, by the first that needs it
  std::shared_ptr<PageBlocks> page;    // the lines of `tree`, by metadata for extract
  Candidates candidates;               // by metadata
  std::string article_body;            // by metadata: the text that the page's JSON-LD holds
  std::vector<text::HtmlTree::NodeId> content;  // by extract: the article's nodes, document order
  std::string digest;  // by markdown or clean: the text of the leading quote
  std::vector<text::HtmlTree::NodeId>
      excluded;             // by extract: nodes inside those whose subtrees are no content, sorted
  std::string credit;       // by clean: the credit line it took out, whole
  std::string source_link;  // by markdown/clean: <source URL> of a Markdown post's foot
  std::vector<ContentBlock> blocks;  // by clean
  std::vector<PostImage> images;     // by clean

  Post post;                       // what is being made
  std::vector<std::string> notes;  // what a curious operator may want to know; never in the event
};

}  // namespace newswire::steps
