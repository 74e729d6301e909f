// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/transformer.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::relay {
namespace {

using archive::Item;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

Capture MakePage(uint32_t number, const std::string& source = "s", size_t bytes = 10) {
  Capture capture;
  capture.url = "https://a.example/" + std::to_string(number);
  capture.body = std::string(bytes, 'x');
  capture.metadata.source = source;
  capture.metadata.link = capture.url;
  capture.address.position = Position(1, number * 100);
  capture.address.end = Position(1, number * 100 + 100);
  return capture;
}

archive::WarcInfo MakeInfo(const std::vector<std::string>& ids, const std::string& zone = "UTC") {
  archive::WarcInfo info;
  for (const std::string& id : ids) {
    Source source;
    source.id = id;
    source.timezone = zone;
    info.sources.push_back(source);
  }
  return info;
}

// Gives what is in `items`, then the end.
Transformer::NextItem Items(std::vector<Item>& items, std::atomic<size_t>* given = nullptr) {
  auto next = std::make_shared<size_t>(0);
  return [&items, next, given]() -> Result<std::optional<Item>> {
    if (*next == items.size()) {
      return std::nullopt;
    }
    if (given != nullptr) {
      ++*given;
    }
    return items[(*next)++];
  };
}

// A runner that says which source, zone and capture it was given.
MakeRunner Telling() {
  return [](const Source& source) -> Result<Runner> {
    if (source.timezone == "nowhere") {
      return Fail(ErrorKind::kConfig, "no such zone");
    }
    return [source](const Capture& capture) {
      if (capture.body == "throw") {
        throw std::runtime_error("broken step");
      }
      Transformed told;
      told.address = capture.address;
      told.source = source.id;
      told.pipeline = source.timezone;
      told.link = capture.url;
      return told;
    };
  };
}

std::vector<std::string> TakeAll(Transformer& transformer) {
  std::vector<std::string> all;
  while (true) {
    auto taken = transformer.Take(seconds(60));
    if (!taken) {
      all.push_back(taken.error().message);
      return all;
    }
    switch (taken->outcome) {
      case Transformer::Outcome::kEnd:
        return all;
      case Transformer::Outcome::kWaiting:
        all.emplace_back("waiting");
        break;
      case Transformer::Outcome::kControl:
        all.push_back("control " + taken->control.record_id);
        break;
      case Transformer::Outcome::kDamage:
        all.push_back("damage " + taken->damage.reason);
        break;
      case Transformer::Outcome::kCapture: {
        const Transformed& capture = taken->capture;
        all.push_back(capture.dead_letters.empty()
                          ? capture.source + " " + capture.pipeline
                          : capture.dead_letters[0].step + ": " + capture.dead_letters[0].reason);
      }
    }
  }
}

TEST(Transformer, GivesAnswersInTheOrderOfTheArchiveWhoeverFinishesFirst) {
  // The first capture is finished by its worker only after the second one was by another.
  std::binary_semaphore second_done(0);
  std::vector<Item> items = {MakeInfo({"s"}), MakePage(1), MakePage(2)};
  TransformerOptions options{.threads = 2};
  options.make_runner = [&](const Source&) -> Result<Runner> {
    return [&](const Capture& capture) {
      if (capture.address.position == Position(1, 100)) {
        second_done.acquire();
      } else {
        second_done.release();
      }
      Transformed told;
      told.address = capture.address;
      return told;
    };
  };
  Transformer transformer(Items(items), options);
  for (const uint64_t offset : {100U, 200U}) {
    auto taken = transformer.Take(seconds(60));
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->outcome, Transformer::Outcome::kCapture);
    EXPECT_EQ(taken->capture.address.position, Position(1, offset));
  }
}

TEST(Transformer, AConfigurationGovernsWhatLiesBehindIt) {
  std::vector<Item> items = {MakeInfo({"s"}, "UTC"),
                             MakePage(1),
                             MakePage(2, "t"),
                             MakeInfo({"s", "t"}, "Asia/Tokyo"),
                             MakePage(3),
                             MakePage(4, "t")};
  Transformer transformer(Items(items), {.threads = 3, .make_runner = Telling()});
  EXPECT_THAT(TakeAll(transformer),
              ElementsAre("s UTC", "source: the configuration in force does not know the source t",
                          "s Asia/Tokyo", "t Asia/Tokyo"));
}

