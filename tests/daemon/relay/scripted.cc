// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/relay/scripted.h"

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

constexpr int64_t kFirstFetch = 1'700'000'000'000;
constexpr std::chrono::seconds kDeadline{240};

Capture Start(uint32_t number) {
  Capture capture;
  capture.fetched_at = UtcMillis(std::chrono::milliseconds(kFirstFetch + number * 1000));
  capture.http_status = 200;
  capture.protocol = "HTTP/1.1";
  capture.metadata.source = "s";
  return capture;
}

Transformed RunScripted(const Capture& capture, const std::string& pipeline) {
  Transformed result;
  result.address = capture.address;
  result.kind = capture.kind;
  result.role = capture.metadata.role;
  result.http_status = capture.http_status;
  result.source = capture.metadata.source;
  result.link = capture.metadata.link;
  result.pipeline = pipeline;
  result.fetched_at = capture.fetched_at;
  result.removal = capture.metadata.removal;
  if (capture.http_status != 200) {
    return result;
  }
  const auto document = text::JsonDocument::Parse(capture.body);
  if (!document) {
    result.dead_letters.push_back({.source = result.source,
                                   .url = capture.url,
                                   .document = 0,
                                   .step = "scripted",
                                   .reason = document.error().message,
                                   .fetched_at = capture.fetched_at,
                                   .archive = capture.address,
                                   .pipeline = pipeline});
    return result;
  }
  const text::JsonValue root = document->root();
  Post post = Make({.id = std::string(root["id"].string_or("")),
                    .title = std::string(root["title"].string_or("")),
                    .text = std::string(root["text"].string_or("")),
                    .category = std::string(root["category"].string_or("")),
                    .pipeline = pipeline,
                    .url = capture.url});
  post.archive = capture.address;
  post.fetched_at = capture.fetched_at;
  result.posts.push_back(std::move(post));
  return result;
}

}  // namespace

Capture ScriptedPage(const PostSpec& spec, uint32_t number) {
  Capture capture = Start(number);
  capture.url = capture.metadata.link = History::LinkOf(spec.id);
  text::JsonWriter json(capture.body);
  json.BeginObject().Key("id").String(spec.id).Key("title").String(spec.title);
  json.Key("text").String(spec.text).Key("category").String(spec.category).EndObject();
  return capture;
}

Capture ScriptedRemoval(const std::string& post_id, uint32_t number) {
  Capture capture = Start(number);
  capture.url = capture.metadata.link = History::LinkOf(post_id);
  capture.http_status = 410;
  capture.metadata.removal = Removal{.how = "http_410", .confirmed_at = capture.fetched_at};
  return capture;
}

MakeRunner ScriptedRunners(std::string pipeline) {
  return [pipeline](const Source&) -> Result<Runner> {
    return [pipeline](const Capture& capture) { return RunScripted(capture, pipeline); };
  };
}

std::vector<Capture> ScriptedHistory(uint32_t seed, size_t count) {
  std::mt19937 random(seed);
  const auto pick = [&](uint32_t n) { return random() % n; };
  std::vector<Capture> captures;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string id = "s:" + std::to_string(pick(12));
    if (pick(8) == 0) {
      captures.push_back(ScriptedRemoval(id, i));
      continue;
    }
    captures.push_back(ScriptedPage({.id = id,
                                     .title = "title " + std::to_string(pick(2)),
                                     .text = "text " + std::to_string(pick(3)),
                                     .category = "c" + std::to_string(pick(5))},
                                    i));
    if (pick(10) == 0) {
      captures.back().body = "not what was promised";
    }
  }
  return captures;
}

archive::WarcInfo ScriptedInfo(const std::string& source_id) {
  Source source;
  source.id = source_id;
  source.url = "https://a.example/feed.xml";
  return {.software = "newswired/test",
          .libraries = "none",
          .config_json = R"({"kafka":{"max_topics":3},"sources":[)" + SourceToJson(source) + "]}",
          .sources = {source},
          .position = {}};
}

Result<std::optional<publish::Checkpoint>> ScriptedOutput::Open(std::stop_token) {
  open_ = true;
  return truth_.checkpoint;
}

Status ScriptedOutput::PrepareTopics(std::span<const std::string>, std::stop_token) { return {}; }

