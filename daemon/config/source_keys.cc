// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/config/key_builders.h"
#include "daemon/config/keys.h"

namespace newswire::config {
namespace {

using namespace builders;  // NOLINT(google-build-using-namespace): the table is written in these
                           // words
using std::chrono::seconds;

constexpr std::array<std::string_view, 3> kBuiltKinds{"feed", "jekyll", "folder"};
constexpr std::array<std::string_view, 3> kPlannedKinds{"sitemap", "listing", "json_api"};

const Names<SourceKind>& KindNames() {
  static const Names<SourceKind> kNames{{"feed", SourceKind::kFeed},
                                        {"jekyll", SourceKind::kJekyll},
                                        {"folder", SourceKind::kFolder}};
  return kNames;
}
const Names<BodyKind>& BodyNames() {
  static const Names<BodyKind> kNames{
      {"page", BodyKind::kPage}, {"feed", BodyKind::kFeed}, {"file", BodyKind::kFile}};
  return kNames;
}
const Names<RobotsPolicy>& RobotsNames() {
  static const Names<RobotsPolicy> kNames{{"discovered", RobotsPolicy::kDiscovered},
                                          {"obey", RobotsPolicy::kObey},
                                          {"ignore", RobotsPolicy::kIgnore}};
  return kNames;
}
const Names<IdPolicy>& IdPolicyNames() {
  static const Names<IdPolicy> kNames{{"auto", IdPolicy::kAuto},
                                      {"url", IdPolicy::kUrl},
                                      {"guid", IdPolicy::kGuid},
                                      {"original_url", IdPolicy::kOriginalUrl},
                                      {"pattern", IdPolicy::kPattern}};
  return kNames;
}

Value GetEvery(const Source& source) {
  return source.every ? Value(*source.every) : Value(std::string("adaptive"));
}
void SetEvery(Source& source, Value value) {
  if (const auto* every = std::get_if<milliseconds>(&value)) {
    source.every = *every;
  } else {
    source.every.reset();
  }
}
Value GetDelay(const Source& source) {
  return source.delay ? Value(*source.delay) : Value(std::monostate{});
}
void SetDelay(Source& source, Value value) { source.delay = std::get<milliseconds>(value); }
Value GetRecheck(const Source& source) {
  return DurationList(source.recheck.begin(), source.recheck.end());
}
void SetRecheck(Source& source, Value value) {
  source.recheck.clear();
  for (const milliseconds after : std::get<DurationList>(value)) {
    source.recheck.push_back(std::chrono::duration_cast<seconds>(after));
  }
}

using BackfillKind = Backfill::Kind;
constexpr std::array<std::pair<std::string_view, BackfillKind>, 3> kBackfillNames{
    {{"feed", BackfillKind::kFeed}, {"none", BackfillKind::kNone}, {"all", BackfillKind::kAll}}};

Value GetBackfill(const Source& source) {
  for (const auto& [name, kind] : kBackfillNames) {
    if (kind == source.backfill.kind) {
      return std::string(name);
    }
  }
  return milliseconds(source.backfill.age);
}
void SetBackfill(Source& source, Value value) {
  source.backfill = Backfill{};
  if (const auto* age = std::get_if<milliseconds>(&value)) {
    source.backfill.kind = BackfillKind::kAge;
    source.backfill.age = std::chrono::duration_cast<seconds>(*age);
    return;
  }
  for (const auto& [name, kind] : kBackfillNames) {
    if (name == std::get<std::string>(value)) {
      source.backfill.kind = kind;
    }
  }
}

const std::vector<Key<Source>>& SourceTable() {
  static const std::vector<Key<Source>> kTable{
      Text<Source>(
          [](auto& s) -> auto& { return s.id; },
          {.name = "id",
           .shape = Shape::kText,
           .summary =
               "The namespace of its posts' ids. Never change it: the posts would be new ones.",
           .absent = "required",
           .example = "finews"}),
      Choice<Source>(
          [](auto& s) -> auto& { return s.kind; }, []() -> auto& { return KindNames(); },
          {.name = "kind",
           .shape = Shape::kChoice,
           .summary = "feed: any RSS, Atom, JSON Feed or CDF. jekyll: a Jekyll site with feed and "
                      "sitemap. folder: Markdown posts (_posts) on this machine.",
           .absent = "required"}),
      Text<Source>(
          [](auto& s) -> auto& { return s.url; },
          {.name = "url",
           .shape = Shape::kUrl,
           .summary = "The feed, the site's first page, or for a folder its path (relative to this "
                      "file).",
           .absent = "required",
           .example = "https://finews.example/"}),
      Text<Source>([](auto& s) -> auto& { return s.feed; },
                   {.name = "feed",
                    .shape = Shape::kUrl,
                    .summary = "jekyll: the feed's URL.",
                    .absent = "<url>/feed.xml",
                    .example = "https://finews.example/atom.xml"}),
      Text<Source>([](auto& s) -> auto& { return s.sitemap; },
                   {.name = "sitemap",
                    .shape = Shape::kUrl,
                    .summary = "jekyll: the sitemap's URL.",
                    .absent = "<url>/sitemap.xml",
                    .example = "https://finews.example/posts.xml"}),
      Choice<Source>(
          [](auto& s) -> auto& { return s.body; }, []() -> auto& { return BodyNames(); },
          {.name = "body",
           .shape = Shape::kChoice,
           .summary =
               "Where the text of a post comes from: its page, its entry in the feed, its file.",
           .absent = "page; file for kind folder"}),
      {.name = "every",
       .shape = Shape::kChoiceOrDuration,
       .summary = "Time between two polls, at least 1s. adaptive: between 5 minutes and a day, by "
                  "the source's own rhythm.",
       .get = &GetEvery,
       .set = &SetEvery,
       .min = kSecond,
       .max = 366 * kDay,
       .choices = {"adaptive"}},
      {.name = "delay",
       .shape = Shape::kDuration,
       .summary = "Pause between two requests to its domain.",
       .get = &GetDelay,
       .set = &SetDelay,
       .max = kDay,
       .absent = "http.delay",
       .example = "1s"},
      Number<Source>([](auto& s) -> auto& { return s.parallel; },
                     {.name = "parallel",
                      .shape = Shape::kNumber,
                      .summary = "Requests under way at once to its domain.",
                      .min = 1,
                      .max = 64}),
      {.name = "recheck",
       .shape = Shape::kDurationList,
       .summary = "A fetched post is asked for again so long after its fetch, so that edits and "
                  "removals become events. [] turns that off.",
       .get = &GetRecheck,
       .set = &SetRecheck,
       .min = kSecond,
       .max = 366 * kDay},
      Choice<Source>(
          [](auto& s) -> auto& { return s.robots; }, []() -> auto& { return RobotsNames(); },
          {.name = "robots",
           .shape = Shape::kChoice,
           .summary = "robots.txt decides over links that were found (discovered), over every URL "
                      "(obey), or over none (ignore)."}),
      {.name = "backfill",
       .shape = Shape::kChoiceOrDuration,
       .summary = "What the first contact publishes: what the feed shows, none, all that can be "
                  "found, or posts up to this age. Older ones are kept, not published.",
       .get = &GetBackfill,
       .set = &SetBackfill,
       .min = kSecond,
       .choices = {"feed", "none", "all"}},
      Duration<Source>(
          [](auto& s) -> auto& { return s.removal.confirm_after; },
          {.name = "removal.confirm_after",
           .shape = Shape::kDuration,
           .summary = "Two 404 answers at least so far apart are a removal; one 410 is.",
           .max = 366 * kDay}),
      Flag<Source>([](auto& s) -> auto& { return s.removal.when_unlisted; },
                   {.name = "removal.when_unlisted",
                    .shape = Shape::kFlag,
                    .summary = "Leaving the feed or the folder is a removal."}),
      Choice<Source>(
          [](auto& s) -> auto& { return s.id_policy; }, []() -> auto& { return IdPolicyNames(); },
          {.name = "id_policy",
           .shape = Shape::kChoice,
           .summary =
               "What a post's own id is: the kind's (auto), a hash of its URL, the feed's guid, "
               "a hash of the original's URL, or what id_pattern finds in its URL."}),
      Text<Source>(
          [](auto& s) -> auto& { return s.id_pattern; },
          {.name = "id_pattern",
           .shape = Shape::kText,
           .summary = "For id_policy: pattern. A regular expression with one group, over the URL.",
           .absent = "none",
           .example = "/([0-9]+)\\.html$"}),
      Text<Source>([](auto& s) -> auto& { return s.timezone; },
                   {.name = "timezone",
                    .shape = Shape::kText,
                    .summary = "IANA name, for times that are written without an offset."}),
      Text<Source>([](auto& s) -> auto& { return s.language; },
                   {.name = "language",
                    .shape = Shape::kText,
                    .summary = "BCP 47 tag of its posts.",
                    .absent = "detected in each post",
                    .example = "zh"}),
      List<Source>([](auto& s) -> auto& { return s.steps; },
                   {.name = "steps",
                    .shape = Shape::kTextList,
                    .summary = "The transform steps and their order. [] is the default pipeline."}),
      {.name = "categories",
       .shape = Shape::kTable,
       .summary = "Mapping table: a category's or publisher's name to its slug. Inline, or "
                  "file:<path> of a CSV file with two columns.",
       .get = [](const Source& source) -> Value { return source.categories; },
       .set = [](Source& source,
                 Value value) { source.categories = std::get<TextPairs>(std::move(value)); },
       .example = "{中国证券报: zhongguozhengquanbao}"},
  };
  return kTable;
}

}  // namespace

std::span<const Key<Source>> SourceKeys() { return SourceTable(); }

Source DefaultSource() {
  Source source;
  source.recheck = {seconds(600), seconds(3600), seconds(6 * 3600), seconds(24 * 3600)};
  return source;
}

BodyKind DefaultBody(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFolder:
      return BodyKind::kFile;
    case SourceKind::kJsonApi:
      return BodyKind::kDetail;
    case SourceKind::kFeed:
    case SourceKind::kSitemap:
    case SourceKind::kListing:
    case SourceKind::kJekyll:
      return BodyKind::kPage;
  }
  return BodyKind::kPage;
}

std::span<const std::string_view> BuiltKinds() { return kBuiltKinds; }

bool IsPlannedKind(std::string_view name) {
  return std::ranges::find(kPlannedKinds, name) != kPlannedKinds.end();
}

}  // namespace newswire::config
