// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace newswire::text {

// The element names that reading an article needs to tell apart. kOther is every other element,
// kNoTag a text or comment node and the root.
enum class Tag : uint8_t {
  kNoTag,
  kOther,
  kHtml,
  kHead,
  kBody,
  kTitle,
  kMeta,
  kLink,
  kBase,
  kScript,
  kStyle,
  kNoscript,
  kTemplate,
  kArticle,
  kSection,
  kMain,
  kNav,
  kAside,
  kHeader,
  kFooter,
  kAddress,
  kHgroup,
  kH1,
  kH2,
  kH3,
  kH4,
  kH5,
  kH6,
  kP,
  kDiv,
  kCenter,
  kBlockquote,
  kPre,
  kUl,
  kOl,
  kLi,
  kDl,
  kDt,
  kDd,
  kMenu,
  kDir,
  kFigure,
  kFigcaption,
  kHr,
  kBr,
  kWbr,
  kTable,
  kCaption,
  kColgroup,
  kCol,
  kThead,
  kTbody,
  kTfoot,
  kTr,
  kTh,
  kTd,
  kA,
  kAbbr,
  kAcronym,
  kB,
  kBdi,
  kBdo,
  kBig,
  kCite,
  kCode,
  kData,
  kDel,
  kDfn,
  kEm,
  kFont,
  kI,
  kIns,
  kKbd,
  kMark,
  kNobr,
  kQ,
  kRp,
  kRt,
  kRuby,
  kS,
  kSamp,
  kSmall,
  kSpan,
  kStrike,
  kStrong,
  kSub,
  kSup,
  kTime,
  kTt,
  kU,
  kVar,
  kImg,
  kPicture,
  kSource,
  kVideo,
  kAudio,
  kTrack,
  kEmbed,
  kObject,
  kParam,
  kMap,
  kArea,
  kIframe,
  kSvg,
  kMath,
  kCanvas,
  kForm,
  kFieldset,
  kLegend,
  kLabel,
  kInput,
  kButton,
  kSelect,
  kOptgroup,
  kOption,
  kTextarea,
  kDatalist,
  kOutput,
  kProgress,
  kMeter,
  kDetails,
  kSummary,
  kDialog,
  kMarquee,
  kFrameset,
  kFrame,
  kNoframes,
  kApplet,
};

// The tag called `name` (any case); kOther when the name is unknown. Constant time.
Tag FindTag(std::string_view name);

// The lower-case name of a known tag; empty for kNoTag and kOther.
std::string_view TagName(Tag tag);

// An element that a reader sees as a box of its own: text before, inside and after it are different
// lines. `br` is not one.
bool IsBlockTag(Tag tag);

// An element without content or end tag: br, img, meta ...
bool IsVoidTag(Tag tag);

// h1 to h6 give 1 to 6, anything else 0.
int HeadingLevel(Tag tag);

// An element whose content a reader never sees as text: head, script, style, template, noscript ...
bool IsInvisibleTag(Tag tag);

}  // namespace newswire::text