void ScriptedOutput::Keep(const publish::Batch& batch) {
  for (const Event& event : batch.events) {
    truth_.values.push_back(event.topic_slug + " " +
                            (event.tombstone() ? "tombstone " + event.key : event.value));
  }
  truth_.checkpoint = batch.checkpoint;
  ++truth_.batches;
}

Result<publish::Commit> ScriptedOutput::Publish(const publish::Batch& batch, std::stop_token) {
  if (!open_) {
    ADD_FAILURE() << "Publish without Open";
    return publish::Commit::kUnknown;
  }
  const Mishap mishap = mishap_ ? mishap_() : Mishap::kNone;
  if (mishap == Mishap::kNone || mishap == Mishap::kDoneUnknown || mishap == Mishap::kDiedAfter) {
    Keep(batch);
  }
  switch (mishap) {
    case Mishap::kNone:
      return publish::Commit::kDone;
    case Mishap::kAborted:
    case Mishap::kDoneUnknown:
      open_ = false;
      return publish::Commit::kUnknown;
    case Mishap::kDiedBefore:
    case Mishap::kDiedAfter:
      break;
  }
  return Fail(ErrorKind::kPermanent, "died");
}

RelayWorld::RelayWorld(uint64_t segment_size, std::string output_name)
    : segment_size_(segment_size), output_name_(std::move(output_name)) {
  OpenArchive();
}

void RelayWorld::OpenArchive(const archive::WarcInfo& info) {
  archive::ArchiveOptions options = archive::MakeOptions(folder_.path() / "archive");
  options.segment_size = segment_size_;
  auto opened = archive::Archive::Open(options, info, SystemClock());
  ASSERT_TRUE(opened) << opened.error();
  archive_ = std::move(*opened);
  // As the daemon does: before anything is appended.
  Truth truth;
  ScriptedOutput none(truth);
  const Status prepared = Relay(Options(), none, *archive_, SystemClock()).Prepare();
  ASSERT_TRUE(prepared) << prepared.error();
}

void RelayWorld::Append(const std::vector<Capture>& captures) {
  for (size_t i = 0; i < captures.size(); ++i) {
    if (i + 1 < captures.size()) {
      archive_->Append(captures[i], [](const Result<ArchiveAddress>&) {});
    } else {
      const auto address = archive::AppendAndWait(*archive_, captures[i]);
      ASSERT_TRUE(address) << address.error();
    }
  }
}

RelayOptions RelayWorld::Options(int threads) const {
  RelayOptions options;
  options.archive_dir = folder_.path() / "archive";
  options.state_dir = folder_.path() / "state";
  options.threads = threads;
  options.output_name = output_name_;
  options.kafka.commit_interval = std::chrono::milliseconds(1);
  options.kafka.commit_events = 7;
  options.make_runner = ScriptedRunners();
  return options;
}

Status RelayWorld::Settle(publish::Output& output, const RelayOptions& options,
                          const std::function<bool()>& until) {
  Relay relay(options, output, *archive_, SystemClock());
  std::promise<Status> ended;
  std::future<Status> end = ended.get_future();
  std::stop_source stop;
  std::jthread thread([&] { ended.set_value(relay.Run(stop.get_token())); });
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (end.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout) {
    if (relay.counters().settled >= archive_->durable_end().value() && (!until || until())) {
      stop.request_stop();
    }
    if (std::chrono::steady_clock::now() > deadline) {
      stop.request_stop();
      end.wait();
      return Fail(ErrorKind::kTransient, "the relay did not settle in time");
    }
  }
  rewinds = relay.counters().rewinds;
  rebuilds = relay.counters().rebuilds;
  folded = relay.counters().folded;
  damage = relay.counters().damage;
  return end.get();
}

std::vector<std::string> RelayWorld::Expected(const RelayOptions& like) {
  Truth truth;
  ScriptedOutput output(truth);
  RelayOptions options = like;
  options.threads = 1;
  options.state_dir = folder_.path() / "expected";
  options.output_name = "embedded";  // always from the beginning; its hint is not that of the test
  const std::filesystem::path hint = options.archive_dir / "hint.json";
  const bool had_hint = std::filesystem::exists(hint);
  const std::string kept = had_hint ? archive::ReadAll(hint) : "";
  const Status status = Settle(output, options);
  EXPECT_TRUE(status) << status.error();
  std::filesystem::remove_all(options.state_dir);
  if (had_hint) {
    archive::WriteAll(hint, kept);
  } else {
    std::filesystem::remove(hint);
  }
  return truth.values;
}

}  // namespace newswire::relay
