// SPDX-License-Identifier: Apache-2.0
//
//   configuration ─► sources
//                       │
//   INTAKE   discovery ─► frontier ─► fetch ─► archive
//            daemon/intake, daemon/frontier, fetchers/, daemon/archive
//                                                 │
//   RELAY    archive reader ─► transforms ─► sequencer ─► publisher ─► Kafka | files | embedded
//            daemon/archive, transforms/, daemon/relay, daemon/publish
#include "daemon/assembly.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <fmt/core.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/archive.h"
#include "daemon/control/server.h"
#include "daemon/durable_folder.h"
#include "daemon/frontier/frontier.h"
#include "daemon/intake/intake.h"
#include "daemon/publish/output.h"
#include "daemon/relay/crash_notes.h"
#include "daemon/relay/quarantine.h"
#include "daemon/relay/relay.h"
#include "daemon/store/sqlite.h"
#include "daemon/version.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/text/language.h"

namespace newswire {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{1000};
constexpr milliseconds kOnceTick{50};
constexpr std::string_view kCrashesName = "crashes";  // in the state's folder

// One that is damaged is given up: intake fills the new one from the archive.
Result<std::unique_ptr<frontier::Frontier>> OpenFrontier(const std::filesystem::path& state_dir) {
  const auto file = state_dir / "frontier.db";
  auto opened = frontier::Frontier::Open(file);
  if (!opened && opened.error().kind == ErrorKind::kCorruption) {
    spdlog::warn("the frontier is damaged and is rebuilt file={} reason=\"{}\"", file.string(),
                 opened.error().message);
    if (auto deleted = store::Database::Delete(file); !deleted) {
      return std::unexpected(deleted.error());
    }
    opened = frontier::Frontier::Open(file);
  }
  return opened;
}

intake::IntakeOptions IntakeOptionsOf(const config::Config& config,
                                      const std::filesystem::path& state_dir) {
  return {.delay = config.http.delay,
          .max_post_bytes = config.http.max_post_bytes,
          .max_feed_bytes = config.http.max_feed_bytes,
          .max_sitemap_bytes = config.http.max_sitemap_bytes,
          .archive_discovery = config.archive_discovery,
          .state_dir = state_dir,
          .min_free_bytes = config.archive.min_free_bytes};
}

std::unique_ptr<publish::Output> MakeOutput(const config::Config& config, const std::string& uuid,
                                            const Clock& clock) {
  switch (config.output) {
    case publish::OutputKind::kFiles:
      return publish::MakeFilesOutput(config.data_dir / "topics", config.kafka.topic, uuid, clock);
    case publish::OutputKind::kEmbedded:
      return publish::MakeEmbeddedOutput(config.kafka, config.data_dir, uuid, std::nullopt, clock);
    case publish::OutputKind::kKafka:
      break;
  }
  return publish::MakeKafkaOutput(config.kafka, uuid, std::nullopt, clock);
}

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace

archive::WarcInfo DescribeConfiguration(const config::Config& config) {
  return {.software = std::string(Software()),
          .libraries = text::LibraryVersions(),
          .config_json = config::EffectiveJson(config),
          .sources = config.sources};
}

std::string_view OutputName(publish::OutputKind kind) {
  switch (kind) {
    case publish::OutputKind::kFiles:
      return "files";
    case publish::OutputKind::kEmbedded:
      return "embedded";
    case publish::OutputKind::kKafka:
      break;
  }
  return "kafka";
}

struct Daemon::Parts {
  config::Config config;
  const Clock& clock;
  // In flow order: each lives longer than what comes after it.
  std::unique_ptr<archive::Archive> archive;
  std::unique_ptr<frontier::Frontier> frontier;
  std::unique_ptr<transports::HttpEngine> engine;
  std::unique_ptr<intake::Intake> intake;
  std::unique_ptr<publish::Output> output;
  std::unique_ptr<relay::Relay> relay;

  mutable std::mutex sources_mutex;
  std::set<std::string, std::less<>> source_ids;  // under it

  std::mutex mutex;  // of the two below
  std::condition_variable_any ended;
  std::optional<Status> intake_end, relay_end;

  std::unique_ptr<control::Server> control;  // last: its thread uses the others

  void SetSourceIds(const std::vector<Source>& sources) {
    const std::lock_guard guard(sources_mutex);
    source_ids.clear();
    for (const Source& source : sources) {
      source_ids.insert(source.id);
    }
  }
  bool KnowsSource(std::string_view id) const {
    const std::lock_guard guard(sources_mutex);
    return source_ids.contains(id);
  }

  DaemonStatus Report() const {
    const auto& in = intake->counters();
    const auto& out = relay->counters();
    const Position end = archive->durable_end();
    const Position committed = Position::FromValue(out.committed);
    return {.sources = config.sources.size(),
            .polls = in.polls,
            .posts_archived = in.posts_archived,
            .removals = in.removals,
            .events = out.events,
            .dead_letters = out.dead_letters,
            .commits = out.commits,
            .lag_bytes = end.serial() == committed.serial() ? end.offset() - committed.offset()
                                                            : end.offset(),
            .output_ready = out.output_ready,
            .paused = in.paused};
  }

