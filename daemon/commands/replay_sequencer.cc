// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_sequencer.h"

#include <utility>

namespace newswire::commands {
namespace {

using relay::Sequencer;
using relay::SequencerOptions;
using Say = std::function<void(const std::string&)>;

constexpr const char* kFoldsAgain =
    "replay: a resume will have to fold again what lies before it: ";

std::filesystem::path LiveState(const config::Config& config) {
  return config.data_dir / "state" / "sequencer.db";
}

// One that the journal keeps, or one that vanishes with the process.
Result<std::unique_ptr<Sequencer>> OpenNew(const SequencerOptions& options,
                                           const ReplayStart& start, const relay::Reread& reread,
                                           const Say& say) {
  if (start.journal == nullptr || start.begin != Position()) {
    return Sequencer::Open(options, reread);
  }
  SequencerOptions kept = options;
  kept.state = start.journal->state_file();
  kept.read_only = false;
  kept.archive = start.uuid;
  auto opened = Sequencer::Open(kept, reread);
  if (!opened && opened.error().kind == ErrorKind::kCorruption) {
    if (Status status = Sequencer::Delete(kept.state); !status) {
      return std::unexpected(status.error());
    }
    opened = Sequencer::Open(kept, reread);
  }
  if (!opened) {
    say(kFoldsAgain + opened.error().message);
    return Sequencer::Open(options, reread);
  }
  return opened;
}

Status Rewind(Sequencer& sequencer, Position to, const ReplayRequest& request,
              const config::Config& config, const Say& say) {
  Status status = sequencer.RewindTo(to);
  if (!status || !request.into_live()) {
    return status;
  }
  status = sequencer.AdoptTopics(LiveState(config));
  if (!status && status.error().kind == ErrorKind::kPermanent) {
    say("replay: the live map of topics cannot be read: " + status.error().message);
    return {};
  }
  return status;
}

}  // namespace

Result<std::unique_ptr<Sequencer>> OpenReplaySequencer(const ReplayRequest& request,
                                                       const config::Config& config,
                                                       const ReplayStart& start,
                                                       const relay::Reread& reread,
                                                       const Say& say) {
  const SequencerOptions options{.state = {},
                                 .max_topics = config.kafka.max_topics,
                                 .max_event_bytes = config.kafka.max_event_bytes,
                                 .read_only = true,
                                 .redacted = start.redacted,
                                 .retired = start.retired};
  Result<std::unique_ptr<Sequencer>> opened = nullptr;
  Position rewind_to = start.start;
  if (start.begin != Position() && request.from.empty()) {
    SequencerOptions copy = options;
    copy.state = LiveState(config);
    opened = Sequencer::Open(std::move(copy), reread);
    if (opened && (*opened)->folded() == Position()) {
      *opened = nullptr;
    }
    if (opened && *opened) {
      rewind_to = start.begin;  // behind it are rows of the live pipeline
    } else {
      say("replay: the daemon's state cannot be read, it is folded from the archive's beginning" +
          (opened ? std::string() : ": " + opened.error().message));
      opened = nullptr;
    }
  }
  if (!*opened) {
    opened = OpenNew(options, start, reread, say);
  }
  if (!opened) {
    return opened;
  }
  if (Status status = Rewind(**opened, rewind_to, request, config, say); !status) {
    return std::unexpected(status.error());
  }
  return opened;
}

}  // namespace newswire::commands
