// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/publish/output.h"
#include "daemon/relay/relay.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/relay/history.h"

namespace newswire::relay {

// Pages whose body is a JSON form of PostSpec, and a runner that reads it: a pipeline small enough
// to foresee what the relay must publish.
Capture ScriptedPage(const PostSpec& spec, uint32_t number);
Capture ScriptedRemoval(const std::string& post_id, uint32_t number);
// `pipeline` goes into the digests as another version of the transforms would.
MakeRunner ScriptedRunners(std::string pipeline = "1.0.0+aaaaaaaa");
// `count` captures: publications, revisions, removals, returns, repetitions, broken ones.
std::vector<Capture> ScriptedHistory(uint32_t seed, size_t count);
archive::WarcInfo ScriptedInfo(const std::string& source_id = "s");

// What an output holds, beyond the life of the processes that write to it.
struct Truth {
  std::vector<std::string> values;  // topic_slug, space, value or "tombstone <key>"
  std::optional<publish::Checkpoint> checkpoint;
  uint64_t batches = 0;
};

enum class Mishap {
  kNone,
  kAborted,      // kUnknown, nothing was committed
  kDoneUnknown,  // kUnknown, but it was committed
  kDiedBefore,   // kPermanent without a commit: stands for the death of the process
  kDiedAfter,    // the same with a commit
};

// An output whose commits end as `mishap` says.
class ScriptedOutput : public publish::Output {
 public:
  explicit ScriptedOutput(Truth& truth, std::function<Mishap()> mishap = {})
      : truth_(truth), mishap_(std::move(mishap)) {}

  Result<std::optional<publish::Checkpoint>> Open(std::stop_token stop) override;
  Status PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) override;
  Result<publish::Commit> Publish(const publish::Batch& batch, std::stop_token stop) override;
  std::string TopicName(std::string_view slug) const override { return std::string(slug); }
  std::string Identity() const override { return "scripted"; }

 private:
  void Keep(const publish::Batch& batch);

  Truth& truth_;
  std::function<Mishap()> mishap_;
  bool open_ = false;
};

// An archive folder with a history in it, and runs of the relay over it.
class RelayWorld {
 public:
  explicit RelayWorld(uint64_t segment_size = 4096, std::string output_name = "kafka");

  // Appends and waits until it is durable.
  void Append(const std::vector<Capture>& captures);
  void OpenArchive(const archive::WarcInfo& info = ScriptedInfo());
  void CloseArchive() { archive_.reset(); }
  archive::Archive& archive() { return *archive_; }
  const std::filesystem::path& dir() const { return folder_.path(); }
  RelayOptions Options(int threads = 2) const;
  // Runs until everything is settled (and `until` says so), or until the relay ends by itself.
  Status Settle(publish::Output& output, const RelayOptions& options,
                const std::function<bool()>& until = {});
  Status Settle(publish::Output& output) { return Settle(output, Options()); }
  // All events of the archive as one undisturbed run on one thread publishes them, with fresh
  // state.
  std::vector<std::string> Expected(const RelayOptions& like);
  std::vector<std::string> Expected() { return Expected(Options()); }

  uint64_t rewinds = 0, rebuilds = 0, folded = 0, damage = 0;  // of the last Settle

 private:
  archive::TemporaryFolder folder_;
  uint64_t segment_size_;
  std::string output_name_;
  std::unique_ptr<archive::Archive> archive_;
};

}  // namespace newswire::relay
