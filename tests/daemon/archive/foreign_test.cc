// SPDX-License-Identifier: Apache-2.0
// WARC files of other writers, in every way they are stored.
#include <functional>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "daemon/archive/warc_record.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/support/deflated.h"

namespace newswire::archive {
namespace {

std::string Record(const std::string& type, const std::string& fields, const std::string& block,
                   const std::string& version = "WARC/1.0") {
  return fmt::format(
      "{}\r\nWARC-Type: {}\r\nWARC-Record-ID: <urn:uuid:{}>\r\n{}Content-Length: {}"
      "\r\n\r\n{}\r\n\r\n",
      version, type, NewUuid(), fields, block.size(), block);
}

std::string Response(int n, const std::string& http, const std::string& more = "") {
  return Record("response",
                fmt::format("WARC-Target-URI: http://a.example/{}\r\nWARC-Date: "
                            "2020-01-02T03:04:{:02}Z\r\nContent-Type: "
                            "application/http; msgtype=response\r\n{}",
                            n, n, more),
                http);
}

std::string Page(int n) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page {} {}</p>", n,
                     std::string(200, static_cast<char>('a' + n)));
}

// A crawl as other tools write it: what is no capture lies in between.
std::vector<std::string> Crawl() {
  std::vector<std::string> records{
      Record("warcinfo",
             "WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Type: "
             "application/warc-fields\r\n",
             "software: other/1.0\r\nformat: WARC File Format 1.0\r\n")};
  for (int n = 0; n < 4; ++n) {
    records.push_back(Record("request",
                             fmt::format("WARC-Target-URI: http://a.example/{}\r\nWARC-Date: "
                                         "2020-01-02T03:04:05Z\r\nContent-Type: "
                                         "application/http; msgtype=request\r\n",
                                         n),
                             "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    records.push_back(Response(n, Page(n)));
    records.push_back(Record("metadata",
                             "WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Type: "
                             "application/warc-fields\r\n",
                             "via: http://a.example/\r\n"));
  }
  return records;
}

std::string Gzip(const std::string& data) { return Deflated(data, MAX_WBITS + 16); }

std::string Zstd(const std::string& data, const std::string& dictionary = "") {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (!dictionary.empty()) {
    ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size());
  }
  std::string out(ZSTD_compressBound(data.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), data.data(), data.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string ZstdSkippable(uint32_t magic, const std::string& content) {
  std::string out;
  for (const uint64_t word : {uint64_t{magic}, uint64_t{content.size()}}) {
    for (int i = 0; i < 4; ++i) {
      out.push_back(static_cast<char>(word >> (8 * i)));
    }
  }
  return out + content;
}

std::string Join(const std::vector<std::string>& parts,
                 const std::function<std::string(const std::string&)>& each = {}) {
  std::string all;
  for (const std::string& part : parts) {
    all += each ? each(part) : part;
  }
  return all;
}

Contents ReadBytes(const std::string& name, const std::string& bytes) {
  const TemporaryFolder folder;
  WriteAll(folder.path() / name, bytes);
  return ReadFiles({folder.path() / name});
}

struct Stored {
  std::string name;
  std::string bytes;
};
void PrintTo(const Stored& stored, std::ostream* out) { *out << stored.name; }

std::vector<Stored> EveryWay() {
  const std::vector<std::string> crawl = Crawl();
  const std::string dictionary = Page(1) + Page(2);
  const auto with_dictionary = [&](const std::string& r) { return Zstd(r, dictionary); };
  std::string lf = Join(crawl);
  for (size_t at = 0; (at = lf.find("\r\nWARC", at)) != std::string::npos;) {
    lf.erase(at, 1);  // some header lines end in LF alone
  }
  return {
      {"plain.warc", Join(crawl)},
      {"members.warc.gz", Join(crawl, Gzip)},
      {"one_member.warc.gz", Gzip(Join(crawl))},
      {"two_members.warc.gz", Gzip(Join({crawl[0], crawl[1], crawl[2], crawl[3], crawl[4]})) +
                                  Gzip(Join({crawl.begin() + 5, crawl.end()}))},
      {"padded.warc.gz",
       Gzip("") + Join(crawl, [](const std::string& r) { return Gzip(r) + Gzip(""); })},
      {"no_line_ends.warc.gz",
       Join(crawl, [](const std::string& r) { return Gzip(r.substr(0, r.size() - 4)); })},
      {"frames.warc.zst", Join(crawl, [](const std::string& r) { return Zstd(r); })},
      {"one_frame.warc.zst", Zstd(Join(crawl))},
      {"dictionary.warc.zst", ZstdSkippable(0x184d2a5d, dictionary) + Join(crawl, with_dictionary)},
      {"packed_dictionary.warc.zst",
       ZstdSkippable(0x184d2a5d, Zstd(dictionary)) + Join(crawl, with_dictionary)},
      {"skippable.warc.zst",
       ZstdSkippable(0x184d2a50, "x") +
           Join(crawl,
                [](const std::string& r) { return Zstd(r) + ZstdSkippable(0x184d2a51, "yy"); })},
      {"line_feeds.warc", lf},
      {"blank_lines.warc", "\r\n" + Join(crawl, [](const std::string& r) { return r + "\r\n"; })},
      {"gzip_called_plain.warc", Join(crawl, Gzip)},
      {"plain_called_gzip.warc.gz", Join(crawl)},
  };
}

class ForeignStorage : public testing::TestWithParam<Stored> {};

TEST_P(ForeignStorage, GivesTheResponsesInOrder) {
  const Contents got = ReadBytes(GetParam().name, GetParam().bytes);
  EXPECT_TRUE(got.damage.empty()) << got.damage[0].reason << " at " << got.damage[0].offset;
  ASSERT_EQ(got.infos.size(), 1u);
  EXPECT_EQ(got.infos[0].software, "other/1.0");
  ASSERT_EQ(got.captures.size(), 4u);
  Position last;
  for (int n = 0; n < 4; ++n) {
    const Capture& capture = got.captures[n];
    EXPECT_EQ(capture.kind, CaptureKind::kResponse);
    EXPECT_EQ(capture.url, fmt::format("http://a.example/{}", n));
    EXPECT_EQ(FormatUtc(capture.fetched_at), fmt::format("2020-01-02T03:04:{:02}Z", n));
    EXPECT_EQ(capture.http_status, 200);
    EXPECT_EQ(capture.protocol, "HTTP/1.1");
    EXPECT_EQ(capture.body, Page(n).substr(Page(n).find("<p>")));
    EXPECT_EQ(capture.payload_digest, Sha1Digest(capture.body));
    EXPECT_EQ(capture.metadata.source, "");
    EXPECT_GT(capture.address.position, last);
    EXPECT_GT(capture.address.end, capture.address.position);
    last = capture.address.position;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ForeignStorage, testing::ValuesIn(EveryWay()),
                         [](const auto& stored) {
                           std::string name =
                               stored.param.name.substr(0, stored.param.name.find('.'));
                           return name;
                         });

TEST(ForeignWarc, UndoesChunkedTransferCoding) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n";
  const std::string all =
      Response(0, head + "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n") +
      Response(1, head + "5\r\nhello\r\n6\r\n wo") +             // cut
      Response(2, head + "hello world, not chunked any more") +  // the writer undid it
      Response(3, head + "0\r\n\r\n");
  const Contents got = ReadBytes("a.warc", all);
  ASSERT_EQ(got.captures.size(), 4u);
  EXPECT_EQ(got.captures[0].body, "hello world");
  EXPECT_EQ(got.captures[0].truncated, "");
  EXPECT_EQ(got.captures[1].body, "hello wo");
  EXPECT_EQ(got.captures[1].truncated, "unspecified");
  EXPECT_EQ(got.captures[2].body, "hello world, not chunked any more");
  EXPECT_EQ(got.captures[3].body, "");
  for (const Capture& capture : got.captures) {
    EXPECT_FALSE(FindHeader(capture.headers, "Transfer-Encoding"));
    EXPECT_EQ(capture.payload_digest, Sha1Digest(capture.body));
  }
}

TEST(ForeignWarc, ReadsHttpHeadersAsTheyAre) {
  const Contents got = ReadBytes(
      "a.warc", Response(0, "HTTP/1.0 404\nServer: x\n folded\nnonsense\nA:b\n\nbody") +
                    Response(1, "HTTP/2 200\r\ncontent-type: text/html\r\n\r\n") +
                    Response(2, "HTTP/1.1 301 Moved\r\nLocation: /x", "WARC-Protocol: h2\r\n") +
                    Response(3, "HTTP/1.1 200 OK\r\n\r\nxy", "WARC-Truncated: length\r\n"));
  ASSERT_EQ(got.captures.size(), 4u);
  EXPECT_EQ(got.captures[0].http_status, 404);
  EXPECT_EQ(got.captures[0].protocol, "HTTP/1.0");
  EXPECT_TRUE(
      (got.captures[0].headers == std::vector<HttpHeader>{{"Server", "x folded"}, {"A", "b"}}));
  EXPECT_EQ(got.captures[0].body, "body");
  EXPECT_EQ(got.captures[1].protocol, "HTTP/2");
  EXPECT_EQ(got.captures[2].http_status, 301);
  EXPECT_EQ(got.captures[2].protocol, "HTTP/2");
  EXPECT_EQ(got.captures[2].body, "");
  EXPECT_EQ(got.captures[3].truncated, "length");
}

TEST(ForeignWarc, ReadsEveryVersionAndKindOfRecord) {
  const std::string date = "WARC-Date: 2016-09-19T17:20:24.123456Z\r\n";
  const std::string http = "Content-Type: application/http;msgtype=response\r\n";
  const Contents got = ReadBytes(
      "a.warc",
      Record("response", "WARC-Target-URI: <http://a.example/x>\r\n" + date + http, Page(1),
             "WARC/0.18") +
          Record("response", "WARC-Target-URI: dns:a.example\r\nContent-Type: text/dns\r\n" + date,
                 "a.example. 3600 IN A 192.0.2.1") +
          Record("conversion", date + "WARC-Target-URI: http://a.example/c\r\n", "text") +
          Record("resource",
                 date + "WARC-Target-URI: file:///a.md\r\nContent-Type: text/markdown\r\n", "# A",
                 "WARC/1.1") +
          Record("revisit",
                 "WARC-Target-URI: http://a.example/x\r\nWARC-Date: 2016-09\r\n"
                 "WARC-Refers-To: <urn:uuid:1>\r\nWARC-Refers-To-Date: 2016\r\n" +
                     http,
                 "HTTP/1.1 304 Not Modified\r\n\r\n", "WARC/1.1") +
          Record("continuation", date + "WARC-Target-URI: http://a.example/x\r\n", "rest"));
  EXPECT_TRUE(got.damage.empty());
  ASSERT_EQ(got.captures.size(), 3u);
  EXPECT_EQ(got.captures[0].url, "http://a.example/x");
  EXPECT_EQ(FormatUtcMillis(got.captures[0].fetched_at), "2016-09-19T17:20:24.123Z");
  EXPECT_EQ(got.captures[1].kind, CaptureKind::kResource);
  EXPECT_EQ(got.captures[1].content_type, "text/markdown");
  EXPECT_EQ(got.captures[1].body, "# A");
  EXPECT_EQ(got.captures[2].kind, CaptureKind::kRevisit);
  EXPECT_EQ(got.captures[2].http_status, 304);
  EXPECT_EQ(FormatUtc(got.captures[2].fetched_at), "2016-09-01T00:00:00Z");
  EXPECT_EQ(got.captures[2].refers_to->record_id, "urn:uuid:1");
}

// Damage in the second of four responses: what is reported, and what is still given.
struct Harm {
  std::string name;
  std::string bytes;
  uint64_t offset, length;
  size_t given;
};

TEST(ForeignWarc, SkipsDamageOnceAndGoesOnWithTheNextWholeRecord) {
  const std::vector<std::string> r{Response(0, Page(0)), Response(1, Page(1)), Response(2, Page(2)),
                                   Response(3, Page(3))};
  const auto flipped = [](std::string bytes, size_t at) {
    bytes[at] ^= 0x20;
    return bytes;
  };
  const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string length_of_1 = fmt::format("Content-Length: {}", Page(1).size());
  const uint64_t g0 = Gzip(r[0]).size();
  const uint64_t g1 = Gzip(r[1]).size();
  const uint64_t z0 = Zstd(r[0]).size();
  const uint64_t z1 = Zstd(r[1]).size();
  const auto gzip_with = [&](const std::string& second) {
    return Gzip(r[0]) + second + Gzip(r[2]) + Gzip(r[3]);
  };
  const auto plain_with = [&](const std::string& second) { return r[0] + second + r[2] + r[3]; };
  const auto all = [](uint64_t n) { return n; };
  std::vector<Harm> cases{
      {"gzip data", gzip_with(flipped(Gzip(r[1]), g1 / 2)), g0, g1, 3},
      {"gzip magic", gzip_with(flipped(Gzip(r[1]), 0)), g0, g1, 3},
      {"gzip trailer", gzip_with(flipped(Gzip(r[1]), g1 - 6)), g0, g1, 3},
      {"gzip torn", gzip_with(Gzip(r[1]).substr(0, g1 / 2)), g0, g1 / 2, 3},
      {"gzip torn at the end", Gzip(r[0]) + Gzip(r[1]).substr(0, g1 - 1), g0, g1 - 1, 1},
      {"gzip two in a row",
       Gzip(r[0]) + flipped(Gzip(r[1]), g1 / 2) + flipped(Gzip(r[2]), g1 / 2) + Gzip(r[3]), g0,
       g1 + Gzip(r[2]).size(), 2},
      {"gzip first", flipped(Gzip(r[0]), 0) + Gzip(r[1]), 0, g0, 1},
      {"zstd data", Zstd(r[0]) + flipped(Zstd(r[1]), z1 / 2) + Zstd(r[2]), z0, z1, 2},
      {"plain length too small", plain_with(replaced(r[1], length_of_1, "Content-Length: 20")),
       all(r[0].size()),
       r[1].size() + std::string("20").size() - std::to_string(Page(1).size()).size(), 3},
      {"plain length too large", plain_with(replaced(r[1], length_of_1, "Content-Length: 999999")),
       r[0].size(), r[1].size() + 6 - std::to_string(Page(1).size()).size(), 3},
      {"plain length absurd",
       plain_with(replaced(r[1], length_of_1, "Content-Length: 99999999999999")), r[0].size(),
       r[1].size() + 14 - std::to_string(Page(1).size()).size(), 3},
      {"plain version", plain_with(replaced(r[1], "WARC/1.0", "WERC/1.0")), r[0].size(),
       r[1].size(), 3},
      {"plain torn at the end", r[0] + r[1].substr(0, r[1].size() - 2), r[0].size(),
       r[1].size() - 2, 1},
      {"plain torn in the header", r[0] + r[1].substr(0, 30), r[0].size(), 30, 1},
      {"not a WARC", "hello\nworld\n", 0, 12, 0},
  };
  // In one member with others: the checksum is right, the record is not.
  const std::string inside = Gzip(r[0] + replaced(r[1], length_of_1, "Content-Length: 20") + r[2]);
  cases.push_back({"record in a member", inside + Gzip(r[3]), 0, inside.size(), 3});
  const std::string whole = Gzip(r[0] + r[1] + r[2]);
  cases.push_back(
      {"member of many", flipped(whole, whole.size() / 2) + Gzip(r[3]), 0, whole.size(), 1});
  for (const Harm& harm : cases) {
    SCOPED_TRACE(harm.name);
    const std::string name = harm.name.starts_with("plain") || harm.name.starts_with("not")
                                 ? "a.warc"
                             : harm.name.starts_with("zstd") ? "a.warc.zst"
                                                             : "a.warc.gz";
    const Contents got = ReadBytes(name, harm.bytes);
    EXPECT_EQ(got.captures.size(), harm.given);
    ASSERT_EQ(got.damage.size(), 1u);
    EXPECT_EQ(got.damage[0].segment, name);
    EXPECT_EQ(got.damage[0].offset, harm.offset) << got.damage[0].reason;
    EXPECT_EQ(got.damage[0].length, harm.length) << got.damage[0].reason;
    EXPECT_FALSE(got.damage[0].reason.empty());
  }
}

TEST(ForeignWarc, ARecordThatIsTooLargeIsSkippedAndTheNextOneRead) {
  const std::string large(kMaxBlock + 1, 'x');
  const std::string all =
      Response(0, Page(0)) + Record("resource", "", large) + Response(1, Page(1));
  for (const auto& [name, bytes] : {std::pair{"a.warc", all}, std::pair{"a.warc.gz", Gzip(all)}}) {
    SCOPED_TRACE(name);
    const Contents got = ReadBytes(name, bytes);
    EXPECT_EQ(got.captures.size(), 2u);
    ASSERT_EQ(got.damage.size(), 1u);
    EXPECT_NE(got.damage[0].reason.find("larger"), std::string::npos) << got.damage[0].reason;
  }
}

TEST(ForeignWarc, FilesThatAreNotThereAreTheUsersError) {
  const auto reader = Reader::OpenFiles({"/nonexistent/a.warc.gz"});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kConfig);
}

}  // namespace
}  // namespace newswire::archive
