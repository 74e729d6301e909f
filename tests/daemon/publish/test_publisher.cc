// SPDX-License-Identifier: Apache-2.0
// The process that tests kill: publishes the captures of a made-up archive from the committed
// position on, as the relay does.
//   test_publisher kafka <brokers> <prefix> <archive> <captures> exactly_once|at_least_once
//   test_publisher files <dir> <prefix> <archive> <captures>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/daemon/publish/test_events.h"

namespace newswire::publish {
namespace {

constexpr uint64_t kEventsPerBatch = 20;

int Run(Output& output, const std::string& archive, uint64_t captures) {
  uint64_t next = 0;
  bool open = false;
  while (true) {
    if (!open) {
      auto checkpoint = output.Open({});
      if (!checkpoint) {
        std::fprintf(stderr, "open: %s\n", checkpoint.error().message.c_str());
        if (checkpoint.error().kind == ErrorKind::kTransient) {
          continue;
        }
        return 3;
      }
      next = *checkpoint ? CaptureNumber((*checkpoint)->position) : 0;
      open = true;
    }
    if (next >= captures) {
      return 0;
    }
    const uint64_t count = std::min(kEventsPerBatch, captures - next);
    std::vector<Event> events = TestEvents(next, count);
    events[0].topic_slug = "other";
    auto outcome = output.Publish(
        Batch{.events = events, .checkpoint = CheckpointAfter(next + count, archive)}, {});
    if (!outcome) {
      std::fprintf(stderr, "publish: %s\n", outcome.error().message.c_str());
      return 4;
    }
    open = *outcome == Commit::kDone;
    next += count;
  }
}

int Main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) {
    return 2;
  }
  const uint64_t captures = std::stoull(words[4]);
  std::unique_ptr<Output> output;
  if (words[0] == "files") {
    output = MakeFilesOutput(words[1], words[2] + ".{category}", words[3], SystemClock());
  } else {
    KafkaOptions options;
    options.brokers = words[1];
    options.topic = words[2] + ".{category}";
    options.partitions = 1;
    options.delivery =
        words.at(5) == "exactly_once" ? Delivery::kExactlyOnce : Delivery::kAtLeastOnce;
    output = MakeKafkaOutput(options, words[3], std::nullopt, SystemClock());
  }
  return Run(*output, words[3], captures);
}

}  // namespace
}  // namespace newswire::publish

int main(int argc, char** argv) { return newswire::publish::Main(argc, argv); }
