// SPDX-License-Identifier: Apache-2.0
// After a redaction all other events keep their bytes, whatever is lost and folded again, and the
// redacted post is never published again.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/archive/redact.h"
#include "daemon/relay/redacted.h"
#include "daemon/relay/sequencer.h"
#include "tests/daemon/archive/redact_fixture.h"
#include "tests/daemon/relay/scripted.h"
#include "transforms/pipeline.h"

namespace newswire::relay {
namespace {

using archive::NewsFeed;
using archive::NewsId;
using archive::NewsPage;
using archive::NewsUrl;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string PageId(int n) { return "finews:" + NewsId(n); }
std::string WireId(int n) {
  const std::string url = "https://wire.example/" + std::to_string(n);
  return PostIdFromLink(archive::NewsInfo().sources[1], url, {});
}

class RelayRedaction : public testing::Test {
 protected:
  void SetUp() override {
    world_.CloseArchive();
    world_.OpenArchive(archive::NewsInfo());
  }
  RelayOptions Options() const {
    RelayOptions options = world_.Options();
    options.make_runner = PipelineRunners();
    return options;
  }
  void Settle() {
    ScriptedOutput output(truth_);
    const Status status = world_.Settle(output, Options());
    ASSERT_TRUE(status) << status.error();
  }
  void Redact(const std::vector<std::string>& posts) {
    const auto report = archive::Redact(world_.archive(), {.posts = posts, .reason = {}}, {}, {});
    ASSERT_TRUE(report) << report.error();
  }
  // Without what is of the post.
  static std::vector<std::string> Others(std::vector<std::string> values, const std::string& post) {
    std::erase_if(values, [&](const std::string& value) {
      return value.find("\"id\":\"" + post + "\"") != std::string::npos ||
             value.ends_with("tombstone " + post);
    });
    return values;
  }
  static Capture Removal(int n) {
    Capture capture = NewsPage(n);
    capture.http_status = 410;
    capture.body = "gone";
    capture.metadata.removal = newswire::Removal{.how = "http_410", .confirmed_at = {}};
    return capture;
  }

