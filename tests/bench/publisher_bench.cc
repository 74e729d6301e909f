// SPDX-License-Identifier: Apache-2.0
// bench_publisher publish BROKERS COUNT EVENTS BYTES: publishes COUNT prepared events of 4 KB
// exactly once, in transactions of at most EVENTS events or BYTES bytes with the position in each,
// and prints the rate from the first event to the last commit as one line of JSON. bench_publisher
// payload FILE: writes the same records for kafka-producer-perf-test, one a line: the value and
// behind it the key and the headers, which that tool cannot send apart.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "daemon/logging.h"
#include "daemon/publish/output.h"
#include "daemon/relay/pending_batch.h"
#include "fetchers/clock.h"
#include "tests/bench/varied_text.h"
#include "transforms/model/event.h"

namespace newswire::bench {
namespace {

constexpr size_t kDistinct = 8192;
constexpr size_t kValueBytes = 4000;
constexpr uint64_t kCaptureBytes = 3000;
constexpr std::string_view kArchive = "4b1f2c3d-5e6f-4a7b-8c9d-0e1f2a3b4c5d";

Event MakeOne(VariedText& text, uint64_t number) {
  const Position position(1, number * kCaptureBytes);
  Event event;
  event.topic_slug = "bench";
  event.key = fmt::format("bench:{:018}", number);
  event.value = fmt::format(
      "{{\"id\":\"{0}\",\"type\":\"post.published\",\"revision\":1,\"source\":\"bench\",\"url\":"
      "\"https://news.example/{1}.html\",\"text\":\"{2}\"}}",
      event.key, number, text.Prose(kValueBytes));
  event.ce_id = fmt::format("{}#{}~0f1e2d3c", event.key, position.ToHex());
  event.ce_source = "urn:newswire:bench";
  event.ce_subject = fmt::format("https://news.example/{}.html", number);
  event.ce_time =
      UtcMillis(std::chrono::milliseconds(1'700'000'000'000 + static_cast<int64_t>(number)));
  event.position = position;
  event.published = event.ce_time;
  return event;
}

std::vector<Event> Prepare() {
  VariedText text(11);
  std::vector<Event> events;
  events.reserve(kDistinct);
  for (size_t i = 0; i < kDistinct; ++i) {
    events.push_back(MakeOne(text, i));
  }
  return events;
}

size_t RecordBytes(const Event& event) {
  size_t bytes = event.key.size() + event.value.size();
  for (const auto& [name, value] : CloudEventHeaders(event)) {
    bytes += name.size() + value.size();
  }
  return bytes;
}

int WritePayload(const char* file) {
  std::ofstream out(file, std::ios::binary);
  for (const Event& event : Prepare()) {
    out << event.value << event.key;
    for (const auto& [name, value] : CloudEventHeaders(event)) {
      out << name << value;
    }
    out << '\n';
  }
  return out.flush() ? 0 : 1;
}

int Publish(const std::string& brokers, size_t count, size_t batch_events, size_t batch_bytes) {
  const Clock& clock = SystemClock();
  publish::KafkaOptions options;
  options.brokers = brokers;
  options.on_missing_position = publish::OnMissingPosition::kBeginning;
  const auto output = publish::MakeKafkaOutput(options, std::string(kArchive), std::nullopt, clock);
  auto opened = output->Open({});
  const std::vector<std::string> slugs = {"bench"};
  if (!opened || !output->PrepareTopics(slugs, {})) {
    fmt::print(stderr, "bench_publisher: {}\n", opened ? "no topic" : opened.error().message);
    return 1;
  }
  const std::vector<Event> prepared = Prepare();
  relay::PendingBatch batch({.bytes = batch_bytes, .events = batch_events},
                            {.archive = std::string(kArchive)}, clock.Steady());
  size_t bytes = 0;
  size_t commits = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < count; ++i) {
    const Event& event = prepared[i % prepared.size()];
    bytes += RecordBytes(event);
    ArchiveAddress address{.record_id = "urn:uuid:0335d2a8-0000-4000-8000-000000000000",
                           .position = Position(1, i * kCaptureBytes),
                           .end = Position(1, (i + 1) * kCaptureBytes)};
    batch.Add(address, {event}, clock.Steady());
    if (batch.Due(clock.Steady()) || i + 1 == count) {
      const auto commit = output->Publish(batch.batch(), {});
      if (!commit || *commit != publish::Commit::kDone) {
        fmt::print(stderr, "bench_publisher: not committed\n");
        return 1;
      }
      ++commits;
      batch.Committed(clock.Steady());
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"rate\": {:.0f}, \"mb_per_second\": {:.1f}, \"transactions\": {}}}\n",
             static_cast<double>(count) / seconds, static_cast<double>(bytes) / seconds / 1e6,
             commits);
  return 0;
}

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  newswire::SetUpLogging("error");
  if (argc == 3 && std::strcmp(argv[1], "payload") == 0) {
    return newswire::bench::WritePayload(argv[2]);
  }
  if (argc == 6 && std::strcmp(argv[1], "publish") == 0) {
    return newswire::bench::Publish(argv[2], std::strtoull(argv[3], nullptr, 10),
                                    std::strtoull(argv[4], nullptr, 10),
                                    std::strtoull(argv[5], nullptr, 10));
  }
  fmt::print(stderr, "usage: bench_publisher publish BROKERS COUNT EVENTS BYTES | payload FILE\n");
  return 2;
}
