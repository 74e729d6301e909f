// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/intake.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <spdlog/spdlog.h>

#include "daemon/intake/archiver.h"
#include "daemon/intake/discovery.h"
#include "daemon/intake/folder_poll.h"
#include "daemon/intake/posts.h"
#include "fetchers/polite_fetcher.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/text/hash.h"

namespace newswire::intake {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{500};  // a stop is noticed so soon even without a wake-up
constexpr milliseconds kFarewell{5000};    // for acknowledgements after a stop
constexpr milliseconds kSoon{30'000};  // a poll that is further off is not waited for by `drained`

}  // namespace

struct Intake::Impl {
  Impl(IntakeOptions options_in, std::vector<Source> sources_in, const std::string& user_agent,
       archive::Archive& archive_in, frontier::Frontier& frontier_in,
       transports::HttpEngine& engine_in, const Clock& clock_in)
      : options(options_in),
        clock(clock_in),
        archive(archive_in),
        engine(engine_in),
        schedule(clock_in),
        frontier(frontier_in),
        archiver(archive_in, engine_in),
        budget(clock_in, [this](std::string_view domain, const politeness::HostMemory& memory,
                                std::string_view why) { OnHost(domain, memory, why); }),
        fetcher(engine_in, budget, clock_in, user_agent,
                [this](const std::string& url, const transports::HttpResponse& response) {
                  OnRobots(url, response);
                }),
        context{.options = options,
                .clock = clock,
                .schedule = schedule,
                .frontier = frontier,
                .archiver = archiver,
                .fetcher = fetcher,
                .counters = counters,
                .fatal = fatal},
        discovery(context),
        posts(context),
        folders(context),
        next_sources(std::move(sources_in)) {}

  void OnHost(std::string_view domain, const politeness::HostMemory& memory, std::string_view why) {
    if (!why.empty()) {
      spdlog::warn("a host is blocked domain={} until={} why=\"{}\"", domain,
                   FormatUtc(memory.blocked_until.value_or(UtcMillis{})), why);
    }
    if (auto stored = frontier.StoreHost(domain, memory); !stored) {
      context.Die(stored.error());
    }
  }

  // robots.txt is archived when it says something new; it belongs to no source.
  void OnRobots(const std::string& url, const transports::HttpResponse& response) {
    if (!options.archive_discovery) {
      return;
    }
    auto row = frontier.LoadWay("", url);
    if (!row) {
      context.Die(row.error());
      return;
    }
    const std::string digest = text::Hex(text::Sha256(response.body));
    if (row->digest == digest) {
      return;
    }
    row->digest = digest;
    Capture capture = CaptureOf(url, response, {.role = CaptureRole::kRobots, .link = url});
    archiver.Append(std::move(capture), [this, row = *row](const Result<ArchiveAddress>& durable) {
      if (durable) {
        if (auto stored = frontier.StoreWay(row); !stored) {
          context.Die(stored.error());
        }
      }
    });
  }

  Status Restore() {
    auto hosts = frontier.Hosts(clock.Wall());
    if (!hosts) {
      return std::unexpected(hosts.error());
    }
    for (const auto& host : *hosts) {
      budget.Restore(host.domain, host.memory);
    }
    if (!frontier.created()) {
      budget.AssumeAllAsked();
    }
    return {};
  }

  // Takes over a new list of sources. Those that are gone, or whose definition changed, end when
  // nothing of theirs is in flight.
  void ApplySources() {
    std::optional<std::vector<Source>> wanted;
    {
      std::lock_guard lock(mutex);
      wanted.swap(next_sources);
    }
    if (wanted) {
      for (auto& [id, active] : sources) {
        const auto same = std::ranges::find(*wanted, id, &Source::id);
        if (same == wanted->end() || !(*same == active->source)) {
          retiring.push_back(std::move(active));
        }
      }
      std::erase_if(sources, [](const auto& entry) { return entry.second == nullptr; });
      waiting = std::move(*wanted);
    }
    std::erase_if(retiring,
                  [](const auto& active) { return !active->polling && active->in_flight.empty(); });
    std::erase_if(waiting, [&](const Source& source) {
      const bool leaves = std::ranges::any_of(
          retiring, [&](const auto& active) { return active->source.id == source.id; });
      if (!leaves) {
        Activate(source);
      }
      return !leaves;
    });
  }

  void Activate(const Source& source) {
    if (sources.contains(source.id)) {
      return;
    }
    auto row = frontier.LoadSource(source.id);
    if (!row) {
      context.Die(row.error());
      return;
    }
    auto active = std::make_unique<ActiveSource>();
    active->source = source;
    active->row = std::move(*row);
    if (source.kind != SourceKind::kFolder) {
      active->rules = sources::MakeRules(source);
    }
    auto due = frontier.NextDueAfter(source.id, UtcMillis{});
    if (!due) {
      context.Die(due.error());
      return;
    }
    active->next_link = *due;
    sources.emplace(source.id, std::move(active));
  }

