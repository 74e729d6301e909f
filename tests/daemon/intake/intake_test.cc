// SPDX-License-Identifier: Apache-2.0
// The intake half against a site on loopback and a real archive: what is asked, what is kept, what
// a restart remembers.
#include "daemon/intake/intake.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "daemon/archive/reader.h"
#include "tests/support/http_server.h"

namespace newswire::intake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kDeadline{60};

std::string Entry(const test::HttpServer& site, int number, std::string_view title) {
  return fmt::format(
      "<entry><title>{}</title><id>{}</id><link href='{}'/><published>2022-04-{:02}T10:00:00+08:00"
      "</published></entry>",
      title, number, site.Url(fmt::format("/a/2022/04/{:02}/{}.html", number, number)), number);
}

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() {
    std::string name = testing::TempDir() + "intake-XXXXXX";
    dir_ = mkdtemp(name.data());
    source_ = {.id = "s",
               .kind = SourceKind::kJekyll,
               .url = site_.Url("/"),
               .every = milliseconds(100),
               .delay = milliseconds(0),
               .timezone = "Asia/Shanghai"};
  }
  ~IntakeTest() override {
    Stop();
    std::filesystem::remove_all(dir_);
  }

  void Feed(std::vector<std::string> entries) {
    std::string body = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><id>i</id>";
    for (const auto& entry : entries) {
      body += entry;
    }
    site_.Route("/feed.xml",
                {.headers = {{"Content-Type", "application/atom+xml"},
                             {"ETag", fmt::format("\"{}\"", std::hash<std::string>{}(body))}},
                 .body = body + "</feed>"});
  }

  void Page(int number, test::ServerAnswer answer) {
    site_.Route(fmt::format("/a/2022/04/{:02}/{}.html", number, number), std::move(answer));
  }
  void Page(int number) {
    Page(number, {.headers = {{"Content-Type", "text/html"}, {"ETag", "\"page\""}},
                  .body = fmt::format("<p>The text of post {}</p>", number)});
  }

  void Start() {
    auto archive = archive::Archive::Open(
        {.dir = dir_ / "archive", .sync_interval = milliseconds(1), .min_free_bytes = 0},
        {.software = "test", .config_json = "{}", .sources = {source_}}, SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    archive_ = std::move(*archive);
    auto frontier = frontier::Frontier::Open(dir_ / "frontier.db");
    ASSERT_TRUE(frontier) << frontier.error();
    frontier_ = std::move(*frontier);
    auto engine = transports::HttpEngine::Create(
        {.user_agent = "test/1.0 (+mailto:test@example.org)", .allow_networks = {"127.0.0.0/8"}},
        SystemClock());
    ASSERT_TRUE(engine) << engine.error();
    engine_ = std::move(*engine);
    intake_ = std::make_unique<Intake>(IntakeOptions{.delay = milliseconds(0)},
                                       std::vector{source_}, "test/1.0 (+mailto:test@example.org)",
                                       *archive_, *frontier_, *engine_, SystemClock());
    thread_ = std::jthread([this](std::stop_token stop) { ended_ = intake_->Run(stop); });
  }

  void Stop() {
    if (!thread_.joinable()) {
      return;
    }
    thread_.request_stop();
    engine_->Wakeup();
    thread_.join();
    EXPECT_FALSE(ended_);
    EXPECT_EQ(ended_.error().kind, ErrorKind::kCancelled) << ended_.error();
    intake_.reset();
    engine_.reset();
    frontier_.reset();
    archive_.reset();
  }

  // The source is a folder, empty.
  std::filesystem::path UseFolder() {
    const auto folder = dir_ / "_posts";
    std::filesystem::create_directories(folder);
    source_ = {.id = "s",
               .kind = SourceKind::kFolder,
               .url = folder.string(),
               .body = BodyKind::kFile,
               .every = milliseconds(50),
               .removal = {.when_unlisted = true}};
    return folder;
  }

  // The frontier as it stands comes back when the answer is called: what was captured in between
  // became durable, and then the process died.
  std::function<void()> RememberFrontier() {
    const auto file = dir_ / "frontier.db";
    const auto kept = dir_ / "frontier.kept";
    std::filesystem::copy_file(file, kept);
    return [file, kept] { std::filesystem::rename(kept, file); };
  }

  template <typename Condition>
  void WaitUntil(Condition condition, std::string_view what) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain for " << what;
      std::this_thread::sleep_for(milliseconds(5));
    }
  }
  void Drain() {
    WaitUntil([&] { return intake_->drained(); }, "the site to be drained");
  }

  // "kind status url" of every capture of a post.
  std::vector<std::string> Posts() {
    auto reader = archive::Reader::OpenArchive(
        dir_ / "archive", Position{}, [] { return Position::FromValue(~uint64_t{0} >> 1); });
    EXPECT_TRUE(reader) << reader.error();
    std::vector<std::string> found;
    for (;;) {
      auto item = (*reader)->Next();
      EXPECT_TRUE(item) << item.error();
      if (!item || !*item) {
        return found;
      }
      const auto* capture = std::get_if<Capture>(&**item);
      if (capture != nullptr && capture->metadata.role == CaptureRole::kPost) {
        const std::string_view kind = capture->kind == CaptureKind::kRevisit    ? "revisit"
                                      : capture->kind == CaptureKind::kGone     ? "gone"
                                      : capture->kind == CaptureKind::kResource ? "resource"
                                                                                : "response";
        found.push_back(fmt::format(
            "{} {} {}{}", kind, capture->http_status,
            capture->url.substr(capture->url.rfind('/') + 1),
            capture->metadata.removal ? " removed: " + capture->metadata.removal->how : ""));
      }
    }
  }

  std::filesystem::path dir_;
  test::HttpServer site_;
  Source source_;
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<frontier::Frontier> frontier_;
  std::unique_ptr<transports::HttpEngine> engine_;
  std::unique_ptr<Intake> intake_;
  Status ended_;
  std::jthread thread_;
};

