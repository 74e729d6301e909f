// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "daemon/publish/files_manifest.h"
#include "daemon/publish/topic_reader.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::milliseconds kLook{200};
constexpr uint64_t kChunk = uint64_t{4} << 20;  // read of one file at once
constexpr uint64_t kMaxLine = uint64_t{64} << 20;

class FilesTopicReader : public TopicReader {
 public:
  FilesTopicReader(std::filesystem::path dir, std::vector<std::string> patterns, ReadFrom from)
      : dir_(std::move(dir)), patterns_(std::move(patterns)), from_(from) {}

  Result<std::optional<TopicRecord>> Next(std::stop_token stop) override {
    if (ready_.empty()) {
      auto manifest = ReadFilesManifest(dir_);
      if (!manifest) {
        return std::unexpected(manifest.error());
      }
      if (auto ok = *manifest ? Take((*manifest)->lengths) : Status{}; !ok) {
        return std::unexpected(ok.error());
      }
      looked_ = true;
    }
    caught_up_ = caught_up_ || ready_.empty();
    if (ready_.empty()) {
      std::mutex mutex;
      std::condition_variable_any wake;
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kLook, [] { return false; });
      return std::nullopt;
    }
    TopicRecord record = std::move(ready_.front());
    ready_.pop_front();
    return record;
  }

  bool CaughtUp() const override { return caught_up_; }

 private:
  Status Take(const std::map<std::string, uint64_t>& lengths) {
    for (const auto& [name, length] : lengths) {
      const std::string topic = name.substr(0, name.size() - kTopicFileExtension.size());
      if (!MatchesTopic(patterns_, topic)) {
        continue;
      }
      const bool skip = from_ == ReadFrom::kEnd && !looked_;
      uint64_t& read = read_.try_emplace(name, skip ? length : 0).first->second;
      if (read > length) {
        read = 0;  // begun anew
      }
      if (auto ok = Lines(name, topic, read, length); !ok) {
        return ok;
      }
    }
    return {};
  }

  // Whole lines between `read` and `length`, at most a chunk.
  Status Lines(const std::string& name, const std::string& topic, uint64_t& read, uint64_t length) {
    uint64_t want = std::min(length - read, kChunk);
    while (want > 0) {
      std::ifstream in(dir_ / name, std::ios::binary);
      in.seekg(static_cast<std::streamoff>(read));
      std::string bytes(want, '\0');
      in.read(bytes.data(), static_cast<std::streamsize>(want));
      bytes.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
      const size_t end = bytes.rfind('\n');
      if (end == std::string::npos) {
        if (bytes.size() == want && want < length - read && want < kMaxLine) {
          want = std::min(length - read, want * 2);  // a long line
          continue;
        }
        return Fail(ErrorKind::kCorruption,
                    fmt::format("{}: no whole line at byte {}", (dir_ / name).string(), read));
      }
      for (size_t begin = 0; begin <= end;) {
        const size_t stop = bytes.find('\n', begin);
        TopicRecord record;
        record.topic = topic;
        record.offset = static_cast<int64_t>(read + begin);
        record.value = bytes.substr(begin, stop - begin);
        ready_.push_back(std::move(record));
        begin = stop + 1;
      }
      read += end + 1;
      return {};
    }
    return {};
  }

  const std::filesystem::path dir_;
  const std::vector<std::string> patterns_;
  const ReadFrom from_;
  bool looked_ = false;
  bool caught_up_ = false;                // once there was nothing left
  std::map<std::string, uint64_t> read_;  // bytes, by file name
  std::deque<TopicRecord> ready_;
};

}  // namespace

std::unique_ptr<TopicReader> MakeFilesTopicReader(std::filesystem::path topics_dir,
                                                  std::vector<std::string> patterns,
                                                  ReadFrom from) {
  return std::make_unique<FilesTopicReader>(std::move(topics_dir), std::move(patterns), from);
}

}  // namespace newswire::publish
