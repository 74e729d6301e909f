// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/front_matter.h"

#include "transforms/steps/decode.h"
#include "transforms/steps/step.h"

namespace newswire::steps {

// Markdown posts, and HTML files of a folder (Jekyll takes both).
Status ReadFrontMatter(Document& document) {
  if (IsMarkdown(document)) {
    document.front_matter = formats::ParseFrontMatter(document.decoded.text);
  } else if (document.body == BodyKind::kFile) {
    document.front_matter = formats::ParseFrontMatter(document.html);
    if (document.front_matter) {
      document.html.erase(0, document.front_matter->body_offset);
      document.is_fragment = true;
    }
  }
  return {};
}

}  // namespace newswire::steps
