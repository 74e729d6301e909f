// SPDX-License-Identifier: Apache-2.0
// Control records: written, read, carried on at rotation, torn, damaged.
#include "daemon/archive/control.h"

#include <sstream>

#include <fmt/format.h>

#include "daemon/archive/gzip_member.h"
#include "daemon/archive/inspect.h"
#include "daemon/archive/list.h"
#include "daemon/archive/recovery.h"
#include "daemon/archive/verify.h"
#include "daemon/archive/warc_record.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kSegment = "newswire-main-00000001.warc.gz";
constexpr uint64_t kOneSegment = uint64_t{1} << 30;

std::unique_ptr<Archive> OpenAt(const std::filesystem::path& dir,
                                uint64_t segment_size = kOneSegment) {
  ArchiveOptions options = MakeOptions(dir);
  options.segment_size = segment_size;
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  EXPECT_TRUE(archive) << archive.error();
  return archive ? std::move(*archive) : nullptr;
}

ArchiveAddress Append(Archive& archive, int n) {
  const auto address = AppendAndWait(archive, MakeCapture(n));
  EXPECT_TRUE(address) << address.error();
  return address.value_or(ArchiveAddress{});
}

std::string Naming(Position capture) {
  return fmt::format(R"({{"captures":["{}"],"reason":"three crashes"}})", capture.ToHex());
}

// A record of another kind between captures, as a later version may write it.
std::string UnknownControlMember(std::string_view kind) {
  std::string record, member;
  const std::string body = R"({"a":1})";
  RecordBuilder builder(record, "metadata", NewRecordId(), UtcMillis{});
  builder.Field("Newswire-Control", kind).Field("Content-Type", "application/json");
  builder.BeginBlock(body.size());
  builder.out().append(body);
  builder.Finish();
  MemberWriter(6).Append(record, MemberKind::kControl, member);
  return member;
}

TEST(ArchiveControl, IsInForceBeforeTheFirstCaptureOfAReaderAndGivenAtItsPlace) {
  const TemporaryFolder folder;
  ArchiveAddress first, control;
  {
    const auto archive = OpenAt(folder.path());
    first = Append(*archive, 0);
    Append(*archive, 1);
    const auto done =
        archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position));
    ASSERT_TRUE(done) << done.error();
    control = *done;
    EXPECT_NE(archive->controls()->Find(ControlKind::kQuarantine, first.position), nullptr)
        << "in force when it is acknowledged";
    Append(*archive, 2);
  }
  auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
  ASSERT_TRUE(reader) << reader.error();
  const Control* found = (*reader)->controls()->Find(ControlKind::kQuarantine, first.position);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->position, control.position);
  EXPECT_EQ(found->record_id, control.record_id);
  EXPECT_EQ(found->body, Naming(first.position));
  EXPECT_EQ((*reader)->controls()->Find(ControlKind::kRedaction, first.position), nullptr);
  const Contents got = Drain(**reader);
  EXPECT_TRUE(got.damage.empty());
  ASSERT_EQ(got.captures.size(), 3U);
  ASSERT_EQ(got.controls.size(), 1U);
  EXPECT_EQ(got.controls[0], *found);
  EXPECT_EQ(got.controls[0].end, got.captures[2].address.position) << "it is a unit of its own";

  // Its end and its begin are places to read from; it still governs what lies below.
  for (const Position from : {control.position, control.end}) {
    auto later = Reader::OpenArchive(folder.path(), from, {});
    ASSERT_TRUE(later) << later.error();
    EXPECT_NE((*later)->controls()->Find(ControlKind::kQuarantine, first.position), nullptr);
    EXPECT_EQ(Drain(**later).captures.size(), 1U);
  }
  // Also when it lies beyond what may be read.
  auto limited = Reader::OpenArchive(folder.path(), Position{}, [&] { return first.end; });
  ASSERT_TRUE(limited) << limited.error();
  EXPECT_NE((*limited)->controls()->Find(ControlKind::kQuarantine, first.position), nullptr);
}

TEST(ArchiveControl, EverySegmentsHeadListsThoseInForceAndTheirSegmentsMayGo) {
  const TemporaryFolder folder;
  ArchiveAddress later;
  {
    const auto archive = OpenAt(folder.path(), 1);  // a segment for each unit
    const ArchiveAddress first = Append(*archive, 0);
    ASSERT_TRUE(archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position)));
    ASSERT_TRUE(
        archive->AppendControlAndWait(ControlKind::kRedaction, R"({"posts":["finews:1"]})"));
    later = Append(*archive, 1);
  }
  const auto segments = ListSegments(folder.path());
  ASSERT_TRUE(segments);
  ASSERT_EQ(segments->size(), 4U);
  for (size_t i = 0; i < 3; ++i) {
    std::filesystem::remove((*segments)[i].path);
  }
  {
    auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
    ASSERT_TRUE(reader) << reader.error();
    const Control* redaction = (*reader)->controls()->Newest(ControlKind::kRedaction);
    ASSERT_NE(redaction, nullptr);
    EXPECT_EQ(redaction->body, R"({"posts":["finews:1"]})");
    EXPECT_EQ(redaction->position.serial(), 3U);
    EXPECT_NE((*reader)->controls()->Newest(ControlKind::kQuarantine), nullptr);
    EXPECT_TRUE(Drain(**reader).controls.empty()) << "the records are gone, the list is left";
  }
  // The next process carries them on.
  const auto archive = OpenAt(folder.path(), 1);
  ASSERT_EQ(archive->controls()->all().size(), 1U) << "what governs nothing that is left is not";
  EXPECT_EQ(archive->controls()->all()[0].kind, ControlKind::kRedaction);
  Append(*archive, 2);
  Append(*archive, 3);
  auto reader = Reader::OpenArchive(folder.path(), later.end, {});
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_EQ((*reader)->controls()->all(), archive->controls()->all());
}

