// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace newswire::steps {

// What the words in an element's class and id say of its content. A set of bits.
enum ClassHint : uint16_t {
  kHintContent = 1 << 0,     // article, entry, story, body ...
  kHintComment = 1 << 1,     // what readers wrote
  kHintShare = 1 << 2,       // share bars, social networks
  kHintRelated = 1 << 3,     // other articles, promotion, lists of the most read
  kHintNavigation = 1 << 4,  // menus, breadcrumbs, pagers, tags
  kHintFooter = 1 << 5,      // footers, copyright, disclaimers
  kHintCaption = 1 << 6,     // captions, picture credits
  kHintByline = 1 << 7,      // authors, dates, sources
  kHintAdvert = 1 << 8,      // advertisements, sponsors
  kHintSidebar = 1 << 9,     // side bars, widgets
  kHintSignup = 1 << 10,     // newsletters, logins, paywalls, cookie banners
  kHintHidden = 1 << 11,     // for screen readers only
  kHintTitle = 1 << 12,      // titles, headlines
  kHintSummary = 1 << 13,    // standfirst, lead, excerpt
};

// Words are split at anything but letters and digits and where an upper-case letter follows a
// lower-case one; case does not matter.
uint16_t ClassHints(std::string_view class_names, std::string_view id);

}  // namespace newswire::steps
