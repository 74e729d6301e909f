// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/post.h"

namespace newswire {

std::string_view Name(BlockKind kind) {
  switch (kind) {
    case BlockKind::kParagraph:
      return "paragraph";
    case BlockKind::kHeading:
      return "heading";
    case BlockKind::kListItem:
      return "list_item";
    case BlockKind::kQuote:
      return "quote";
    case BlockKind::kCode:
      return "code";
    case BlockKind::kTable:
      return "table";
    case BlockKind::kCaption:
      return "caption";
  }
  return "paragraph";
}

std::string_view Name(DigestField field) {
  switch (field) {
    case DigestField::kTitle:
      return "title";
    case DigestField::kSummary:
      return "summary";
    case DigestField::kText:
      return "text";
    case DigestField::kBlocks:
      return "blocks";
    case DigestField::kAuthors:
      return "authors";
    case DigestField::kPublisher:
      return "publisher";
    case DigestField::kPublishedAt:
      return "published_at";
    case DigestField::kCategory:
      return "category";
  }
  return "text";
}

}  // namespace newswire
