// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/byline.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "transforms/steps/byline_names.h"
#include "transforms/steps/credit.h"
#include "transforms/steps/name_hint.h"
#include "transforms/steps/visible_dates.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using NodeId = HtmlTree::NodeId;

constexpr size_t kLinesAbove = 4, kLinesBelow = 14;
constexpr size_t kLinesWithoutHeadline = 80;
constexpr size_t kNearLines = 5;         // below the headline: where date and source stand
constexpr size_t kMaxDateLine = 400;     // bytes
constexpr size_t kMaxDayLine = 120;      // bytes of a line that shows a date without a time
constexpr uint32_t kMaxBesideDate = 90;  // weight of a line that is date and source alone
constexpr uint32_t kMaxByLine = 120;     // weight of a line that begins with By
constexpr size_t kMaxProposed = 8;
constexpr size_t kMaxLabelled = 2;
constexpr size_t kLongestLabel = 12;   // weight of `Written by:`
constexpr size_t kMaxClassText = 100;  // weight of an element that is an author's name
constexpr NodeId kMaxClassNodes = 60;  // inside it
constexpr size_t kMaxNameText = 2000;  // bytes of its text, blanks included

void Propose(std::vector<Candidate>& list, std::string_view value) {
  const bool known =
      std::any_of(list.begin(), list.end(), [&](const Candidate& it) { return it.value == value; });
  if (!value.empty() && !known && list.size() < kMaxProposed) {
    list.push_back({std::string(value), "visible"});
  }
}

class Reader {
 public:
  Reader(const PageBlocks& page, const Headline& headline, bool dense, Candidates& out,
         Candidates& by_class)
      : page_(page), headline_(headline), dense_(dense), out_(out), by_class_(by_class) {
    const size_t lines = page.blocks().size();
    end_ = std::min(lines, kLinesWithoutHeadline);
    if (!headline.text.empty()) {
      begin_ = headline.block > kLinesAbove ? headline.block - kLinesAbove : 0;
      end_ = std::min(lines, headline.block + kLinesBelow);
      start_ = headline.block;
    }
  }

  void Run() {
    Dates();
    if (dense_ && !headline_.text.empty()) {
      BesideDate();
    }
    Labels();
    if (dense_) {
      Reporters();
    }
    if (!headline_.text.empty()) {
      Classes();
    }
  }

 private:
  std::string_view Line(size_t i) const { return page_.text(page_.blocks()[i]); }

  // The first date with a time below the headline, else above it; else the first day.
  void Dates() {
    std::string day;
    const auto look = [&](size_t i) {
      const std::string_view line = Line(i);
      if (line.size() > kMaxDateLine) {
        return false;
      }
      const auto date = FindNumericDate(line);
      if (date.has_value() && date->with_time) {
        Propose(out_.published, date->text);
        return true;
      }
      if (date.has_value() && day.empty() && line.size() < kMaxDayLine) {
        day = date->text;
      }
      return false;
    };
    bool found = false;
    for (size_t i = start_; i < end_ && !found; ++i) {
      found = look(i);
    }
    for (size_t i = begin_; i < start_ && !found; ++i) {
      found = look(i);
    }
    Propose(out_.published, day);
  }

  // `2019年09月07日 04:04 北京日报`, `原创 某人 2019-09-04 22:18`; and `张三/中国青年报` above it.
  void BesideDate() {
    for (size_t i = headline_.block + 1; i < std::min(end_, headline_.block + kNearLines); ++i) {
      const std::string_view line = Line(i);
      if (page_.blocks()[i].weight > kMaxBesideDate) {
        continue;
      }
      if (const auto pair = SplitNameAndMedium(line); pair.has_value()) {
        Propose(out_.authors, pair->first);
        Propose(out_.publishers, pair->second);
      }
      const auto date = FindNumericDate(line);
      if (!date.has_value() || HasSourceLabel(line)) {
        continue;
      }
      const std::string name = NameBesideDate(line, date->begin, date->end);
      if (name.empty()) {
        continue;
      }
      Propose(out_.publishers, name);
      // An account that is no medium signs what it writes.
      if (!IsMediumName(name)) {
        Propose(own_account_, name);
      }
      return;
    }
  }

