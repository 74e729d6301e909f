// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_source.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "daemon/relay/foreign_page.h"
#include "daemon/relay/quarantine.h"

namespace newswire::commands {

bool ReplaySource::KnowsSource() const {
  return std::ranges::any_of(config_.sources,
                             [&](const Source& s) { return s.id == request_.filter.source; });
}

Result<std::optional<archive::Item>> ReplaySource::Next() {
  while (true) {
    auto item = input_.Next();
    if (!item || !*item) {
      return item;
    }
    const auto* capture = std::get_if<Capture>(&**item);
    if (capture == nullptr || !capture->metadata.source.empty() ||
        capture->metadata.role == CaptureRole::kRobots) {
      return item;
    }
    if (!relay::IsForeignPage(*capture)) {
      ++passed_over_;
      continue;
    }
    if (request_.filter.source.empty()) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("{} at offset {} holds a capture without a source ({}): say with "
                              "--source ID which source's page it is",
                              capture->address.segment, capture->address.offset, capture->url));
    }
    if (!KnowsSource()) {
      return Fail(ErrorKind::kConfig, fmt::format("the configuration has no source {} (--source)",
                                                  request_.filter.source));
    }
    return item;
  }
}

std::unique_ptr<relay::Transformer> ReplaySource::MakeTransformer() {
  relay::TransformerOptions options;
  options.threads = request_.threads > 0 ? request_.threads : config_.transform_threads;
  options.make_runner = request_.make_runner;
  options.limits = {.max_topics = config_.kafka.max_topics,
                    .max_event_bytes = config_.kafka.max_event_bytes};
  if (!request_.as_archived) {
    options.todays_sources = config_.sources;
  }
  if (KnowsSource()) {
    options.foreign_source = request_.filter.source;
  }
  options.read_capture = [this](Position capture) { return input_.Read(capture); };
  if (input_.controls() != nullptr) {
    options.quarantined = [this](Position capture) {
      return relay::QuarantineReason(*input_.controls(), capture);
    };
    options.redactions = [this] { return input_.controls()->redactions(); };
  }
  return std::make_unique<relay::Transformer>([this] { return Next(); }, std::move(options));
}

}  // namespace newswire::commands