TEST_F(IntakeTest, FetchesWhatTheFeedShowsOldestFirstOnceForAll) {
  Feed({Entry(site_, 3, "c"), Entry(site_, 2, "b"), Entry(site_, 1, "a")});
  for (const int number : {1, 2, 3}) {
    Page(number);
  }
  Start();
  Drain();
  Stop();
  const std::vector<std::string> posts{"response 200 1.html", "response 200 2.html",
                                       "response 200 3.html"};
  EXPECT_EQ(Posts(), posts);
  Start();  // a restart knows them
  ASSERT_TRUE(site_.WaitFor("/feed.xml", 3));
  Drain();
  Stop();
  EXPECT_EQ(Posts(), posts);
}

TEST_F(IntakeTest, LostFrontierIsRebuiltFromTheArchive) {
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  Drain();
  Stop();
  std::filesystem::remove(dir_ / "frontier.db");
  Start();
  Drain();
  Stop();
  EXPECT_EQ(Posts(), std::vector<std::string>{"response 200 1.html"});
  EXPECT_EQ(site_.Count("/a/2022/04/01/1.html"), 1u);
}

TEST_F(IntakeTest, RebuiltFrontierKnowsWhatIsToBeChecked) {
  for (int n = 1; n < 60; ++n) {
    source_.recheck.emplace_back(n);
  }
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 1));
  Drain();
  Stop();
  const size_t asked = site_.Count("/a/2022/04/01/1.html");
  std::filesystem::remove(dir_ / "frontier.db");
  Start();
  EXPECT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", asked + 1));
}

TEST_F(IntakeTest, RebuiltFrontierKnowsTheEntriesOfAFeedThatIsTheBody) {
  source_ = {.id = "s",
             .kind = SourceKind::kFeed,
             .url = site_.Url("/feed.xml"),
             .body = BodyKind::kFeed,
             .every = milliseconds(100),
             .delay = milliseconds(0),
             .removal = {.when_unlisted = true}};
  Feed({Entry(site_, 2, "b"), Entry(site_, 1, "a")});
  Start();
  Drain();
  Stop();
  std::filesystem::remove(dir_ / "frontier.db");
  Feed({Entry(site_, 2, "b")});
  Start();
  WaitUntil([&] { return intake_->counters().removals == 1; }, "the entry that left meanwhile");
}

