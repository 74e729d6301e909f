// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_journal.h"

#include <system_error>
#include <utility>

#include "daemon/publish/durable_file.h"
#include "daemon/relay/sequencer.h"

namespace newswire::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListExtension = ".inputs";

}  // namespace

ReplayJournal::ReplayJournal(const fs::path& data_dir, std::string uuid,
                             const relay::ReplayList* list)
    : folder_(data_dir / "state" / "replays"), uuid_(std::move(uuid)), list_(list) {}

Status ReplayJournal::Begin(Position start) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    return Fail(ErrorKind::kPermanent, folder_.string() + ": " + error.message());
  }
  Status status = relay::Sequencer::Delete(state_file());
  if (status && list_ != nullptr) {
    status = relay::WriteReplayList(list_file(uuid_), *list_);
  }
  return status ? publish::ReplaceFile(start_file(), start.ToHex() + "\n") : status;
}

std::optional<Position> ReplayJournal::Start() const {
  const auto content = publish::ReadSmallFile(start_file());
  if (!content || !*content || (*content)->empty()) {
    return std::nullopt;
  }
  return Position::FromHex(std::string_view(**content).substr(0, (*content)->size() - 1));
}

std::string ReplayJournal::Difference() const {
  if (list_ == nullptr) {
    return {};
  }
  fs::path newest;
  fs::file_time_type newest_time{};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const auto time = entry.last_write_time(error);
    if (entry.path().extension() == kListExtension && (newest.empty() || time > newest_time)) {
      newest = entry.path();
      newest_time = time;
    }
  }
  const auto recorded = newest.empty() ? std::nullopt : relay::ReadReplayList(newest);
  return recorded ? list_->DifferenceFrom(*recorded) : std::string();
}

Status ReplayJournal::End() {
  std::error_code error;
  fs::remove(start_file(), error);
  Status status = relay::Sequencer::Delete(state_file());
  if (status && error) {
    return Fail(ErrorKind::kTransient, start_file().string() + ": " + error.message());
  }
  return status;
}

}  // namespace newswire::commands
