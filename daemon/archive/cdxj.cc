// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/cdxj.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/archive/http_block.h"
#include "daemon/archive/line_sorter.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/surt.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/walk.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

// 2022-04-19T10:45:38.123Z -> 20220419104538.
std::string Stamp(UtcMillis time) {
  std::string digits;
  for (const char c : FormatUtcMillis(time)) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    }
  }
  digits.resize(14);
  return digits;
}

std::string MediaType(std::string_view content_type) {
  const std::string_view type =
      text::TrimBlank(content_type.substr(0, content_type.find_first_of(";,")));
  return type.empty() || !text::IsValidUtf8(type) ? "unk" : text::ToLowerAscii(type);
}

// "" for what a CDX index does not hold.
std::string LineOf(const StoredRecord& stored, const std::string& file) {
  const WarcRecord& record = stored.record;
  const bool revisit = text::EqualsIgnoreAsciiCase(record.type(), "revisit");
  const bool response = text::EqualsIgnoreAsciiCase(record.type(), "response");
  const std::string_view url = record.target_uri();
  const std::optional<UtcMillis> date = ParseWarcDate(record.Field("WARC-Date"));
  if ((!revisit && !response && !text::EqualsIgnoreAsciiCase(record.type(), "resource")) ||
      url.empty() || !date || !text::IsValidUtf8(url)) {
    return {};
  }
  std::string mime = MediaType(record.Field("Content-Type"));
  std::string status;
  if (revisit || response) {
    if (const std::optional<HttpHead> head = ParseHttpResponse(record.block)) {
      status = std::to_string(head->status);
      mime = MediaType(FindHeader(head->headers, "Content-Type").value_or(""));
    }
  }
  std::string_view digest = record.Field("WARC-Payload-Digest");
  if (digest.starts_with("sha1:")) {
    digest.remove_prefix(5);
  }
  std::string line = fmt::format("{} {} ", SurtKey(url), Stamp(*date));
  text::JsonWriter json(line);
  json.BeginObject();
  json.Key("url").String(url);
  json.Key("mime").String(revisit ? "warc/revisit" : mime);
  if (!status.empty()) {
    json.Key("status").String(status);
  }
  if (!digest.empty() && text::IsValidUtf8(digest)) {
    json.Key("digest").String(digest);
  }
  json.Key("length").String(std::to_string(stored.end - stored.begin));
  json.Key("offset").String(std::to_string(stored.offset));
  json.Key("filename").String(file);
  json.EndObject();
  line.push_back('\n');
  return line;
}

class Indexer {
 public:
  Indexer(LineSorter& sorter, const std::filesystem::path& archive, std::ostream& err)
      : sorter_(sorter), err_(err), report_(archive, err) {}

  Status Read(const std::filesystem::path& path, const std::stop_token& stop) {
    Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(path);
    if (!stream) {
      return std::unexpected(stream.error());
    }
    const std::string file = path.filename();
    const bool plain = (*stream)->storage() == Storage::kPlain;
    bool many = false;
    while (!stop.stop_requested()) {
      const Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
      if (!item) {
        return std::unexpected(item.error());
      }
      if (!item->has_value()) {
        return {};
      }
      if (const auto* gap = std::get_if<Gap>(&**item)) {
        report_.Add({file, gap->offset, gap->length, gap->reason},
                    gap->offset + gap->length >= (*stream)->limit());
        continue;
      }
      const StoredRecord& record = std::get<StoredRecord>(**item);
      if (!plain && record.end - record.begin == 1) {
        if (!std::exchange(many, true)) {
          err_ << fmt::format("{}: its members hold many records: they cannot be indexed\n", file);
          unindexed_ = true;
        }
        continue;
      }
      if (std::string line = LineOf(record, file); !line.empty()) {
        if (Status status = sorter_.Add(std::move(line)); !status) {
          return status;
        }
      }
    }
    return Fail(ErrorKind::kCancelled, "stopped");
  }
  bool damaged() const { return unindexed_ || report_.found(); }

 private:
  LineSorter& sorter_;
  std::ostream& err_;
  DamageReport report_;
  bool unindexed_ = false;
};

}  // namespace

int IndexFiles(const std::vector<std::filesystem::path>& files,
               const std::filesystem::path& archive, const std::filesystem::path& temporary,
               size_t memory, const std::stop_token& stop,
               const std::function<Status(const std::string&)>& give, std::ostream& err) {
  LineSorter sorter(temporary, memory);
  Indexer indexer(sorter, archive, err);
  for (const std::filesystem::path& file : files) {
    if (const Status status = indexer.Read(file, stop); !status) {
      err << status.error().message << '\n';
      return kCannotRead;
    }
  }
  Status given;
  Status status = sorter.Finish([&](const std::string& line) {
    given = stop.stop_requested() ? Fail(ErrorKind::kCancelled, "stopped") : give(line);
    return given.has_value();
  });
  if (!status || !given) {
    err << (status ? given : status).error().message << '\n';
    return kCannotRead;
  }
  return indexer.damaged() ? kFoundDamage : 0;
}

}  // namespace newswire::archive