  bool Drained() const {
    // In this order: what intake appends after it was seen idle is met at the next look.
    return intake->drained() && relay->counters().settled >= archive->durable_end().value();
  }

  void End(std::optional<Status>& slot, Status how) {
    {
      std::lock_guard lock(mutex);
      slot = std::move(how);
    }
    ended.notify_all();
  }
};

std::string DaemonStatus::ToLine() const {
  return fmt::format(
      "{} sources, {} polls, {} posts archived, {} events in {} commits, {} dead letters, lag {} "
      "bytes{}{}",
      sources, polls, posts_archived, events, commits, dead_letters, lag_bytes,
      output_ready ? "" : ", output not ready", paused ? ", paused: disk nearly full" : "");
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::Create(const config::Config& config, const Clock& clock) {
  const auto state_dir = config.data_dir / "state";
  if (auto made = MakeFolderDurably(state_dir); !made) {
    return WithContext(made.error(), "data_dir");
  }
  auto parts = std::make_unique<Parts>(config, clock);

  // Intake.
  auto archive = archive::Archive::Open(config.archive, DescribeConfiguration(config), clock);
  if (!archive) {
    return WithContext(archive.error(), "archive");
  }
  parts->archive = std::move(*archive);
  auto frontier = OpenFrontier(state_dir);
  if (!frontier) {
    return std::unexpected(frontier.error());
  }
  parts->frontier = std::move(*frontier);
  auto engine = transports::HttpEngine::Create(config.http.engine, clock);
  if (!engine) {
    return WithContext(engine.error(), "http");
  }
  parts->engine = std::move(*engine);
  parts->intake = std::make_unique<intake::Intake>(
      IntakeOptionsOf(config, state_dir), config.sources, config.http.engine.user_agent,
      *parts->archive, *parts->frontier, *parts->engine, clock);

  // Relay. What crashed it again and again is put aside before it reads.
  const auto crashes = state_dir / kCrashesName;
  if (auto aside = relay::QuarantineCrashers(*parts->archive, crashes); !aside) {
    return std::unexpected(aside.error());
  }
  if (auto noting = relay::NoteCrashes(crashes); !noting) {
    return std::unexpected(noting.error());
  }
  parts->output = MakeOutput(config, parts->archive->uuid(), clock);
  parts->relay = std::make_unique<relay::Relay>(
      relay::RelayOptions{.archive_dir = config.archive.dir,
                          .state_dir = state_dir,
                          .threads = config.transform_threads,
                          .kafka = config.kafka,
                          .output_name = std::string(OutputName(config.output)),
                          .retention = config.archive.retention},
      *parts->output, *parts->archive, clock);
  if (auto prepared = parts->relay->Prepare(); !prepared) {
    return WithContext(prepared.error(), "relay");
  }

  // Commands that write to the archive. Without it the daemon works all the same.
  parts->SetSourceIds(config.sources);
  auto control = control::Server::Start(
      {.socket = config.data_dir / control::kSocketName,
       .software = std::string(Software()),
       .knows_source = [knows =
                            parts.get()](std::string_view id) { return knows->KnowsSource(id); }},
      *parts->archive);
  if (control) {
    parts->control = std::move(*control);
  } else {
    spdlog::warn("no control socket: `archive import` needs a stopped daemon reason=\"{}\"",
                 control.error().message);
  }
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Status Daemon::Run(std::stop_token stop, const RunOptions& options) {
  Parts& parts = *parts_;
  std::jthread relay([&parts](std::stop_token token) {
    NameThread("relay");
    parts.End(parts.relay_end, parts.relay->Run(token));
  });
  std::jthread intake([&parts](std::stop_token token) {
    NameThread("intake");
    parts.End(parts.intake_end, parts.intake->Run(token));
  });
  if (options.on_started) {
    options.on_started();
  }
  for (;;) {
    std::unique_lock lock(parts.mutex);
    parts.ended.wait_for(lock, stop, options.once ? kOnceTick : kTick,
                         [&] { return parts.intake_end || parts.relay_end; });
    if (stop.stop_requested() || parts.intake_end || parts.relay_end) {
      break;
    }
    lock.unlock();
    if (options.on_tick) {
      options.on_tick(parts.Report());
    }
    if (options.once && parts.Drained()) {
      break;
    }
  }
  if (options.on_stopping) {
    options.on_stopping();
  }
  intake.request_stop();
  parts.engine->Wakeup();
  intake.join();
  relay.request_stop();
  relay.join();
  for (const auto& end : {*parts.relay_end, *parts.intake_end}) {
    if (!end && end.error().kind != ErrorKind::kCancelled) {
      return end;
    }
  }
  return {};
}

void Daemon::Reconfigure(const config::Config& config) {
  if (config.sources == parts_->config.sources) {
    spdlog::info("the new configuration has the same sources; other changes need a restart");
    return;
  }
  parts_->config.sources = config.sources;
  // First the record that governs, then the captures that it governs.
  parts_->archive->SetWarcInfo(DescribeConfiguration(parts_->config));
  parts_->intake->SetSources(config.sources);
  parts_->SetSourceIds(config.sources);
  spdlog::info("the new configuration is in force sources={}", config.sources.size());
}

}  // namespace newswire
