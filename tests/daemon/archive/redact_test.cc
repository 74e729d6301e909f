// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/redact.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/archive/capture_filter.h"
#include "daemon/archive/cat.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/list.h"
#include "daemon/archive/record_digest.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/verify.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/redact_fixture.h"
#include "tests/daemon/archive/run_tool.h"
#include "tests/support/deflated.h"
#include "transforms/pipeline.h"
#include "transforms/text/content_encoding.h"

namespace newswire::archive {
namespace {

using testing::HasSubstr;

std::string PageId(int n) { return "finews:" + NewsId(n); }
// The post of an entry of the feed `wire`.
std::string WireId(int n) {
  Source wire = NewsInfo().sources[1];
  LinkEntry entry;
  entry.id = fmt::format("https://wire.example/{}", n);
  return PostIdFromLink(wire, entry.id, entry);
}

class Redact : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    ArchiveOptions options = MakeOptions(dir());
    options.segment_size = 4000;
    auto opened = Archive::Open(options, NewsInfo(), SystemClock());
    ASSERT_TRUE(opened) << opened.error();
    archive_ = std::move(*opened);
  }
  void Close() { archive_.reset(); }
  const std::filesystem::path& dir() const { return folder_.path(); }
  Position Append(Capture capture) {
    const auto address = AppendAndWait(*archive_, std::move(capture));
    EXPECT_TRUE(address) << address.error();
    return address.value_or(ArchiveAddress{}).position;
  }
  Result<RedactReport> Run(std::vector<std::string> posts) {
    return archive::Redact(*archive_, {.posts = std::move(posts), .reason = "a court said so"}, {},
                           {});
  }
  std::map<std::string, std::string> Segments() const {
    std::map<std::string, std::string> bytes;
    const auto segments = ListSegments(dir());
    for (const Segment& segment : *segments) {
      bytes[segment.path.filename()] = ReadAll(segment.path);
    }
    return bytes;
  }
  // Every record and decoded body of the archive.
  std::string AllText() const {
    std::string text;
    const auto segments = ListSegments(dir());
    for (const Segment& segment : *segments) {
      auto stream = RecordStream::Open(segment.path);
      while (true) {
        auto item = (*stream)->Next();
        if (!item || !item->has_value()) {
          break;
        }
        if (const auto* stored = std::get_if<StoredRecord>(&**item)) {
          text += stored->record.Bytes();
        }
      }
    }
    for (const Capture& capture : ReadArchive(dir()).captures) {
      text += text::DecodeContent(capture.body,
                                  FindHeader(capture.headers, "Content-Encoding").value_or(""), {})
                  .value_or("(not decoded)");
    }
    return text;
  }
  void ExpectVerified() {
    const Answer verified =
        RunTool([&](auto& out, auto& err) { return VerifyArchive(dir(), out, err); });
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  }
  std::vector<std::string> NewFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir())) {
      if (entry.path().extension() == ".new") {
        files.push_back(entry.path().filename());
      }
    }
    return files;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Archive> archive_;
};

// Where the members of a segment lie, and their bytes.
std::map<uint64_t, std::string> Members(const std::filesystem::path& segment) {
  std::map<uint64_t, std::string> members;
  const std::string bytes = ReadAll(segment);
  auto stream = RecordStream::Open(segment);
  while (true) {
    auto item = (*stream)->Next();
    if (!item || !item->has_value()) {
      return members;
    }
    const auto* stored = std::get_if<StoredRecord>(&**item);
    if (stored == nullptr) {
      ADD_FAILURE() << "a gap";
      return members;
    }
    members[stored->begin] = bytes.substr(stored->begin, stored->end - stored->begin);
    const RecordDigests digests = CheckDigests(stored->record);
    EXPECT_NE(digests.block, DigestCheck::kWrong);
    EXPECT_NE(digests.payload, DigestCheck::kWrong);
  }
}

