// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/archive/archive.h"
#include "daemon/archive/reader.h"

namespace newswire::archive {

// A folder that is removed at the end of a test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "newswire-archive-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteAll(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The n-th capture of a test: everything that a capture can hold, different for each n.
inline Capture MakeCapture(int n) {
  Capture capture;
  capture.url = "https://news.example/post/" + std::to_string(n) + ".html";
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'650'000'000'123 + n * 1000}};
  capture.http_status = 200;
  capture.protocol = "HTTP/2";
  capture.headers = {{"content-type", "text/html; charset=gb2312"},
                     {"etag", "\"" + std::to_string(n) + "\""}};
  capture.body = "<p>body " + std::to_string(n) + "</p>" + std::string("\x00\xff\r\n", 4);
  capture.metadata.source = "finews";
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.link = "https://news.example/" + std::to_string(n);
  capture.metadata.entry.title = "新能源 " + std::to_string(n);
  capture.metadata.exchange.remote_address = "203.0.113.7:443";
  capture.metadata.exchange.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384";
  capture.metadata.exchange.duration = std::chrono::milliseconds{42};
  return capture;
}

inline WarcInfo MakeInfo(const std::string& log_level = "info") {
  Source source;
  source.id = "finews";
  source.kind = SourceKind::kJekyll;
  source.url = "https://news.example/";
  return {.software = "newswired/0.1.0",
          .libraries = "ICU 72.1; CLD2 2",
          .config_json =
              R"({"log_level":")" + log_level + R"(","sources":[)" + SourceToJson(source) + "]}",
          .sources = {source},
          .position = {}};
}

inline ArchiveOptions MakeOptions(const std::filesystem::path& dir) {
  ArchiveOptions options;
  options.dir = dir;
  options.sync_interval = std::chrono::milliseconds{1};
  options.min_free_bytes = 0;
  return options;
}

// Appends and waits for the answer.
inline Result<ArchiveAddress> AppendAndWait(Archive& archive, Capture capture) {
  auto answer = std::make_shared<std::promise<Result<ArchiveAddress>>>();
  std::future<Result<ArchiveAddress>> got = answer->get_future();
  archive.Append(std::move(capture), [answer](Result<ArchiveAddress> address) {
    answer->set_value(std::move(address));
  });
  return got.get();
}

// All that a reader gives, by kind.
struct Contents {
  std::vector<Capture> captures;
  std::vector<WarcInfo> infos;
  std::vector<Damage> damage;
  std::vector<Control> controls;
  std::vector<Position> positions;  // after each item
};

inline Contents Drain(Reader& reader) {
  Contents contents;
  while (true) {
    Result<std::optional<Item>> item = reader.Next();
    if (!item) {
      ADD_FAILURE() << item.error();
      return contents;
    }
    if (!item->has_value()) {
      return contents;
    }
    contents.positions.push_back(reader.position());
    if (auto* capture = std::get_if<Capture>(&**item)) {
      contents.captures.push_back(std::move(*capture));
    } else if (auto* info = std::get_if<WarcInfo>(&**item)) {
      contents.infos.push_back(std::move(*info));
    } else if (auto* control = std::get_if<Control>(&**item)) {
      contents.controls.push_back(std::move(*control));
    } else {
      contents.damage.push_back(std::move(std::get<Damage>(**item)));
    }
  }
}

inline Contents ReadArchive(const std::filesystem::path& dir, Position from = {}) {
  Result<std::unique_ptr<Reader>> reader = Reader::OpenArchive(dir, from, {});
  if (!reader) {
    ADD_FAILURE() << reader.error();
    return {};
  }
  return Drain(**reader);
}

inline Contents ReadFiles(std::vector<std::filesystem::path> files) {
  Result<std::unique_ptr<Reader>> reader = Reader::OpenFiles(std::move(files));
  if (!reader) {
    ADD_FAILURE() << reader.error();
    return {};
  }
  return Drain(**reader);
}

// Everything but where it lies.
inline void ExpectSameCapture(const Capture& got, const Capture& wanted) {
  EXPECT_EQ(got.kind, wanted.kind);
  EXPECT_EQ(got.url, wanted.url);
  EXPECT_EQ(FormatUtcMillis(got.fetched_at), FormatUtcMillis(wanted.fetched_at));
  EXPECT_EQ(got.http_status, wanted.http_status);
  EXPECT_EQ(got.protocol, wanted.protocol);
  EXPECT_TRUE(got.headers == wanted.headers);
  EXPECT_EQ(got.content_type, wanted.content_type);
  EXPECT_EQ(got.body, wanted.body);
  EXPECT_EQ(got.truncated, wanted.truncated);
  EXPECT_TRUE(got.refers_to == wanted.refers_to);
  EXPECT_EQ(CaptureMetadataToJson(got.metadata), CaptureMetadataToJson(wanted.metadata));
}

}  // namespace newswire::archive