  void Labels() {
    for (size_t i = begin_; i < end_; ++i) {
      const std::string_view line = Line(i);
      if (line.size() > kMaxDateLine) {
        continue;
      }
      if (out_.publishers.size() < kMaxLabelled) {
        Propose(out_.publishers, LabelledSource(line));
      }
      if (out_.authors.empty()) {
        Propose(out_.authors, LabelledAuthors(line));
      }
      if (!dense_ && by_class_.authors.empty() && i >= start_ && !headline_.text.empty() &&
          page_.blocks()[i].weight <= kMaxByLine) {
        Propose(by_class_.authors, NameBehindBy(line));
      }
    }
  }

  // Names that the text itself gives, from the headline on.
  void Reporters() {
    for (size_t i = start_; i < page_.blocks().size() && out_.authors.empty(); ++i) {
      const std::string_view line = Line(i);
      if (page_.blocks()[i].link_weight == 0) {
        Propose(out_.authors, ReporterIn(line));
      }
    }
    for (const Candidate& it : own_account_) {
      if (out_.authors.empty()) {
        Propose(out_.authors, it.value);
      }
    }
  }

  // Elements near the headline whose class says whose name they hold.
  void Classes() {
    const HtmlTree& tree = page_.tree();
    const NodeId from = page_.blocks()[begin_].first;
    const NodeId to = end_ < page_.blocks().size() ? page_.blocks()[end_].first
                                                   : static_cast<NodeId>(tree.size());
    for (NodeId node = from; node < to; ++node) {
      if (tree.is_text(node) || tree.attribute_count(node) == 0 || page_.Mass(node) == 0 ||
          page_.Mass(node) > kMaxClassText) {
        continue;
      }
      const NameHint hint = NameHintOf(tree.attribute(node, "class"), tree.attribute(node, "id"));
      if (hint == NameHint::kAuthor && by_class_.authors.empty()) {
        const std::string name = PlainName(TextOf(node));
        Propose(by_class_.authors, name);
        if (dense_ && !IsMediumName(name) && !IsHanName(name) && out_.publishers.empty()) {
          Propose(out_.publishers, name);  // the account of someone who publishes on a platform
        }
      } else if (hint == NameHint::kSource && out_.publishers.empty() && dense_) {
        Propose(out_.publishers, PlainName(TextOf(node)));
      }
    }
  }

  // What the element says first: the text of its first link, else what stands before the first
  // boundary that a reader sees.
  std::string TextOf(NodeId node) const {
    const HtmlTree& tree = page_.tree();
    std::string text;
    const NodeId end = std::min(tree.subtree_end(node), node + kMaxClassNodes);
    for (NodeId inside = node + 1; inside < end && text.size() < kMaxNameText; ++inside) {
      const text::Tag tag = tree.tag(inside);
      if (tree.is_text(inside)) {
        text += text::TruncateToBytes(tree.text(inside), kMaxNameText);
      } else if (text::IsInvisibleTag(tag)) {
        inside = tree.subtree_end(inside) - 1;
      } else if ((text::IsBlockTag(tag) || tag == text::Tag::kBr) &&
                 text::WeightedLength(text::TrimBlank(text)) > kLongestLabel) {
        break;
      } else if (tag == text::Tag::kA && page_.Mass(inside) > 0) {
        text.clear();
        const NodeId link_end = std::min(tree.subtree_end(inside), inside + kMaxClassNodes);
        for (NodeId in_link = inside + 1; in_link < link_end && text.size() < kMaxNameText;
             ++in_link) {
          text += tree.is_text(in_link) ? text::TruncateToBytes(tree.text(in_link), kMaxNameText)
                                        : std::string_view(" ");
        }
        break;
      } else {
        text += ' ';
      }
    }
    return text::CollapseBlank(text);
  }

  const PageBlocks& page_;
  const Headline& headline_;
  const bool dense_;
  Candidates& out_;
  Candidates& by_class_;
  size_t begin_ = 0, end_ = 0, start_ = 0;
  std::vector<Candidate> own_account_;
};

}  // namespace

void ReadByline(const PageBlocks& page, const Headline& headline, bool dense, Candidates& out,
                Candidates& by_class) {
  Reader(page, headline, dense, out, by_class).Run();
}

}  // namespace newswire::steps
