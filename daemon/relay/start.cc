// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/start.h"

#include <utility>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/reader.h"
#include "daemon/publish/hint.h"

namespace newswire::relay {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{1000};
constexpr milliseconds kRetry{60'000};  // on a full disk

std::filesystem::path HintFile(const RelayOptions& options) {
  return options.archive_dir / "hint.json";
}

}  // namespace

Start::Start(const RelayOptions& options, const publish::Output& output,
             const archive::Archive& archive, Position begun_at, const Clock& clock)
    : options_(options), output_(output), archive_(archive), begun_at_(begun_at), clock_(clock) {}

Result<Start::Place> Start::Find(const std::optional<publish::Checkpoint>& checkpoint) {
  publish::StartState state{.hint = {},
                            .checkpoint = checkpoint,
                            .misfit = {},
                            .archive_created = archive_.created() && !committed_,
                            .archive_end = archive_.durable_end(),
                            .output = options_.output_name,
                            .identity = output_.Identity(),
                            .on_missing_position = options_.kafka.on_missing_position};
  if (auto hint = publish::ReadHint(HintFile(options_))) {
    state.hint = std::move(*hint);
  } else {
    spdlog::warn("hint beside the archive cannot be read reason=\"{}\"", hint.error().message);
  }
  if (checkpoint) {
    auto misfit = MisfitOf(*checkpoint);
    if (!misfit) {
      return std::unexpected(misfit.error());
    }
    state.misfit = std::move(*misfit);
  }
  auto position = publish::DecideStart(state);
  if (!position) {
    return std::unexpected(position.error());
  }
  committed_ |= *position != Position();
  const bool fits = checkpoint && state.misfit.empty() && checkpoint->position == *position;
  if (fits || *position == Position()) {
    return Place{.position = *position, .committed = fits};
  }
  if (!chosen_) {
    chosen_ = *position;
    spdlog::warn("the start was chosen by kafka.on_missing_position position={}",
                 position->ToHex());
  }
  return Place{.position = *chosen_};
}

// Why the archive is not the one that was published up to there; empty: it is.
Result<std::string> Start::MisfitOf(const publish::Checkpoint& checkpoint) const {
  // Before this process has published, what the output holds is an earlier one's: it cannot lie in
  // what intake has appended since.
  const Position end = published_ ? archive_.durable_end() : begun_at_;
  if (checkpoint.position > end) {
    return fmt::format(
        "the output was given this archive up to position {}, but the archive ends at {}: it is "
        "older than what was published (restored from a backup?) or has lost its newest segment",
        checkpoint.position.ToHex(), end.ToHex());
  }
  if (checkpoint.last_record.empty()) {
    return "";
  }
  auto holds =
      archive::HoldsRecord(options_.archive_dir, checkpoint.last_capture, checkpoint.last_record);
  if (!holds) {
    return WithContext(holds.error(), "checking the archive against the checkpoint");
  }
  if (!*holds) {
    return fmt::format(
        "the archive does not hold record {} at position {}, which the output names as the last "
        "one published: it is not the archive that was published from",
        checkpoint.last_record, checkpoint.last_capture.ToHex());
  }
  return "";
}

void Start::Remember(const publish::Checkpoint& committed, bool now) {
  committed_ |= committed.position != Position();
  const SteadyTime time = clock_.Steady();
  if (remembered_ == committed.position || (!now && remembered_ && time - written_ < kInterval) ||
      (!now && failed_ && time - *failed_ < kRetry)) {
    return;
  }
  Status status = publish::WriteHint(HintFile(options_), {.output = options_.output_name,
                                                          .position = committed.position,
                                                          .identity = output_.Identity()});
  if (!status) {
    spdlog::warn("hint beside the archive cannot be written reason=\"{}\"", status.error().message);
    failed_ = time;
    return;
  }
  failed_.reset();
  written_ = time;
  remembered_ = committed.position;
}

Status Start::WriteFirstHint(const RelayOptions& options) {
  const auto hint = publish::ReadHint(HintFile(options));
  if (hint && *hint) {
    return {};
  }
  return publish::WriteHint(HintFile(options),
                            {.output = options.output_name, .position = {}, .identity = {}});
}

}  // namespace newswire::relay