TEST_F(Redact, EveryOtherRecordStaysAtItsOffsetByteForByte) {
  for (int n = 0; n < 12; ++n) {
    Append(NewsPage(n));
  }
  Capture revisit = NewsPage(3);
  revisit.kind = CaptureKind::kRevisit;
  revisit.refers_to = RefersTo{.record_id = "urn:uuid:x", .target_uri = revisit.url, .date = {}};
  Append(revisit);
  Append(NewsPage(3, "changed"));
  std::map<std::string, std::map<uint64_t, std::string>> before;
  for (const auto& [name, bytes] : Segments()) {
    before[name] = Members(dir() / name);
  }
  const auto addresses = ReadArchive(dir()).captures;

  const auto report = Run({PageId(3)});
  ASSERT_TRUE(report) << report.error();
  ASSERT_EQ(report->captures.size(), 3U);
  ASSERT_GE(report->segments.size(), 2U);
  ASSERT_TRUE(report->record);

  std::set<Position> blanked;
  for (const RedactReport::Line& line : report->captures) {
    blanked.insert(line.position);
  }
  size_t changed = 0;
  for (const auto& [name, members] : before) {
    const auto after = Members(dir() / name);
    const uint32_t serial = *SerialOf(name);
    ASSERT_LE(members.size(), after.size());  // the newest one has got nothing but its seal
    for (const auto& [offset, bytes] : members) {
      ASSERT_TRUE(after.contains(offset)) << name << " " << offset;
      ASSERT_EQ(after.at(offset).size(), bytes.size());
      bool holds = false;
      for (const Capture& capture : addresses) {
        holds =
            holds || (blanked.contains(capture.address.position) &&
                      capture.address.position.serial() == serial &&
                      offset >= capture.address.offset && offset < capture.address.end.offset());
      }
      changed += after.at(offset) != bytes ? 1 : 0;
      EXPECT_TRUE(holds || after.at(offset) == bytes) << name << " " << offset;
    }
  }
  EXPECT_EQ(changed, 5U);  // two pages with their metadata, the revisit's metadata
  for (const RewrittenSegment& segment : report->segments) {
    EXPECT_NE(segment.old_sum, segment.new_sum);
    EXPECT_EQ(*ReadSum(dir() / segment.name), segment.new_sum);
    EXPECT_EQ(*FileSum(dir() / segment.name), segment.new_sum);
  }
  const std::string text = AllText();
  EXPECT_THAT(text, testing::Not(HasSubstr("Secret3 ")));
  EXPECT_THAT(text, testing::Not(HasSubstr(NewsTitle(3))));
  EXPECT_THAT(text, HasSubstr("Secret4 "));
  EXPECT_TRUE(NewFiles().empty());
  ExpectVerified();
  // The captures are all there, with what tells which they are.
  const auto captures = ReadArchive(dir()).captures;
  ASSERT_EQ(captures.size(), addresses.size());
  for (size_t i = 0; i < captures.size(); ++i) {
    EXPECT_EQ(captures[i].address, addresses[i].address);
    EXPECT_EQ(captures[i].metadata.link, addresses[i].metadata.link);
    EXPECT_EQ(captures[i].metadata.entry.id, addresses[i].metadata.entry.id);
    EXPECT_TRUE(captures[i].headers == addresses[i].headers);
  }
}