TEST(ArchiveControl, ReachesAReaderThatFollowsALiveArchive) {
  const TemporaryFolder folder;
  const auto archive = OpenAt(folder.path(), 2500);
  const ArchiveAddress first = Append(*archive, 0);
  const ArchiveAddress second = Append(*archive, 1);
  auto reader = Reader::OpenArchive(
      folder.path(), Position{}, [&] { return archive->durable_end(); },
      [&] { return archive->controls(); });
  ASSERT_TRUE(reader) << reader.error();
  const auto next_capture = [&] {
    while (true) {
      auto item = (*reader)->Next();
      if (!item || !item->has_value() || std::holds_alternative<Capture>(**item)) {
        return item && item->has_value() ? std::get<Capture>(**item).address : ArchiveAddress{};
      }
    }
  };
  EXPECT_EQ(next_capture(), first);
  EXPECT_TRUE((*reader)->controls()->empty());
  ASSERT_TRUE(archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(second.position)));
  EXPECT_EQ(next_capture(), second);
  EXPECT_NE((*reader)->controls()->Find(ControlKind::kQuarantine, second.position), nullptr)
      << "known with the capture, before its own place is reached";
}

TEST(ArchiveControl, ATornOneIsCutOffAtEveryByte) {
  const TemporaryFolder original;
  ArchiveAddress capture, control;
  {
    const auto archive = OpenAt(original.path());
    capture = Append(*archive, 0);
    const auto done =
        archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(capture.position));
    ASSERT_TRUE(done) << done.error();
    control = *done;
  }
  const auto whole = FindTail(original.path() / kSegment);
  ASSERT_TRUE(whole) << whole.error();
  EXPECT_EQ(whole->end, control.end.offset());
  for (uint64_t length = control.offset; length < control.end.offset(); ++length) {
    SCOPED_TRACE(length);
    const TemporaryFolder folder;
    std::filesystem::copy(original.path(), folder.path(),
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder.path() / kSegment, length);
    const auto tail = FindTail(folder.path() / kSegment);
    ASSERT_TRUE(tail) << tail.error();
    ASSERT_EQ(tail->end, capture.end.offset());
    if (length % 16 == 0) {
      EXPECT_TRUE(OpenAt(folder.path())->controls()->empty());
    }
  }
}

TEST(ArchiveControl, ADamagedOneIsNamedAndTheListsBehindItStillKnowIt) {
  const TemporaryFolder folder;
  ArchiveAddress first, control;
  {
    const auto archive = OpenAt(folder.path(), 2500);
    first = Append(*archive, 0);
    const auto done =
        archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position));
    ASSERT_TRUE(done) << done.error();
    control = *done;
    for (int n = 1; n < 6; ++n) {
      Append(*archive, n);
    }
  }
  ASSERT_GE(ListSegments(folder.path())->size(), 3U);
  std::string bytes = ReadAll(folder.path() / control.segment);
  bytes[control.offset + 60] ^= 0x10;
  WriteAll(folder.path() / control.segment, bytes);
  auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_NE((*reader)->controls()->Find(ControlKind::kQuarantine, first.position), nullptr);
  const Contents got = Drain(**reader);
  EXPECT_EQ(got.captures.size(), 6U);
  ASSERT_EQ(got.damage.size(), 1U);
  EXPECT_EQ(got.damage[0].offset, control.offset);
}

TEST(ArchiveControl, ADamagedListIsReplacedByTheOneBeforeIt) {
  const TemporaryFolder folder;
  ArchiveAddress first;
  {
    const auto archive = OpenAt(folder.path(), 1);
    first = Append(*archive, 0);
    ASSERT_TRUE(archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position)));
    Append(*archive, 1);
    Append(*archive, 2);
  }
  const auto segments = ListSegments(folder.path());
  ASSERT_EQ(segments->size(), 4U);
  for (const size_t i : {2, 3}) {
    std::string bytes = ReadAll((*segments)[i].path);
    bytes[40] ^= 0x10;  // in the first member
    WriteAll((*segments)[i].path, bytes);
  }
  auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_NE((*reader)->controls()->Find(ControlKind::kQuarantine, first.position), nullptr);
}

