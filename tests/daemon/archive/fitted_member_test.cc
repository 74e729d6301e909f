// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/fitted_member.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

WarcRecord Record(const std::string& block) {
  return {.version = "WARC/1.1",
          .fields = {{"WARC-Type", "metadata"},
                     {"WARC-Record-ID", "<urn:uuid:6f1e3860-0000-4000-8000-000000000000>"},
                     {"WARC-Date", "2026-11-20T02:00:00.000Z"},
                     {"Content-Length", std::to_string(block.size())}},
          .block = block};
}

// What zlib, another reader than ours, makes of all of `bytes`.
std::string Inflate(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

size_t SmallestLength(const WarcRecord& record) {
  size_t length = kHintedHeaderSize;
  while (!FittedMember(record, MemberKind::kOther, length)) {
    ++length;
  }
  return length;
}

TEST(FittedMember, HasEveryLengthFromTheSmallestOn) {
  const WarcRecord record = Record(R"({"source":"finews","role":"post"})");
  const size_t smallest = SmallestLength(record);
  EXPECT_LT(smallest, 250U);
  for (size_t length = smallest; length < smallest + 300; ++length) {
    SCOPED_TRACE(length);
    const auto member = FittedMember(record, MemberKind::kCaptureTail, length);
    ASSERT_TRUE(member);
    ASSERT_EQ(member->size(), length);
    const auto hint = ReadMemberHint(*member);
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->member_length, length);
    EXPECT_EQ(hint->kind, MemberKind::kCaptureTail);
    const std::string text = Inflate(*member);
    EXPECT_EQ(text.size(), hint->data_length);
    const auto header = ParseWarcHeader(text);
    ASSERT_TRUE(header && header->has_value());
    EXPECT_EQ((*header)->block_length, record.block.size());
    EXPECT_EQ((*header)->record.Field("WARC-Record-ID"), record.Field("WARC-Record-ID"));
    EXPECT_EQ(text.substr((*header)->header_length), record.block + "\r\n\r\n");
    std::string ours;
    EXPECT_TRUE(MemberInflater().Inflate(*member, hint->data_length, ours));
    EXPECT_EQ(ours, text);
  }
}

TEST(FittedMember, FillsALargePlace) {
  const WarcRecord record = Record("");
  const auto member = FittedMember(record, MemberKind::kCaptureHead, 3'000'001);
  ASSERT_TRUE(member);
  EXPECT_EQ(member->size(), 3'000'001U);
  EXPECT_EQ(Inflate(*member), record.Bytes());
}

TEST(FittedMember, RefusesWhatIsTooLarge) {
  const WarcRecord record = Record(std::string(1000, 'x') + "0123456789abcdefghijklmnopqrstuv");
  const size_t smallest = SmallestLength(record);
  EXPECT_FALSE(FittedMember(record, MemberKind::kOther, smallest - 1));
  EXPECT_FALSE(FittedMember(record, MemberKind::kOther, 60));
}

}  // namespace
}  // namespace newswire::archive
