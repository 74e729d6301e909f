// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/fetch.h"

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "daemon/commands/exit_codes.h"
#include "daemon/commands/one_shot.h"
#include "fetchers/sources/folder.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/formats/feed.h"
#include "transforms/model/event.h"
#include "transforms/model/url.h"
#include "transforms/pipeline.h"
#include "transforms/text/content_encoding.h"

namespace newswire::commands {
namespace {

constexpr const char* kSourceId = "fetch";

// One run of the command.
class Session {
 public:
  Session(const FetchOptions& options, const config::Config& config, std::ostream& out,
          std::ostream& err, const Clock& clock, std::stop_token stop)
      : options_(options),
        config_(config),
        out_(out),
        err_(err),
        clock_(clock),
        stop_(std::move(stop)) {}

  Status FetchUrl(const std::string& url) {
    Source source;
    source.id = kSourceId;
    source.url = url;
    if (!options_.timezone.empty()) {
      source.timezone = options_.timezone;
    }
    if (const Status ready = Prepare(source); !ready) {
      return ready;
    }
    auto outcome = fetcher_->Get(
        {.url = url,
         .discovered = false,
         .max_body_bytes = std::max(config_.http.max_post_bytes, config_.http.max_feed_bytes),
         .rules = RulesFor(source, config_.http)},
        stop_);
    if (!outcome) {
      return std::unexpected(outcome.error());
    }
    if (const std::string failure = Failure(*outcome); !failure.empty()) {
      return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", url, failure));
    }
    Capture capture = CaptureOf(std::move(outcome->final_url), *std::move(outcome->response),
                                {.source = kSourceId, .link = url});
    if (const auto feed = ReadFeed(capture); feed) {
      return PrintFeed(std::move(source), std::move(capture), *feed);
    }
    return Print(source, capture);
  }

  Status FetchSource(const Source& source) {
    if (source.kind == SourceKind::kFolder) {
      return FetchFolder(source);
    }
    if (const Status ready = Prepare(source); !ready) {
      return ready;
    }
    const auto rules = sources::MakeRules(source);
    const auto ways = rules->WaysToAsk({.first_contact = true, .now = clock_.Wall()});
    std::vector<sources::FoundLink> links;
    for (const sources::Way& way : ways) {
      const Status asked = Ask(source, *rules, way, links);
      if (!asked && (way.main || asked.error().kind == ErrorKind::kCancelled)) {
        return asked;
      }
      if (!asked) {
        err_ << "newswired fetch: " << asked.error().message << '\n';
      }
      if (way.main && source.body == BodyKind::kFeed) {
        return {};
      }
      if (links.size() >= options_.limit) {
        break;
      }
    }
    return FetchPosts(source, std::move(links));
  }

  size_t events() const { return events_; }

 private:
  Status Prepare(const Source&) {
    auto fetcher = OneShotFetcher::Create(config_.http, clock_);
    if (!fetcher) {
      return std::unexpected(fetcher.error());
    }
    fetcher_ = *std::move(fetcher);
    return {};
  }

  Result<formats::Feed> ReadFeed(const Capture& capture) const {
    auto body = text::DecodeContent(capture.body,
                                    FindHeader(capture.headers, "Content-Encoding").value_or(""),
                                    {.max_bytes = config_.http.max_feed_bytes});
    if (!body) {
      return std::unexpected(body.error());
    }
    return formats::ParseFeed(*body, FindHeader(capture.headers, "Content-Type").value_or(""),
                              capture.url);
  }

  Status PrintFeed(Source source, Capture capture, const formats::Feed& feed) {
    source.body =
        std::ranges::any_of(feed.entries, [](const auto& entry) { return !entry.content.empty(); })
            ? BodyKind::kFeed
            : BodyKind::kPage;
    if (source.body == BodyKind::kFeed) {
      capture.metadata.role = CaptureRole::kFeed;
      capture.metadata.body = BodyKind::kFeed;
      return Print(source, capture);
    }
    auto reading = sources::ReadFeedAnswer(capture, {.max_bytes = config_.http.max_feed_bytes});
    if (!reading) {
      return std::unexpected(reading.error());
    }
    return FetchPosts(source, std::move(reading->links));
  }