TEST(ArchiveControl, KindsOfLaterVersionsHaveNoEffectAndAreCarriedOn) {
  const TemporaryFolder folder;
  Append(*OpenAt(folder.path()), 0);
  WriteAll(folder.path() / kSegment,
           ReadAll(folder.path() / kSegment) + UnknownControlMember("embargo"));
  {
    const auto archive = OpenAt(folder.path(), 1);  // the unknown record is a unit, and kept
    Append(*archive, 1);
    EXPECT_TRUE(archive->controls()->all().empty());
  }
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.damage.empty());
  EXPECT_TRUE(got.controls.empty());
  EXPECT_EQ(got.captures.size(), 2U);
  const auto controls = OpenAt(folder.path(), 1)->controls();
  EXPECT_FALSE(controls->empty());
  EXPECT_NE(controls->ToJson().find(R"("kind":"embargo")"), std::string::npos)
      << controls->ToJson();
}

TEST(ArchiveControl, ABodyThatIsNoneIsRefusedAndNothingOfItStays) {
  const TemporaryFolder folder;
  const auto archive = OpenAt(folder.path());
  Append(*archive, 0);
  for (const char* body : {"", "[1]", "{", R"({"captures":"x"})", R"({"captures":["x"]})"}) {
    const auto refused = archive->AppendControlAndWait(ControlKind::kRedaction, body);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().kind, ErrorKind::kPermanent) << body;
  }
  Append(*archive, 1);
  EXPECT_TRUE(archive->controls()->empty());
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.controls.empty());
  EXPECT_EQ(got.captures.size(), 2U);
}

TEST(ArchiveControl, SaysNothingInForeignFiles) {
  const TemporaryFolder folder;
  {
    const auto archive = OpenAt(folder.path());
    const ArchiveAddress first = Append(*archive, 0);
    ASSERT_TRUE(archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position)));
  }
  const Contents got = ReadFiles({folder.path() / kSegment});
  EXPECT_EQ(got.captures.size(), 1U);
  EXPECT_TRUE(got.controls.empty());
  EXPECT_TRUE(got.damage.empty());
}

TEST(ArchiveControl, ToolsReadArchivesThatHoldThem) {
  const TemporaryFolder folder;
  {
    const auto archive = OpenAt(folder.path(), 1200);
    const ArchiveAddress first = Append(*archive, 0);
    ASSERT_TRUE(archive->AppendControlAndWait(ControlKind::kQuarantine, Naming(first.position)));
    Append(*archive, 1);
  }
  std::ostringstream out, err;
  EXPECT_EQ(VerifyArchive(folder.path(), out, err), 0) << out.str() << err.str();
  EXPECT_EQ(ListCaptures(folder.path(), {}, false, out, err), 0) << err.str();
  EXPECT_EQ(InspectWarc(folder.path() / kSegment, out, err), 0) << err.str();
  EXPECT_EQ(err.str(), "");
}

TEST(ArchiveControl, OnesWithoutCapturesStayForGoodOthersGoWithTheLastOfTheirs) {
  Controls controls;
  controls.Add({.kind = ControlKind::kRedaction, .body = "{}", .position = Position(1, 5)});
  controls.Add({.kind = ControlKind::kQuarantine,
                .body = "{}",
                .captures = {Position(1, 0), Position(2, 7)},
                .position = Position(3, 0)});
  controls.Retire(Position(2, 0));
  EXPECT_EQ(controls.all().size(), 2U);
  controls.Retire(Position(3, 0));
  ASSERT_EQ(controls.all().size(), 1U);
  EXPECT_EQ(controls.all()[0].kind, ControlKind::kRedaction);
  EXPECT_EQ(controls.Find(ControlKind::kQuarantine, Position(2, 7)), nullptr);
}

TEST(ArchiveControl, ASnapshotIsInForceUntilTheSegmentOfItsBaseIsRetired) {
  Controls controls;
  for (const uint32_t serial : {2U, 5U}) {
    controls.Add({.kind = ControlKind::kSnapshot,
                  .body = "{}",
                  .captures = {},
                  .base = Position(serial, 0),
                  .through = Position(serial + 2, 70),
                  .record_id = {},
                  .date = {},
                  .position = Position(serial + 3, 0),
                  .end = {}});
  }
  EXPECT_TRUE(controls.IsRetired(Position(1, 9), Position(4, 70)));
  EXPECT_FALSE(controls.IsRetired(Position(1, 9), Position(4, 69))) << "its writer read it there";
  EXPECT_FALSE(controls.IsRetired(Position(2, 0), Position(7, 69)));
  EXPECT_TRUE(controls.IsRetired(Position(4, 9), Position(7, 70)));
  EXPECT_FALSE(controls.IsRetired(Position(5, 0), Position(9, 0)));
  controls.Retire(Position(2, 0));
  EXPECT_EQ(controls.all().size(), 2U) << "the first still serves the segments up to the second";
  controls.Retire(Position(5, 0));
  ASSERT_EQ(controls.all().size(), 1U);
  EXPECT_EQ(controls.Newest(ControlKind::kSnapshot)->base, Position(5, 0));
}

}  // namespace
}  // namespace newswire::archive