TEST_F(Redact, IsRecordedWithItsSumsAndItsGhosts) {
  Append(NewsPage(1));
  const Position position = Append(NewsPage(2));
  Transformed before = Pipeline::Create(NewsInfo().sources[0])->Run(ReadArchive(dir()).captures[1]);
  const auto report = Run({PageId(2)});
  ASSERT_TRUE(report) << report.error();
  const auto controls = archive_->controls();
  const Control* control = controls->Find(ControlKind::kRedaction, position);
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(control->position, *report->record);
  const auto redaction = RedactionFromJson(control->body);
  ASSERT_TRUE(redaction) << redaction.error();
  EXPECT_THAT(redaction->posts, testing::ElementsAre(PageId(2)));
  EXPECT_EQ(redaction->reason, "a court said so");
  EXPECT_EQ(redaction->segments, report->segments);
  EXPECT_THAT(redaction->links, testing::ElementsAre(std::pair("finews", NewsUrl(2))));
  EXPECT_EQ(RedactionToJson(*redaction), control->body);
  EXPECT_THAT(control->body, testing::Not(HasSubstr("Secret")));
  EXPECT_THAT(control->body, testing::Not(HasSubstr("Headline")));

  // What the blanked capture gives, with it, is what the sequencer folds.
  const Capture capture = ReadArchive(dir()).captures[1];
  Transformed after = Pipeline::Create(NewsInfo().sources[0])->Run(capture);
  ASSERT_TRUE(after.posts.empty());
  ASSERT_EQ(after.dead_letters.size(), 1U);
  controls->redactions()->Apply(after);
  EXPECT_TRUE(after.dead_letters.empty());
  ASSERT_EQ(after.posts.size(), 1U);
  ASSERT_EQ(before.posts.size(), 1U);
  const Post& ghost = after.posts[0];
  EXPECT_EQ(ghost.id, before.posts[0].id);
  EXPECT_EQ(ghost.digest, before.posts[0].digest);
  EXPECT_EQ(ghost.document_digest, before.posts[0].document_digest);
  EXPECT_EQ(ghost.pipeline, before.posts[0].pipeline);
  EXPECT_EQ(ghost.url, before.posts[0].url);
  EXPECT_EQ(ghost.category.slug, before.posts[0].category.slug);
  EXPECT_EQ(ghost.published_at->instant, before.posts[0].published_at->instant);
  EXPECT_EQ(ghost.archive, before.posts[0].archive);
  EXPECT_TRUE(ghost.text.empty());
  EXPECT_TRUE(ghost.title.empty());
  EXPECT_TRUE(controls->redactions()->NamesLink("finews", NewsUrl(2)));
  // And so for a process that finds the archive as it is.
  const auto read = ReadControls(dir());
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE((*read)->redactions()->IsBlanked(position));
}

class RedactFeed : public Redact, public testing::WithParamInterface<std::string> {};