  // Asks one way; a feed that is the body is printed at once.
  Status Ask(const Source& source, const sources::SourceKindRules& rules, const sources::Way& way,
             std::vector<sources::FoundLink>& links) {
    const size_t max_bytes = way.role == CaptureRole::kSitemap ? config_.http.max_sitemap_bytes
                                                               : config_.http.max_feed_bytes;
    auto outcome = fetcher_->Get({.url = way.url,
                                  .discovered = way.discovered,
                                  .max_body_bytes = max_bytes,
                                  .robots = source.robots,
                                  .rules = RulesFor(source, config_.http)},
                                 stop_);
    if (!outcome) {
      return std::unexpected(outcome.error());
    }
    if (const std::string failure = Failure(*outcome); !failure.empty()) {
      return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", way.url, failure));
    }
    const bool is_body = source.body == BodyKind::kFeed && way.main;
    const Capture capture = CaptureOf(std::move(outcome->final_url), *std::move(outcome->response),
                                      {.source = source.id,
                                       .role = way.role,
                                       .body = is_body ? BodyKind::kFeed : BodyKind::kPage,
                                       .link = way.url});
    if (is_body) {
      return Print(source, capture);
    }
    auto reading = rules.Read(way, capture, {.max_bytes = max_bytes});
    if (!reading) {
      return WithContext(reading.error(), way.url);
    }
    for (sources::FoundLink& link : reading->links) {
      const bool known = std::ranges::any_of(
          links, [&](const sources::FoundLink& other) { return other.url == link.url; });
      if (!known) {
        links.push_back(std::move(link));
      }
    }
    return {};
  }

  // The newest of them (they come oldest first), printed oldest first.
  Status FetchPosts(const Source& source, std::vector<sources::FoundLink> links) {
    if (links.size() > options_.limit) {
      std::ranges::stable_sort(links, {}, [](const sources::FoundLink& link) {
        return link.dated.value_or(UtcMillis{});
      });
      links.erase(links.begin(), links.end() - static_cast<std::ptrdiff_t>(options_.limit));
    }
    std::vector<FetchRequest> requests;
    requests.reserve(links.size());
    for (const sources::FoundLink& link : links) {
      requests.push_back({.url = link.url,
                          .max_body_bytes = config_.http.max_post_bytes,
                          .robots = source.robots,
                          .rules = RulesFor(source, config_.http)});
    }
    Status printed;
    const Status fetched = fetcher_->GetAll(
        std::move(requests),
        [&](size_t index, FetchOutcome outcome) {
          const sources::FoundLink& link = links[index];
          if (const std::string failure = Failure(outcome); !failure.empty()) {
            err_ << fmt::format("newswired fetch: {}: {}\n", link.url, failure);
            return;
          }
          const Capture capture =
              CaptureOf(std::move(outcome.final_url), *std::move(outcome.response),
                        {.source = source.id, .link = link.url, .entry = link.entry});
          if (Status status = Print(source, capture); !status) {
            printed = std::move(status);
          }
        },
        stop_);
    return fetched ? printed : fetched;
  }

  Status FetchFolder(const Source& source) {
    auto files = sources::ListPostFiles(source);
    if (!files) {
      return std::unexpected(files.error());
    }
    const size_t skip = files->size() - std::min(files->size(), options_.limit);
    for (const sources::PostFile& file : *files | std::views::drop(skip)) {
      auto capture = sources::ReadPostFile(file, config_.http.max_post_bytes, clock_);
      if (!capture) {
        err_ << "newswired fetch: " << capture.error().message << '\n';
        continue;
      }
      capture->metadata.source = source.id;
      capture->metadata.role = CaptureRole::kPost;
      capture->metadata.body = BodyKind::kFile;
      capture->metadata.link = file.url;
      if (Status status = Print(source, *capture); !status) {
        return status;
      }
    }
    return {};
  }

  Status Print(const Source& source, const Capture& capture) {
    const auto pipeline = Pipeline::Create(source);
    if (!pipeline) {
      return std::unexpected(pipeline.error());
    }
    const Transformed transformed = pipeline->Run(capture);
    for (const Post& post : transformed.posts) {
      ++events_;
      out_ << MakeEvent(post, Sequenced{}, post.category.slug, config_.kafka.max_event_bytes).value
           << '\n'
           << std::flush;
    }
    for (const DeadLetter& letter : transformed.dead_letters) {
      err_ << fmt::format("newswired fetch: {}: {}: {}\n", letter.url, letter.step, letter.reason);
    }
    return {};
  }

  const FetchOptions& options_;
  const config::Config& config_;
  std::ostream& out_;
  std::ostream& err_;
  const Clock& clock_;
  const std::stop_token stop_;
  std::unique_ptr<OneShotFetcher> fetcher_;
  size_t events_ = 0;
};

}  // namespace

int RunFetch(const FetchOptions& options, const config::Config& config, std::ostream& out,
             std::ostream& err, const Clock& clock, std::stop_token stop) {
  Session session(options, config, out, err, clock, std::move(stop));
  const auto source = std::ranges::find(config.sources, options.what, &Source::id);
  const bool is_url = options.what.find("://") != std::string::npos;
  if (source == config.sources.end() && !is_url) {
    err << fmt::format("newswired fetch: '{}' is neither a URL nor a source of the configuration\n",
                       options.what);
    return kExitUsage;
  }
  const Status status = source != config.sources.end() ? session.FetchSource(*source)
                                                       : session.FetchUrl(options.what);
  if (!status) {
    err << "newswired fetch: " << status.error().message << '\n';
    return kExitFailed;
  }
  if (session.events() == 0) {
    err << "newswired fetch: no event\n";
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace newswire::commands