TEST_F(IntakeTest, APostCapturedButNotNotedBeforeACrashIsMissedWhenItVanishes) {
  source_.recheck = {seconds(1)};
  Feed({});
  Start();
  Drain();
  Stop();
  const auto crash = RememberFrontier();
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 1));
  Drain();
  Stop();
  crash();
  Page(1, {.status = 410});
  Start();
  WaitUntil([&] { return intake_->counters().removals == 1; }, "the removal");
  Stop();
  EXPECT_EQ(Posts(), (std::vector<std::string>{"response 200 1.html",
                                               "response 410 1.html removed: http_410"}));
}

TEST_F(IntakeTest, RechecksAreConditionalAndUnchangedIsARevisit) {
  source_.recheck = {seconds(1)};
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 2));
  Drain();
  Stop();
  EXPECT_EQ(Posts(), (std::vector<std::string>{"response 200 1.html", "revisit 200 1.html"}));
  const auto asked = site_.RequestsTo("/a/2022/04/01/1.html");
  EXPECT_EQ(asked[0].Header("If-None-Match"), std::nullopt);
  EXPECT_EQ(asked[1].Header("If-None-Match"), "\"page\"");
}

TEST_F(IntakeTest, GoneAtARecheckIsARemoval) {
  source_.recheck = {seconds(1)};
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 1));
  Drain();
  Page(1, {.status = 410});
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 2));
  Drain();
  Stop();
  EXPECT_EQ(Posts(), (std::vector<std::string>{"response 200 1.html",
                                               "response 410 1.html removed: http_410"}));
}

TEST_F(IntakeTest, ChangedEntryIsFetchedAgainWithoutValidators) {
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  Drain();
  Feed({Entry(site_, 1, "another title")});
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 2));
  Drain();
  Stop();
  EXPECT_EQ(Posts(), (std::vector<std::string>{"response 200 1.html", "response 200 1.html"}))
      << "metadata that changed alone makes a new capture, no revisit";
  EXPECT_EQ(site_.RequestsTo("/a/2022/04/01/1.html")[1].Header("If-None-Match"), std::nullopt);
}

TEST_F(IntakeTest, GapIsFilledFromTheSitemap) {
  Feed({Entry(site_, 1, "a")});
  for (const int number : {1, 2, 3, 4}) {
    Page(number);
  }
  Start();
  Drain();
  std::string sitemap = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>";
  for (const int number : {1, 2, 3, 4}) {
    sitemap += fmt::format("<url><loc>{}</loc></url>",
                           site_.Url(fmt::format("/a/2022/04/{:02}/{}.html", number, number)));
  }
  site_.Route("/sitemap.xml",
              {.headers = {{"Content-Type", "application/xml"}}, .body = sitemap + "</urlset>"});
  Feed({Entry(site_, 4, "d")});
  for (const int number : {2, 3, 4}) {
    ASSERT_TRUE(site_.WaitFor(fmt::format("/a/2022/04/{:02}/{}.html", number, number), 1));
  }
  Drain();
  Stop();
  auto posts = Posts();
  std::ranges::sort(posts);
  EXPECT_EQ(posts, (std::vector<std::string>{"response 200 1.html", "response 200 2.html",
                                             "response 200 3.html", "response 200 4.html"}));
}

TEST_F(IntakeTest, GapIsSeenBehindAnEntryThatStaysAtTheTop) {
  for (const int number : {1, 2, 3, 4, 9}) {
    Page(number);
  }
  Feed({Entry(site_, 9, "pinned"), Entry(site_, 1, "a")});
  Start();
  Drain();
  std::string sitemap = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>";
  for (const int number : {1, 2, 3, 4, 9}) {
    sitemap += fmt::format("<url><loc>{}</loc></url>",
                           site_.Url(fmt::format("/a/2022/04/{:02}/{}.html", number, number)));
  }
  site_.Route("/sitemap.xml",
              {.headers = {{"Content-Type", "application/xml"}}, .body = sitemap + "</urlset>"});
  Feed({Entry(site_, 9, "pinned"), Entry(site_, 4, "d")});
  for (const int number : {2, 3, 4}) {
    ASSERT_TRUE(site_.WaitFor(fmt::format("/a/2022/04/{:02}/{}.html", number, number), 1));
  }
}