  void StartDueWork() {
    const UtcMillis now = schedule.Now();
    const bool room = archive.has_room();
    if (room == counters.paused) {
      counters.paused = !room;
      spdlog::log(room ? spdlog::level::info : spdlog::level::err,
                  room ? "the disk has room again: fetching goes on"
                       : "the disk is nearly full: fetching pauses");
    }
    if (!room) {
      return;
    }
    for (auto& [id, active] : sources) {
      if (!active->polling && active->row.next_poll <= now && active->row.blocked_until <= now) {
        if (active->rules) {
          discovery.StartPoll(*active);
        } else {
          folders.StartPoll(*active);
        }
      }
      if (active->rules) {
        posts.StartDue(*active);
      }
    }
  }

  milliseconds UntilNext(std::optional<SteadyTime> fetcher_next) const {
    milliseconds wait = kLongestWait;
    const UtcMillis now = schedule.Now();
    const auto consider = [&](UtcMillis at) {
      wait = std::min(wait, std::max(at - now, milliseconds{0}));
    };
    for (const auto& [id, active] : sources) {
      if (!active->polling) {
        consider(std::max(active->row.next_poll, active->row.blocked_until));
      }
      if (active->rules && active->next_link && *active->next_link > now) {
        consider(std::max(*active->next_link, active->row.blocked_until));
      }
    }
    if (fetcher_next) {
      const auto until = std::chrono::ceil<milliseconds>(*fetcher_next - clock.Steady());
      wait = std::clamp(until, milliseconds{0}, wait);
    }
    return wait;
  }

  bool Idle() const {
    const UtcMillis now = schedule.Now();
    return archiver.pending() == 0 && retiring.empty() && waiting.empty() &&
           std::ranges::all_of(sources, [&](const auto& entry) {
             const ActiveSource& active = *entry.second;
             const bool blocked = active.row.blocked_until > now;
             const bool asked = active.polled || blocked || active.row.next_poll > now + kSoon;
             return asked && !active.polling && active.in_flight.empty() &&
                    (blocked || !active.next_link || *active.next_link > now);
           });
  }

  const IntakeOptions options;
  const Clock& clock;
  archive::Archive& archive;
  transports::HttpEngine& engine;
  Schedule schedule;
  frontier::Frontier& frontier;
  IntakeCounters counters;
  std::optional<Error> fatal;
  Archiver archiver;
  politeness::HostBudget budget;
  PoliteFetcher fetcher;
  Context context;
  Discovery discovery;
  Posts posts;
  FolderPoll folders;
  std::map<std::string, std::unique_ptr<ActiveSource>> sources;
  std::vector<std::unique_ptr<ActiveSource>> retiring;  // no longer wanted, still in flight
  std::vector<Source> waiting;                          // for their predecessor to retire

  std::mutex mutex;  // of next_sources
  std::optional<std::vector<Source>> next_sources;
};

Intake::Intake(IntakeOptions options, std::vector<Source> sources, const std::string& user_agent,
               archive::Archive& archive, frontier::Frontier& frontier,
               transports::HttpEngine& engine, const Clock& clock)
    : impl_(std::make_unique<Impl>(options, std::move(sources), user_agent, archive, frontier,
                                   engine, clock)) {}

Intake::~Intake() = default;

const IntakeCounters& Intake::counters() const { return impl_->counters; }

void Intake::SetSources(std::vector<Source> sources) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->next_sources = std::move(sources);
  }
  impl_->engine.Wakeup();
}

Status Intake::Run(std::stop_token stop) {
  Impl& self = *impl_;
  if (auto restored = self.Restore(); !restored) {
    return restored;
  }
  while (!stop.stop_requested()) {
    self.archiver.Deliver();
    self.ApplySources();
    self.StartDueWork();
    const bool more = self.folders.Pump();
    const auto next = self.fetcher.Pump();
    // One transaction a turn: everything that this turn learned becomes durable together.
    if (auto committed = self.frontier.Commit(); !committed) {
      return committed;
    }
    if (self.fatal) {
      return std::unexpected(*self.fatal);
    }
    drained_ = self.Idle();
    self.engine.Poll(more ? milliseconds{0} : self.UntilNext(next));
  }
  const SteadyTime deadline = self.clock.Steady() + kFarewell;
  while (self.archiver.pending() > 0 && self.clock.Steady() < deadline && !self.fatal) {
    self.engine.Poll(milliseconds{20});
    self.archiver.Deliver();
  }
  if (auto committed = self.frontier.Commit(); !committed) {
    return committed;
  }
  return Fail(ErrorKind::kCancelled, "stopped");
}

}  // namespace newswire::intake