TEST(Transformer, UnchangedSourcesKeepTheirTransforms) {
  std::vector<Item> items = {MakeInfo({"s"}), MakePage(1), MakeInfo({"s"}), MakePage(2)};
  int made = 0;
  TransformerOptions options{.threads = 1};
  options.make_runner = [&](const Source& source) {
    ++made;
    return Telling()(source);
  };
  Transformer transformer(Items(items), options);
  EXPECT_EQ(TakeAll(transformer).size(), 2U);
  EXPECT_EQ(made, 1);
}

TEST(Transformer, SaysLimitsWhereTheyChange) {
  archive::WarcInfo first = MakeInfo({"s"}), second = MakeInfo({"s"});
  first.config_json = R"({"kafka":{"max_topics":7}})";
  second.config_json = R"({"kafka":{"max_topics":8,"max_event_bytes":1000}})";
  std::vector<Item> items = {first, MakePage(1), MakePage(2), second, MakePage(3)};
  Transformer transformer(Items(items), {.threads = 1, .make_runner = Telling()});
  std::vector<std::optional<Limits>> limits;
  for (int i = 0; i < 3; ++i) {
    limits.push_back(transformer.Take(seconds(60))->limits);
  }
  EXPECT_EQ(limits[0], (Limits{.max_topics = 7, .max_event_bytes = 900'000}));
  EXPECT_EQ(limits[1], std::nullopt);
  EXPECT_EQ(limits[2], (Limits{.max_topics = 8, .max_event_bytes = 1000}));
}

TEST(Transformer, WhatCannotBeTransformedIsADeadLetterWithItsReason) {
  Capture broken = MakePage(2);
  broken.body = "throw";
  std::vector<Item> items = {MakeInfo({"s"}),
                             MakePage(1, ""),
                             broken,
                             archive::Damage{.segment = "x", .reason = "CRC"},
                             MakeInfo({"s"}, "nowhere"),
                             MakePage(3)};
  Transformer transformer(Items(items), {.threads = 2, .make_runner = Telling()});
  EXPECT_THAT(TakeAll(transformer),
              ElementsAre("source: the capture names no source", "pipeline: broken step",
                          "damage CRC", "pipeline: no such zone"));
}

TEST(Transformer, ARevisitOfAnUnknownSourceIsNoDeadLetter) {
  Capture revisit = MakePage(1, "unknown");
  revisit.kind = CaptureKind::kRevisit;
  std::vector<Item> items = {MakeInfo({"s"}), revisit};
  Transformer transformer(Items(items), {.threads = 1, .make_runner = Telling()});
  auto taken = transformer.Take(seconds(60));
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->capture.dead_letters.empty());
}

TEST(Transformer, GoesOnAfterAnEndThatWasOnlyThePresentOne) {
  std::vector<Item> items = {MakeInfo({"s"}), MakePage(1)};
  Transformer transformer(Items(items), {.threads = 2, .make_runner = Telling()});
  EXPECT_EQ(TakeAll(transformer).size(), 1U);
  items.emplace_back(MakePage(2));
  items.emplace_back(MakePage(3));
  EXPECT_EQ(TakeAll(transformer).size(), 2U);
}

TEST(Transformer, TellsAReadersFailureAfterWhatWasReadBefore) {
  int reads = 0;
  const auto next = [&]() -> Result<std::optional<Item>> {
    if (++reads == 1) {
      return Item(MakeInfo({"s"}));
    }
    if (reads == 2) {
      return Item(MakePage(1));
    }
    return Fail(ErrorKind::kCorruption, "disk failed");
  };
  Transformer transformer(next, {.threads = 2, .make_runner = Telling()});
  EXPECT_THAT(TakeAll(transformer), ElementsAre("s UTC", "disk failed"));
}

TEST(Transformer, ReadsNoFurtherThanItsBounds) {
  for (const bool by_bytes : {false, true}) {
    std::counting_semaphore<1000> go(0);
    std::vector<Item> items = {MakeInfo({"s"})};
    for (uint32_t i = 1; i <= 100; ++i) {
      items.emplace_back(MakePage(i, "s", by_bytes ? 1'000'000 : 10));
    }
    TransformerOptions options{.threads = 2};
    if (by_bytes) {
      options.max_bytes = 10'000'000;
    } else {
      options.max_captures = 12;
    }
    options.make_runner = [&](const Source&) -> Result<Runner> {
      return [&](const Capture& capture) {
        go.acquire();
        Transformed told;
        told.address = capture.address;
        return told;
      };
    };
    std::atomic<size_t> given = 0;
    Transformer transformer(Items(items, &given), options);
    Result<Transformer::Taken> taken = Transformer::Taken{};
    while (given < 10) {
      taken = transformer.Take(milliseconds(1));
      ASSERT_TRUE(taken);
      EXPECT_EQ(taken->outcome, Transformer::Outcome::kWaiting);
    }
    EXPECT_LE(given, 14U);
    go.release(100);
    size_t captures = 0;
    while (true) {
      taken = transformer.Take(seconds(60));
      ASSERT_TRUE(taken);
      if (taken->outcome != Transformer::Outcome::kCapture) {
        break;
      }
      ++captures;
    }
    EXPECT_EQ(captures, 100U);
  }
}

TEST(Transformer, TodaysSourcesReplaceArchivedOnesAndKeepTheOthers) {
  std::vector<Item> items = {MakeInfo({"s", "gone"}, "UTC"), MakePage(1), MakePage(2, "gone"),
                             MakePage(3, "")};
  TransformerOptions options{.threads = 2, .make_runner = Telling()};
  options.todays_sources = MakeInfo({"s"}, "Asia/Tokyo").sources;
  options.foreign_source = "s";
  Transformer transformer(Items(items), options);
  EXPECT_THAT(TakeAll(transformer), ElementsAre("s Asia/Tokyo", "gone UTC", "s Asia/Tokyo"));
}

TEST(Transformer, RereadsUnderTheConfigurationOfTheCaptureLastTaken) {
  std::vector<Item> items = {MakeInfo({"s"}, "UTC"), MakePage(1), MakeInfo({"s"}, "Asia/Tokyo"),
                             MakePage(2)};
  TransformerOptions options{.threads = 1, .make_runner = Telling()};
  options.read_capture = [](Position at) -> Result<Capture> {
    if (at == Position(9, 0)) {
      return Fail(ErrorKind::kCorruption, "not there");
    }
    if (at == Position(8, 0)) {
      return Fail(ErrorKind::kTransient, "too many open files");
    }
    return MakePage(1, at == Position(7, 0) ? "unknown" : "s");
  };
  Transformer transformer(Items(items), options);
  ASSERT_TRUE(transformer.Take(seconds(60)));
  EXPECT_EQ(transformer.Reread(Position(1, 0)).value()->pipeline, "UTC");
  ASSERT_TRUE(transformer.Take(seconds(60)));
  EXPECT_EQ(transformer.Reread(Position(1, 0)).value()->pipeline, "Asia/Tokyo");
  EXPECT_FALSE(transformer.Reread(Position(7, 0)).value());
  EXPECT_FALSE(transformer.Reread(Position(9, 0)).value());
  ASSERT_FALSE(transformer.Reread(Position(8, 0)));
}

TEST(Transformer, ReadsAheadWhileNobodyTakes) {
  std::vector<Item> items = {MakeInfo({"s"})};
  for (uint32_t i = 1; i <= 30; ++i) {
    items.emplace_back(MakePage(i));
  }
  std::atomic<size_t> given = 0;
  Transformer transformer(Items(items, &given), {.threads = 1, .make_runner = Telling()});
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  while (given < items.size() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(given, items.size());
  EXPECT_EQ(TakeAll(transformer).size(), 30U);
}

// What was archived before a Take is never missed by its answer "the end": the relay tells by it
// that everything is settled.
TEST(Transformer, AnEndIsOneThatWasMetAfterTheTakeBegan) {
  std::mutex mutex;
  std::deque<Item> archive = {MakeInfo({"s"})};
  const auto next = [&]() -> Result<std::optional<Item>> {
    std::lock_guard lock(mutex);
    if (archive.empty()) {
      return std::nullopt;
    }
    Item item = std::move(archive.front());
    archive.pop_front();
    return item;
  };
  Transformer transformer(next, {.threads = 2, .make_runner = Telling()});
  EXPECT_TRUE(TakeAll(transformer).empty());
  for (uint32_t i = 1; i <= 500; ++i) {
    {
      std::lock_guard lock(mutex);
      archive.emplace_back(MakePage(i));
    }
    ASSERT_EQ(TakeAll(transformer).size(), 1U) << "round " << i;
  }
}

TEST(Transformer, StopsWithCapturesInFlight) {
  std::vector<Item> items = {MakeInfo({"s"})};
  for (uint32_t i = 1; i <= 50; ++i) {
    items.emplace_back(MakePage(i));
  }
  Transformer transformer(Items(items), {.threads = 2, .make_runner = Telling()});
  ASSERT_TRUE(transformer.Take(seconds(60)));
}

}  // namespace
}  // namespace newswire::relay