TEST_P(RedactFeed, LosesOnlyTheEntryInEveryCapture) {
  Append(NewsFeed({1, 2, 3}, true, GetParam()));
  Append(NewsFeed({2, 3, 4}, true, GetParam()));
  Append(NewsFeed({3, 4, 5}, true, GetParam()));
  const auto pipeline = Pipeline::Create(NewsInfo().sources[1]);
  std::vector<Transformed> before;
  for (const Capture& capture : ReadArchive(dir()).captures) {
    before.push_back(pipeline->Run(capture));
  }
  const auto report = Run({WireId(2)});
  ASSERT_TRUE(report) << report.error();
  ASSERT_EQ(report->captures.size(), 2U);
  EXPECT_EQ(report->captures[0].entries, 1U);

  const std::string text = AllText();
  EXPECT_THAT(text, testing::Not(HasSubstr("Secret2")));
  EXPECT_THAT(text, testing::Not(HasSubstr("Headline of number 2")));
  EXPECT_THAT(text, HasSubstr("https://wire.example/2"));
  ExpectVerified();
  // They are still found as its captures.
  const auto list = RunTool([&](auto& out, auto& err) {
    return ListCaptures(dir(), {.post = WireId(2)}, false, out, err);
  });
  EXPECT_EQ(list.lines().size(), 2U) << list.out;
  const auto captures = ReadArchive(dir()).captures;
  ASSERT_EQ(captures.size(), 3U);
  for (size_t i = 0; i < captures.size(); ++i) {
    Transformed after = pipeline->Run(captures[i]);
    archive_->controls()->redactions()->Apply(after);
    EXPECT_TRUE(after.dead_letters.empty());
    ASSERT_EQ(after.posts.size(), 3U);
    for (size_t n = 0; n < 3; ++n) {
      if (after.posts[n].id == WireId(2)) {
        EXPECT_EQ(after.posts[n].digest, before[i].posts[n].digest);
        EXPECT_EQ(after.posts[n].document, before[i].posts[n].document);
      } else {
        EXPECT_EQ(after.posts[n], before[i].posts[n]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Encodings, RedactFeed,
                         testing::Values("", "gzip", "br", "deflate", "zstd"),
                         [](const auto& test) {
                           return test.param.empty() ? std::string("plain") : test.param;
                         });

TEST_F(Redact, TakesTheEntryOutOfTheFeedThatShowsTheWayToo) {
  Append(NewsFeed({1, 2, 3}, false, "gzip"));
  Append(NewsPage(2));
  Capture listing = NewsPage(9);
  listing.metadata.role = CaptureRole::kListing;
  listing.metadata.entry = {};
  listing.url = listing.metadata.link = "https://news.example/";
  listing.body = fmt::format(R"(<a href="{}">{}</a>)", NewsUrl(2), NewsTitle(2));
  Append(listing);
  listing.body = fmt::format(R"(<a href="{}">{}</a>)", NewsUrl(1), NewsTitle(1));
  Append(listing);
  const auto report = Run({PageId(2)});
  ASSERT_TRUE(report) << report.error();
  ASSERT_EQ(report->captures.size(), 3U);
  const std::string text = AllText();
  EXPECT_THAT(text, testing::Not(HasSubstr("Secret2")));
  EXPECT_THAT(text, testing::Not(HasSubstr(NewsTitle(2))));
  EXPECT_THAT(text, HasSubstr(NewsTitle(1)));
  EXPECT_THAT(text, HasSubstr("Secret3"));
  ExpectVerified();
}

TEST_F(Redact, OfOnePostAfterAnotherEachLosesItsOwn) {
  Append(NewsFeed({1, 2, 3}));
  ASSERT_TRUE(Run({WireId(2)}));
  ASSERT_TRUE(Run({WireId(3)}));
  EXPECT_THAT(AllText(), testing::Not(HasSubstr("Secret2")));
  EXPECT_THAT(AllText(), testing::Not(HasSubstr("Secret3")));
  EXPECT_THAT(AllText(), HasSubstr("Secret1"));
  Transformed both = Pipeline::Create(NewsInfo().sources[1])->Run(ReadArchive(dir()).captures[0]);
  archive_->controls()->redactions()->Apply(both);
  EXPECT_EQ(both.posts.size(), 3U);
  EXPECT_TRUE(both.dead_letters.empty());
  ExpectVerified();
}

TEST_F(Redact, DoneAgainDoesNothingUntilThereIsAnotherCapture) {
  Append(NewsPage(1));
  ASSERT_TRUE(Run({PageId(1)}));
  const size_t records = archive_->controls()->all().size();
  const auto again = Run({PageId(1)});
  ASSERT_TRUE(again) << again.error();
  EXPECT_FALSE(again->record);
  EXPECT_TRUE(again->captures.empty());
  EXPECT_EQ(again->blanked_before, 1U);
  EXPECT_EQ(archive_->controls()->all().size(), records);
  Append(NewsPage(1, "later"));
  const auto later = Run({PageId(1)});
  ASSERT_TRUE(later) << later.error();
  EXPECT_EQ(later->captures.size(), 1U);
  EXPECT_THAT(AllText(), testing::Not(HasSubstr("Secret1")));
}

TEST_F(Redact, OfAnUnknownPostIsRefusedAndChangesNothing) {
  Append(NewsPage(1));
  const auto before = Segments();
  const auto report = Run({PageId(1), "finews:nothing"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kPermanent);
  EXPECT_THAT(report.error().message, HasSubstr("no capture of the post finews:nothing"));
  EXPECT_EQ(Segments(), before);
  EXPECT_TRUE(archive_->controls()->empty());
}

// Raw deflate under the name "deflate", as some servers send it; what we make of it has the header
// that the RFC wants, and no smaller body.
std::string RawDeflate(const std::string& text) { return Deflated(text, -15, 9, 9); }

TEST_F(Redact, WhatDoesNotFitIntoItsPlaceIsRefusedAndNothingIsChanged) {
  std::string feed = R"(<rss version="2.0"><channel><title>t</title>)";
  for (int n = 0; n < 3; ++n) {
    feed += fmt::format("<item><link>https://wire.example/{}</link><title>a</title></item>", n);
  }
  Capture capture = NewsFeed({});
  capture.headers = {{"Content-Type", "application/rss+xml"}, {"Content-Encoding", "deflate"}};
  capture.body = RawDeflate(feed + "</channel></rss>");
  Append(NewsPage(1));
  Append(capture);
  Append(NewsPage(2));
  const auto before = Segments();
  const auto report = Run({WireId(1)});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kPermanent);
  EXPECT_THAT(report.error().message, HasSubstr("larger than its place"));
  EXPECT_EQ(Segments(), before);
  EXPECT_TRUE(NewFiles().empty());
  EXPECT_TRUE(archive_->controls()->empty());
}

TEST_F(Redact, AFeedThatCannotBeTakenApartIsRefusedAndNothingIsChanged) {
  Capture capture = NewsFeed({});
  const std::string feed = FeedText({1, 2}, "wire");
  capture.headers = {{"Content-Type", "application/atom+xml; charset=utf-16le"}};
  capture.body = "\xff\xfe";
  for (const char c : feed.substr(feed.find("<feed"))) {
    capture.body += c;
    capture.body += '\0';
  }
  Append(NewsFeed({1}));
  Append(capture);
  const auto before = Segments();
  const auto report = Run({WireId(1)});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kPermanent);
  EXPECT_EQ(Segments(), before);
  EXPECT_TRUE(NewFiles().empty());
}

TEST_F(Redact, APlanSaysWhatWouldBeDoneAndDoesNothing) {
  Append(NewsPage(1));
  Append(NewsFeed({1, 2}, false));
  const auto before = Segments();
  const auto plan = PlanRedaction(dir(), {.posts = {PageId(1)}, .reason = {}}, {}, {});
  ASSERT_TRUE(plan) << plan.error();
  EXPECT_EQ(plan->captures.size(), 2U);
  EXPECT_EQ(plan->segments.size(), 1U);
  EXPECT_FALSE(plan->record);
  EXPECT_EQ(Segments(), before);
  EXPECT_TRUE(NewFiles().empty());
  EXPECT_FALSE(PlanRedaction(dir(), {.posts = {"finews:no"}, .reason = {}}, {}, {}));
}

TEST_F(Redact, ListAndCatShowIt) {
  const Position position = Append(NewsPage(1));
  Append(NewsPage(2));
  ASSERT_TRUE(Run({PageId(1)}));
  const auto list =
      RunTool([&](auto& out, auto& err) { return ListCaptures(dir(), {}, false, out, err); });
  ASSERT_EQ(list.lines().size(), 2U);
  EXPECT_TRUE(list.lines()[0].ends_with("\tredacted"));
  EXPECT_TRUE(list.lines()[1].ends_with(".html"));
  const auto json =
      RunTool([&](auto& out, auto& err) { return ListCaptures(dir(), {}, true, out, err); });
  EXPECT_THAT(json.lines()[0], HasSubstr(R"("redacted":true)"));
  EXPECT_THAT(json.lines()[1], HasSubstr(R"("redacted":false)"));
  const auto cat = RunTool([&](auto& out, auto& err) {
    return CatCapture(dir(), position.ToHex(), CatPart::kRecords, out, err);
  });
  EXPECT_EQ(cat.status, 0);
  EXPECT_THAT(cat.err, HasSubstr("a court said so"));
  EXPECT_THAT(cat.out, testing::Not(HasSubstr("Secret1")));
}

TEST_F(Redact, VerifyKnowsBlankedRecordsFromChangedOnes) {
  for (int n = 0; n < 6; ++n) {
    Append(NewsPage(n));
  }
  ASSERT_TRUE(archive_->Seal());
  ASSERT_TRUE(Run({PageId(2)}));
  const auto segments = Segments();
  for (const auto& [name, bytes] : segments) {
    if (std::filesystem::exists(SumPath(dir() / name))) {
      ASSERT_TRUE(WriteSum(dir() / name, std::string(64, '0')));
    }
  }
  const Answer verified =
      RunTool([&](auto& out, auto& err) { return VerifyArchive(dir(), out, err); });
  EXPECT_NE(verified.status, 0);
  EXPECT_THAT(verified.out + verified.err, HasSubstr("every record is as it was written"));
  EXPECT_THAT(verified.out + verified.err, testing::Not(HasSubstr("not compressed as")));
}

TEST_F(Redact, ItsPostsOutliveTheirCaptures) {
  Append(NewsPage(1));
  ASSERT_TRUE(Run({PageId(1)}));
  for (int n = 2; n < 14; ++n) {
    Append(NewsPage(n));
  }
  while (archive_->RetireOldest(archive_->durable_end().serial()).value_or(false)) {
  }
  Append(NewsPage(20));
  ASSERT_TRUE(archive_->Seal());
  Append(NewsPage(21));  // at the head of this segment the list is written anew
  for (int round = 0; round < 2; ++round) {
    const auto controls = ReadControls(dir());
    ASSERT_TRUE(controls) << controls.error();
    EXPECT_TRUE((*controls)->redactions()->Names(PageId(1)));
    EXPECT_TRUE((*controls)->redactions()->NamesLink("finews", NewsUrl(1)));
    ASSERT_EQ((*controls)->all().size(), 1U);
    EXPECT_TRUE((*controls)->all()[0].captures.empty());
    EXPECT_THAT((*controls)->all()[0].body, HasSubstr(R"("documents":[])"));
    Close();
    Open();
  }
}

TEST_F(Redact, SealEndsTheSegmentThatIsWritten) {
  Append(NewsPage(1));
  const auto sealed = archive_->Seal();
  ASSERT_TRUE(sealed) << sealed.error();
  EXPECT_EQ(*sealed, archive_->durable_end());
  EXPECT_TRUE(std::filesystem::exists(dir() / "newswire-main-00000001.warc.gz.sha256"));
  EXPECT_EQ(*archive_->Seal(), *sealed);
  EXPECT_EQ(Append(NewsPage(2)).serial(), 2U);
}

#ifdef NEWSWIRE_FAIL_POINTS
struct Death {
  std::string point;
  bool done;  // the redaction is in force afterwards
};

void PrintTo(const Death& death, std::ostream* out) { *out << death.point; }

class RedactKilled : public testing::TestWithParam<Death> {};

TEST_P(RedactKilled, IsWholeOrNotThereAfterTheNextStart) {
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  options.segment_size = 3000;
  std::map<std::string, std::string> before;
  {
    auto archive = Archive::Open(options, NewsInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 8; ++n) {
      ASSERT_TRUE(AppendAndWait(**archive, NewsPage(n % 4)));
    }
    ASSERT_TRUE((*archive)->Seal());
  }
  const auto segments = ListSegments(folder.path());
  ASSERT_TRUE(segments) << segments.error();
  for (const Segment& segment : *segments) {
    before[segment.path.filename()] = ReadAll(segment.path);
  }
  const pid_t child = fork();
  if (child == 0) {
    setenv("NEWSWIRE_FAIL_POINT", GetParam().point.c_str(), 1);
    auto archive = Archive::Open(options, NewsInfo(), SystemClock());
    const auto report = archive::Redact(**archive, {.posts = {PageId(2)}, .reason = {}}, {}, {});
    _exit(report ? 0 : 1);
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  ASSERT_TRUE(WIFSIGNALED(how)) << "the point was not reached; exit " << WEXITSTATUS(how);

  auto archive = Archive::Open(options, NewsInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  EXPECT_EQ((*archive)->controls()->redactions()->Names(PageId(2)), GetParam().done);
  size_t with_words = 0;
  for (const Capture& capture : ReadArchive(folder.path()).captures) {
    with_words += capture.body.find("Secret2") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(with_words, GetParam().done ? 0U : 2U);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_FALSE(entry.path().native().ends_with(".gz.new")) << entry.path();
  }
  for (const auto& [name, bytes] : before) {
    if (!GetParam().done) {
      EXPECT_EQ(ReadAll(folder.path() / name), bytes) << name;
    }
    EXPECT_EQ(*ReadSum(folder.path() / name), *FileSum(folder.path() / name)) << name;
  }
  const Answer verified =
      RunTool([&](auto& out, auto& err) { return VerifyArchive(folder.path(), out, err); });
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  // And it can be had.
  const auto again = archive::Redact(**archive, {.posts = {PageId(2)}, .reason = {}}, {}, {});
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->record.has_value(), !GetParam().done);
}

INSTANTIATE_TEST_SUITE_P(
    AtEachStep, RedactKilled,
    testing::Values(
        Death{"archive.redact.before_new", false}, Death{"archive.redact.new_written", false},
        Death{"archive.redact.new_written:2", false}, Death{"archive.redact.before_record", false},
        Death{"archive.redact.recorded", true}, Death{"archive.redact.renamed", true},
        Death{"archive.redact.before_sum", true}, Death{"archive.redact.in_place", true},
        Death{"archive.redact.renamed:2", true}, Death{"archive.redact.before_sum:2", true},
        Death{"archive.redact.in_place:2", true}),
    [](const auto& test) {
      std::string name = test.param.point.substr(std::string("archive.redact.").size());
      std::ranges::replace(name, ':', '_');
      return name;
    });
#endif

}  // namespace
}  // namespace newswire::archive