  RelayWorld world_{6000};
  Truth truth_;
};

TEST_F(RelayRedaction, OtherEventsKeepTheirBytesWhenAllIsFoldedAgain) {
  // Revisions, a removal, a feed whose entries stay and change, and text that two posts share.
  Capture twin = NewsPage(5);
  twin.body = NewsPage(3).body;
  world_.Append({NewsPage(1), NewsFeed({1, 2, 3}), NewsPage(3), NewsPage(2), twin,
                 NewsFeed({1, 2, 3}, false), NewsPage(3, "changed"), NewsPage(2, "changed"),
                 NewsFeed({4, 3, 2}), Removal(3), NewsPage(3), NewsPage(4), Removal(1)});
  Settle();
  const std::vector<std::string> before = truth_.values;
  ASSERT_THAT(before, testing::Contains(HasSubstr("\"revision\":4")));

  Redact({PageId(3), WireId(2)});
  world_.Append({NewsPage(6)});
  Settle();
  ASSERT_EQ(truth_.values.size(), before.size() + 3);
  EXPECT_THAT(std::vector<std::string>(truth_.values.begin() + static_cast<long>(before.size()),
                                       truth_.values.end()),
              ElementsAre(HasSubstr("tombstone " + PageId(3)), HasSubstr("tombstone " + WireId(2)),
                          HasSubstr(PageId(6))));

  // A rebuild and a replay from the beginning are this: all of it once more, with nothing known.
  const std::vector<std::string> again = world_.Expected(Options());
  EXPECT_EQ(Others(Others(again, PageId(3)), WireId(2)),
            Others(Others(truth_.values, PageId(3)), WireId(2)));
  for (const std::string& value : again) {
    EXPECT_THAT(value, Not(HasSubstr("Secret3 changed")));
    EXPECT_THAT(value, Not(HasSubstr("\"id\":\"" + PageId(3) + "\"")));
    EXPECT_THAT(value, Not(HasSubstr("\"id\":\"" + WireId(2) + "\"")));
    EXPECT_THAT(value, Not(HasSubstr("dead_letter")));
  }
  EXPECT_EQ(
      std::ranges::count_if(again, [](const auto& v) { return v.find("tombstone") != v.npos; }), 2);

  // The state is lost, and what comes next is as if it were not.
  std::filesystem::remove_all(world_.dir() / "state");
  world_.CloseArchive();
  world_.OpenArchive(archive::NewsInfo());
  const size_t published = truth_.values.size();
  world_.Append({NewsPage(4, "changed"), NewsPage(3, "once more")});
  Settle();
  ASSERT_EQ(truth_.values.size(), published + 1);
  EXPECT_THAT(truth_.values.back(), HasSubstr("\"revision\":2,\"changed\":[\"text\"]"));
  EXPECT_THAT(truth_.values.back(), HasSubstr(PageId(4)));
}

TEST_F(RelayRedaction, APostThatWasNotYetPublishedNeverIs) {
  world_.Append({NewsPage(1), NewsPage(2)});
  Redact({PageId(2)});
  world_.Append({NewsPage(2, "later"), Removal(2), NewsPage(3)});
  Settle();
  ASSERT_EQ(truth_.values.size(), 3U);
  EXPECT_THAT(truth_.values[0], HasSubstr(PageId(1)));
  EXPECT_THAT(truth_.values[1], HasSubstr("tombstone " + PageId(2)));
  EXPECT_THAT(truth_.values[2], HasSubstr(PageId(3)));
  EXPECT_EQ(world_.Expected(Options()), truth_.values);
}

TEST_F(RelayRedaction, TheTombstoneIsPublishedOnceWhateverBecomesOfTheCommits) {
  world_.Append({NewsPage(1), NewsPage(2)});
  Settle();
  Redact({PageId(1)});
  world_.Append({NewsPage(3)});
  int call = 0;
  const std::vector<Mishap> mishaps = {Mishap::kAborted, Mishap::kDoneUnknown, Mishap::kNone};
  ScriptedOutput output(truth_, [&] {
    return call < static_cast<int>(mishaps.size()) ? mishaps[static_cast<size_t>(call++)]
                                                   : Mishap::kNone;
  });
  RelayOptions options = Options();
  options.kafka.commit_events = 1;
  ASSERT_TRUE(world_.Settle(output, options));
  Settle();  // a restart publishes nothing
  EXPECT_THAT(truth_.values,
              ElementsAre(HasSubstr(PageId(1)), HasSubstr(PageId(2)),
                          HasSubstr("tombstone " + PageId(1)), HasSubstr(PageId(3))));
  EXPECT_EQ(truth_.checkpoint->events, 4U);
  EXPECT_EQ(truth_.checkpoint->position, world_.archive().durable_end());
}

TEST_F(RelayRedaction, ATombstoneGoesWhereThePostWent) {
  world_.Append({NewsPage(1)});
  Settle();
  Redact({PageId(1)});
  Settle();
  ASSERT_EQ(truth_.values.size(), 2U);
  EXPECT_EQ(truth_.values[1].substr(0, truth_.values[1].find(' ')),
            truth_.values[0].substr(0, truth_.values[0].find(' ')));
}

TEST(Tombstone, IsACloudEventWithoutData) {
  const Event event =
      MakeTombstone("s:1", "https://a.example/1", "news", Position(2, 5), UtcMillis{});
  EXPECT_TRUE(event.tombstone());
  EXPECT_EQ(event.key, "s:1");
  EXPECT_TRUE(event.value.empty());
  EXPECT_THAT(
      CloudEventHeaders(event),
      ElementsAre(std::pair("ce_specversion", "1.0"), std::pair("ce_id", "s:1#0000010000000005"),
                  std::pair("ce_source", "urn:newswire:s"), std::pair("ce_type", "post.redacted"),
                  std::pair("ce_time", "1970-01-01T00:00:00.000Z"),
                  std::pair("ce_subject", "https://a.example/1"),
                  std::pair("ce_sequence", "0000010000000005")));
}

}  // namespace
}  // namespace newswire::relay
