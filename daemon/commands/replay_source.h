// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/archive/reader.h"
#include "daemon/commands/replay_request.h"
#include "daemon/config/config.h"
#include "daemon/relay/replay_input.h"
#include "daemon/relay/transformer.h"
#include "transforms/model/error.h"

namespace newswire::commands {

// The captures of a replay on their way into the transforms: what other writers archived beside
// pages is passed over and counted; pages that nobody has given a source end the replay (kConfig,
// with what to say). `request`, `config` and `input` outlive it.
class ReplaySource {
 public:
  ReplaySource(const ReplayRequest& request, const config::Config& config,
               relay::ReplayInput& input)
      : request_(request), config_(config), input_(input) {}

  // Reads on from where the input is, on a thread of the transformer's own; at most one at a time.
  std::unique_ptr<relay::Transformer> MakeTransformer();
  uint64_t passed_over() const { return passed_over_; }  // any thread

 private:
  Result<std::optional<archive::Item>> Next();
  bool KnowsSource() const;  // that of the request

  const ReplayRequest& request_;
  const config::Config& config_;
  relay::ReplayInput& input_;
  std::atomic<uint64_t> passed_over_{0};
};

}  // namespace newswire::commands