TEST_F(IntakeTest, UnchangedPagesShowThatTheSourceAnswers) {
  for (int n = 1; n < 60; ++n) {
    source_.recheck.emplace_back(n);
  }
  source_.removal.confirm_after = seconds(1);
  Feed({Entry(site_, 2, "b"), Entry(site_, 1, "a")});
  Page(1);
  Page(2);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/02/2.html", 1));
  Page(1, {.status = 404});
  WaitUntil([&] { return intake_->counters().removals == 1; }, "the removal");
  EXPECT_EQ(site_.RequestsTo("/a/2022/04/02/2.html").back().Header("If-None-Match"), "\"page\"");
}

TEST_F(IntakeTest, WhatIsGoneIsStillAskedForAtItsRechecks) {
  source_.recheck = {seconds(1), seconds(2), seconds(3), seconds(4)};
  Feed({Entry(site_, 1, "a")});
  Page(1);
  Start();
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 1));
  Drain();
  Page(1, {.status = 410});
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 3));
  Page(1);
  ASSERT_TRUE(site_.WaitFor("/a/2022/04/01/1.html", 4));
  Drain();
  Stop();
  EXPECT_EQ(Posts().back(), "response 200 1.html");
}

TEST_F(IntakeTest, FailingSourceBacksOffAndTheOthersGoOn) {
  site_.Route("/feed.xml", {.status = 503});
  Start();
  ASSERT_TRUE(site_.WaitFor("/feed.xml", 1));
  WaitUntil([&] { return intake_->drained(); }, "the poll to end");
  Stop();
  Start();  // the back-off is durable: a restart asks no sooner
  WaitUntil([&] { return intake_->drained(); }, "the loop to turn");
  Stop();
  EXPECT_EQ(site_.Count("/feed.xml"), 1u);
}

// One robots.txt that cannot be had holds up all the pages that wait for it.
TEST_F(IntakeTest, WhatFailsAtOnceIsOneFailure) {
  source_.parallel = 8;
  site_.Route("/robots.txt", {.status = 503});
  std::vector<std::string> entries;
  for (int number = 1; number <= 8; ++number) {
    entries.push_back(Entry(site_, number, "t"));
    Page(number);
  }
  Feed(entries);
  Start();
  ASSERT_TRUE(site_.WaitFor("/robots.txt", 1));
  WaitUntil([&] { return intake_->drained(); }, "the pages to be put off");
  Stop();
  auto frontier = frontier::Frontier::Open(dir_ / "frontier.db");
  ASSERT_TRUE(frontier) << frontier.error();
  const auto row = (*frontier)->LoadSource("s");
  ASSERT_TRUE(row) << row.error();
  EXPECT_EQ(row->failures.in_a_row, 1U);
}

TEST_F(IntakeTest, FolderGivesNewChangedAndVanishedFiles) {
  const auto folder = UseFolder();
  std::ofstream(folder / "2022-04-19-1.md") << "one";
  std::ofstream(folder / "2022-04-20-2.md") << "two";
  Start();
  WaitUntil([&] { return intake_->counters().posts_archived == 2; }, "two posts");
  std::ofstream(folder / "2022-04-19-1.md") << "one, edited";
  WaitUntil([&] { return intake_->counters().posts_archived == 3; }, "the edit");
  std::filesystem::remove(folder / "2022-04-20-2.md");
  WaitUntil([&] { return intake_->counters().removals == 1; }, "the removal");
  Stop();
  EXPECT_EQ(Posts(),
            (std::vector<std::string>{"resource 0 2022-04-19-1.md", "resource 0 2022-04-20-2.md",
                                      "resource 0 2022-04-19-1.md",
                                      "gone 0 2022-04-20-2.md removed: file_vanished"}));
}

TEST_F(IntakeTest, AFileCapturedButNotNotedBeforeACrashIsMissedWhenItVanishes) {
  const auto folder = UseFolder();
  Start();
  Drain();
  Stop();
  const auto crash = RememberFrontier();
  std::ofstream(folder / "2022-04-19-1.md") << "one";
  Start();
  WaitUntil([&] { return intake_->counters().posts_archived == 1; }, "the post");
  Stop();
  crash();
  std::filesystem::remove(folder / "2022-04-19-1.md");
  Start();
  WaitUntil([&] { return intake_->counters().removals == 1; }, "the removal");
}

}  // namespace
}  // namespace newswire::intake
