// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/intake.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/disk_room.h"
#include "daemon/frontier/catch_up.h"
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
// Between two tries to go on after the frontier could not be written: doubled each time.
constexpr milliseconds kFirstPause{1000};
constexpr milliseconds kLongestPause{300'000};
// Looking at all sources is done at each turn when they are few; when they are so many that it
// takes longer than this, it rests between two looks so many times as long as one took.
constexpr std::chrono::microseconds kShortLook{100};
constexpr int kRest = 20;
constexpr milliseconds kSoon{30'000};  // a poll that is further off is not waited for by `drained`

}  // namespace

// What must not be asked before when: what a session knew and the frontier may not have taken.
struct Forbidden {
  std::map<std::string, frontier::SourceRow> sources;  // only their times are of use
  std::map<std::string, politeness::HostMemory> domains;
};

// What outlives a session.
struct Intake::Impl {
  IntakeOptions options;
  std::string user_agent;
  archive::Archive& archive;
  frontier::Frontier& frontier;
  transports::HttpEngine& engine;
  const Clock& clock;
  IntakeCounters counters;
  std::vector<Source> sources;  // as last wanted; the intake's thread's
  Forbidden forbidden;

  std::mutex mutex;  // of next_sources
  std::optional<std::vector<Source>> next_sources;

  // The sources that are wanted from now on, once.
  std::optional<std::vector<Source>> TakeSources() {
    std::lock_guard lock(mutex);
    return std::exchange(next_sources, std::nullopt);
  }
  bool HasRoom() const {
    return archive.has_room() && newswire::HasRoom(options.state_dir, options.min_free_bytes);
  }
};

// From the frontier's rows to the first of its errors: what is in memory here follows from the
// frontier and may be made anew from it.
struct Intake::Session {
  explicit Session(Impl& shared_in)
      : shared(shared_in),
        options(shared.options),
        clock(shared.clock),
        engine(shared.engine),
        counters(shared.counters),
        schedule(shared.clock),
        frontier(shared.frontier),
        archiver(shared.archive, shared.frontier, shared.engine),
        budget(shared.clock, [this](std::string_view domain, const politeness::HostMemory& memory,
                                    std::string_view why) { OnHost(domain, memory, why); }),
        fetcher(shared.engine, budget, shared.clock, shared.user_agent,
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
                .archive = shared.archive,
                .fatal = fatal},
        discovery(context),
        posts(context),
        folders(context),
        waiting(shared.sources) {}

  Status Run(const std::stop_token& stop, std::atomic<bool>& drained);

  void OnHost(std::string_view domain, const politeness::HostMemory& memory, std::string_view why) {
    if (!why.empty()) {
      spdlog::warn("a host is blocked domain={} until={} why=\"{}\"", domain,
                   FormatUtc(memory.blocked_until.value_or(UtcMillis{})), why);
    }
    std::erase_if(shared.forbidden.domains, [now = clock.Wall()](const auto& known) {
      return known.second.blocked_until.value_or(now) <= now;
    });
    shared.forbidden.domains.insert_or_assign(std::string(domain), memory);
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

  // What the frontier says of posts that were redacted goes, once for each redaction.
  void ForgetRedacted() {
    auto now = shared.archive.controls()->redactions();
    if (now == redactions) {
      return;
    }
    redactions = std::move(now);
    for (const auto& [source, url] : redactions->links()) {
      auto row = frontier.FindLink(source, url);
      if (!row) {
        context.Die(row.error());
        return;
      }
      if (*row && ((*row)->due || !(*row)->entry.title.empty())) {
        Withdraw(context, std::move(**row));
      }
    }
  }

  Status Restore(const std::stop_token& stop) {
    auto back = frontier.FollowClock(schedule.Now());
    if (!back) {
      return std::unexpected(back.error());
    }
    if (*back) {
      spdlog::warn("the clock was set back since the last run: what is due moves with it ms={}",
                   (*back)->count());
    }
    if (auto recorded =
            frontier::CatchUp(frontier, shared.archive, shared.sources, schedule.Now(), stop);
        !recorded) {
      return recorded;
    }
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
    for (const auto& [domain, memory] : shared.forbidden.domains) {
      budget.Restore(domain, memory);
    }
    return {};
  }

  // For the session that follows.
  void Hand(Forbidden& forbidden) const {
    for (const auto& [id, active] : sources) {
      forbidden.sources.insert_or_assign(id, active->row);
    }
  }

  // Takes over a new list of sources. Those that are gone, or whose definition changed, end when
  // nothing of theirs is in flight.
  void ApplySources() {
    if (std::optional<std::vector<Source>> wanted = shared.TakeSources()) {
      for (auto& [id, active] : sources) {
        const auto same = std::ranges::find(*wanted, id, &Source::id);
        if (same == wanted->end() || !(*same == active->source)) {
          retiring.push_back(std::move(active));
        }
      }
      std::erase_if(sources, [](const auto& entry) { return entry.second == nullptr; });
      shared.sources = *wanted;
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
    if (const auto before = shared.forbidden.sources.find(source.id);
        before != shared.forbidden.sources.end()) {
      active->row.next_poll = std::max(active->row.next_poll, before->second.next_poll);
      active->row.blocked_until = std::max(active->row.blocked_until, before->second.blocked_until);
    }
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
    const bool room = shared.HasRoom();
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

  // Until a source is due, as seen at a look; while nothing is started, until room is looked for.
  milliseconds UntilDue() const {
    milliseconds wait = kLongestWait;
    if (counters.paused) {
      return wait;
    }
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
    return wait;
  }

  // How long the engine may wait for the network. After a turn without a look, until the next one.
  milliseconds UntilNext(bool looked, std::optional<SteadyTime> fetcher_next) const {
    const SteadyTime now = clock.Steady();
    const auto until = [now](SteadyTime at) {
      return std::max(std::chrono::ceil<milliseconds>(at - now), milliseconds{0});
    };
    milliseconds wait = looked ? std::max(until_due, until(next_look)) : until(next_look);
    if (fetcher_next) {
      wait = std::min(wait, until(*fetcher_next));
    }
    return std::min(wait, kLongestWait);
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

  Impl& shared;
  const IntakeOptions& options;
  const Clock& clock;
  transports::HttpEngine& engine;
  IntakeCounters& counters;
  Schedule schedule;
  frontier::Frontier& frontier;
  std::optional<Error> fatal;
  Archiver archiver;
  politeness::HostBudget budget;
  PoliteFetcher fetcher;
  Context context;
  std::shared_ptr<const archive::Redactions> redactions;  // as last looked at
  Discovery discovery;
  Posts posts;
  FolderPoll folders;
  std::map<std::string, std::unique_ptr<ActiveSource>> sources;
  std::vector<std::unique_ptr<ActiveSource>> retiring;  // no longer wanted, still in flight
  std::vector<Source> waiting;                          // for their predecessor to retire

  SteadyTime next_look{};     // at all sources, not before
  milliseconds until_due{0};  // as seen at the last look
};

// Until a stop (kCancelled), or the first error of the frontier or the archive.
Status Intake::Session::Run(const std::stop_token& stop, std::atomic<bool>& drained) {
  if (auto restored = Restore(stop); !restored) {
    return restored;
  }
  while (!stop.stop_requested()) {
    archiver.Deliver();
    ApplySources();
    ForgetRedacted();
    const bool looks = clock.Steady() >= next_look;
    if (looks) {
      StartDueWork();
    }
    const bool more = folders.Pump();
    const auto next = fetcher.Pump();
    // One transaction a turn: everything that this turn learned becomes durable together.
    frontier.NoteTime(schedule.Now());
    if (auto committed = frontier.Commit(); !committed) {
      return committed;
    }
    if (fatal) {
      return std::unexpected(*fatal);
    }
    if (looks) {
      const SteadyTime began = clock.Steady();
      drained = Idle();  // what is idle stays so until the next look: it alone starts polls
      until_due = UntilDue();
      const SteadyTime ended = clock.Steady();
      next_look = ended - began < kShortLook ? ended : ended + kRest * (ended - began);
    }
    engine.Poll(more ? milliseconds{0} : UntilNext(looks, next));
  }
  const SteadyTime deadline = clock.Steady() + kFarewell;
  while (archiver.pending() > 0 && clock.Steady() < deadline && !fatal) {
    engine.Poll(milliseconds{20});
    archiver.Deliver();
  }
  if (auto committed = frontier.Commit(); !committed) {
    return committed;
  }
  return Fail(ErrorKind::kCancelled, "stopped");
}

Intake::Intake(IntakeOptions options, std::vector<Source> sources, const std::string& user_agent,
               archive::Archive& archive, frontier::Frontier& frontier,
               transports::HttpEngine& engine, const Clock& clock)
    : impl_(new Impl{.options = std::move(options),
                     .user_agent = user_agent,
                     .archive = archive,
                     .frontier = frontier,
                     .engine = engine,
                     .clock = clock,
                     .counters = {},
                     .sources = std::move(sources),
                     .forbidden = {},
                     .mutex = {},
                     .next_sources = {}}) {}

Intake::~Intake() = default;

const IntakeCounters& Intake::counters() const { return impl_->counters; }

void Intake::SetSources(std::vector<Source> sources) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->next_sources = std::move(sources);
  }
  impl_->engine.Wakeup();
}

// The frontier took nothing: the disk is full, or a file is locked. What it holds is consistent,
// and what is in memory follows from it, so a new session from there loses no link; it may repeat
// a fetch, as a crash does, but asks nobody earlier than was known to be allowed.
void Intake::Pause(const Error& why, std::chrono::milliseconds pause, const std::stop_token& stop) {
  Impl& self = *impl_;
  if (!self.counters.paused.exchange(true)) {
    spdlog::error("the frontier cannot be written: fetching pauses reason=\"{}\"", why.message);
  }
  const SteadyTime until = self.clock.Steady() + pause;
  const auto ready = [&] {
    // What an abandoned fetch still has in flight counts against its host.
    return self.clock.Steady() >= until && self.engine.in_flight() == 0 && self.HasRoom();
  };
  while (!stop.stop_requested() && !ready()) {
    self.engine.Poll(kLongestWait);
  }
}

Status Intake::Run(std::stop_token stop) {
  Impl& self = *impl_;
  milliseconds pause = kFirstPause;
  while (true) {
    const SteadyTime begun = self.clock.Steady();
    Status ended;
    {
      Session session(self);
      ended = session.Run(stop, drained_);
      session.Hand(self.forbidden);
    }
    if (ended.error().kind != ErrorKind::kTransient) {
      return ended;
    }
    drained_ = false;
    self.frontier.Rollback();
    if (self.clock.Steady() - begun > kLongestPause) {
      pause = kFirstPause;
    }
    Pause(ended.error(), pause, stop);
    pause = std::min(pause * 2, kLongestPause);
    if (stop.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped");
    }
  }
}

}  // namespace newswire::intake
