// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_diff.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/folder.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

constexpr std::string_view kSchema[] = {
    "CREATE TABLE held("
    " post TEXT NOT NULL,"
    " revision INTEGER NOT NULL,"
    " position INTEGER NOT NULL,"  // of its capture; 0: not known
    " fields BLOB NOT NULL,"       // per field: number (2 bytes), hash of its value (8)
    " seen INTEGER NOT NULL,"      // 1: compared
    " PRIMARY KEY(post, revision)) STRICT, WITHOUT ROWID;",
};
constexpr std::string_view kPlace = "{category}";
constexpr std::string_view kTopicField = "(topic)";
constexpr size_t kNumberBytes = 2;
constexpr size_t kHashBytes = 8;
constexpr size_t kFieldBytes = kNumberBytes + kHashBytes;
constexpr size_t kMaxFieldNames = 1000;  // of a stranger's records; the others share one number
constexpr uint64_t kCommitRecords = 20'000;
constexpr int kQuietAnswers = 3;  // of the reader, after it has caught up

bool SaysHowItWasMade(std::string_view field) { return field == "pipeline" || field == "archive"; }

std::string Plain(std::string_view text) {
  std::string plain(text);
  constexpr unsigned char kDelete = 0x7f;
  std::ranges::replace_if(plain, [](unsigned char c) { return c < ' ' || c == kDelete; }, '?');
  return plain;
}

Position PositionOf(const publish::TopicRecord& record, const text::JsonValue& event) {
  for (const auto& [name, value] : record.headers) {
    if (name == "ce_sequence") {
      return Position::FromHex(value).value_or(Position());
    }
  }
  const auto serial = archive::SerialOf(event["archive"]["segment"].string_or(""));
  const auto offset = event["archive"]["offset"].integer();
  if (!serial || !offset || *offset < 0 || static_cast<uint64_t>(*offset) > Position::kMaxOffset) {
    return {};
  }
  return {*serial, static_cast<uint64_t>(*offset)};
}

UtcMillis TimeOf(const text::JsonValue& event, std::string_view field, UtcMillis otherwise) {
  const auto time = ParseRfc3339(event[field].string_or(""));
  return time ? time->instant : otherwise;
}

}  // namespace

ReplayDiff::ReplayDiff(std::string pattern, bool compacted, std::ostream& out,
                       store::Database database)
    : pattern_(std::move(pattern)),
      compacted_(compacted),
      out_(out),
      database_(std::move(database)) {}

Result<std::unique_ptr<ReplayDiff>> ReplayDiff::Create(std::string pattern, bool compacted,
                                                       std::ostream& out) {
  auto database = store::Database::Open({}, kSchema, store::Durability::kNormal);
  if (!database) {
    return std::unexpected(database.error());
  }
  std::unique_ptr<ReplayDiff> diff(
      new ReplayDiff(std::move(pattern), compacted, out, std::move(*database)));
  if (Status status = diff->Prepare(); !status) {
    return std::unexpected(status.error());
  }
  return diff;
}

Status ReplayDiff::Prepare() {
  struct Wanted {
    std::unique_ptr<store::Statement>& statement;
    std::string_view sql;
  };
  const Wanted statements[] = {
      {put_, "INSERT OR REPLACE INTO held VALUES(?, ?, ?, ?, 0)"},
      {find_, "SELECT fields FROM held WHERE post = ? AND revision = ?"},
      {newer_, "SELECT 1 FROM held WHERE post = ? AND revision > ? LIMIT 1"},
      {forget_, "DELETE FROM held WHERE post = ?"},
      {mark_, "UPDATE held SET seen = 1 WHERE post = ? AND revision = ?"},
      {rest_,
       "SELECT post, revision FROM held WHERE seen = 0 AND (?2 = 0 OR position = 0 OR"
       " (position >= ?1 AND position < ?2)) ORDER BY post, revision"},
  };
  for (const Wanted& wanted : statements) {
    auto statement = database_.Prepare(wanted.sql);
    if (!statement) {
      return std::unexpected(statement.error());
    }
    wanted.statement = std::make_unique<store::Statement>(std::move(*statement));
  }
  return {};
}

// Topics of posts: not the checkpoints and dead letters beside them, nor those of a longer prefix.
bool ReplayDiff::IsEventTopic(std::string_view topic) const {
  const size_t place = pattern_.find(kPlace);
  const std::string_view prefix = std::string_view(pattern_).substr(0, place);
  const std::string_view suffix = std::string_view(pattern_).substr(place + kPlace.size());
  if (topic.size() <= prefix.size() + suffix.size() || !topic.starts_with(prefix) ||
      !topic.ends_with(suffix)) {
    return false;
  }
  const std::string_view slug =
      topic.substr(prefix.size(), topic.size() - prefix.size() - suffix.size());
  return slug == "other" || publish::TopicSlug(slug) == slug;
}

uint16_t ReplayDiff::NumberOf(std::string_view field) {
  const auto known = numbers_.find(field);
  if (known != numbers_.end()) {
    return known->second;
  }
  if (names_.size() == kMaxFieldNames) {
    names_.emplace_back("(other fields)");
  }
  if (names_.size() > kMaxFieldNames) {
    return static_cast<uint16_t>(kMaxFieldNames);
  }
  const auto number = static_cast<uint16_t>(names_.size());
  names_.emplace_back(field);
  numbers_.emplace(field, number);
  return number;
}

// The fields in the order of their numbers, so that two events compare by one walk.
Result<std::string> ReplayDiff::PackFields(std::string_view value, std::string_view topic) {
  const auto document = text::JsonDocument::Parse(value);
  if (!document) {
    return std::unexpected(document.error());
  }
  std::vector<std::pair<uint16_t, std::string>> fields;
  const auto add = [&](std::string_view name, std::string_view content) {
    const auto sum = text::Sha256(content);
    fields.emplace_back(NumberOf(name),
                        std::string(reinterpret_cast<const char*>(sum.data()), kHashBytes));
  };
  document->root().ForEachMember(
      [&](std::string_view key, text::JsonValue member) { add(key, member.Dump()); });
  add(kTopicField, topic);
  std::ranges::sort(fields);
  std::string packed;
  packed.reserve(fields.size() * kFieldBytes);
  for (const auto& [number, hash] : fields) {
    packed.append(reinterpret_cast<const char*>(&number), kNumberBytes);
    packed += hash;
  }
  return packed;
}

std::vector<std::string> ReplayDiff::Differing(std::string_view held, std::string_view now,
                                               bool* made) const {
  std::vector<std::string> fields;
  const auto number_of = [](std::string_view packed) {
    uint16_t number = 0;
    std::memcpy(&number, packed.data(), kNumberBytes);
    return number;
  };
  while (!held.empty() || !now.empty()) {
    const bool both = !held.empty() && !now.empty();
    const bool take_held = now.empty() || (both && number_of(held) <= number_of(now));
    const bool take_now = held.empty() || (both && number_of(now) <= number_of(held));
    const uint16_t number = number_of(take_held ? held : now);
    const bool equal =
        take_held && take_now && held.substr(0, kFieldBytes) == now.substr(0, kFieldBytes);
    held.remove_prefix(take_held ? kFieldBytes : 0);
    now.remove_prefix(take_now ? kFieldBytes : 0);
    if (equal) {
      continue;
    }
    if (SaysHowItWasMade(names_[number])) {
      *made = true;
    } else if (fields.empty() || fields.back() != names_[number]) {
      fields.push_back(names_[number]);
    }
  }
  return fields;
}

Status ReplayDiff::Keep(const publish::TopicRecord& record, const ReplayFilter& filter) {
  if (!IsEventTopic(record.topic)) {
    return {};
  }
  if (record.value.empty()) {  // a tombstone: what lies before it is as good as gone
    forget_->Reset();
    return forget_->Bind(1, record.key).Run();
  }
  const auto document = text::JsonDocument::Parse(record.value);
  if (!document) {
    return {};  // no event of ours
  }
  const text::JsonValue value = document->root();
  const auto post = value["id"].string();
  const auto revision = value["revision"].integer();
  if (!post || !revision) {
    return {};
  }
  Event event;
  event.ce_time = TimeOf(value, "fetched_at", {});
  event.published = TimeOf(value, "published_at", event.ce_time);
  event.ce_source = "urn:newswire:" + std::string(value["source"].string_or(""));
  event.ce_subject = value["url"].string_or("");
  event.value = record.value;
  event.topic_slug =
      publish::TopicSlug(record.topic.substr(std::min(record.topic.size(), pattern_.find(kPlace))));
  if (!filter.Keeps(event)) {
    return {};
  }
  auto fields = PackFields(record.value, record.topic);
  if (!fields) {
    return std::unexpected(fields.error());
  }
  find_->Reset();
  auto known = find_->Bind(1, *post).Bind(2, *revision).Step();
  if (!known) {
    return std::unexpected(known.error());
  }
  counts_.repeated += *known ? 1 : 0;
  find_->Reset();
  put_->Reset();
  put_->Bind(1, *post).Bind(2, *revision);
  put_->Bind(3, static_cast<int64_t>(PositionOf(record, value).value()));
  return put_->BindBlob(4, *fields).Run();
}

Status ReplayDiff::Read(publish::TopicReader& topics, const ReplayFilter& filter,
                        const std::function<void(uint64_t)>& progress,
                        const std::stop_token& stop) {
  uint64_t records = 0;
  Status status = database_.Begin();
  for (int quiet = 0; status && quiet < kQuietAnswers;) {
    if (stop.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped while the topics were read");
    }
    auto record = topics.Next(stop);
    if (!record) {
      if (record.error().kind == ErrorKind::kTransient) {
        progress(records);
        continue;  // the broker is away
      }
      return std::unexpected(record.error());
    }
    progress(records);
    if (!*record) {
      quiet = topics.CaughtUp() ? quiet + 1 : 0;
      continue;
    }
    quiet = 0;
    status = Keep(**record, filter);
    if (status && ++records % kCommitRecords == 0) {
      status = database_.Commit();
      if (status) {
        status = database_.Begin();
      }
    }
  }
  return status ? database_.Commit() : status;
}

void ReplayDiff::Say(std::string_view what, std::string_view post, int64_t revision,
                     std::string_view detail) {
  out_ << fmt::format("{:<8} {} r{}{}\n", what, Plain(post), revision, detail);
}

Status ReplayDiff::Miss(const Event& event, int64_t revision) {
  if (compacted_) {
    newer_->Reset();
    auto newer = newer_->Bind(1, event.key).Bind(2, revision).Step();
    if (!newer) {
      return std::unexpected(newer.error());
    }
    newer_->Reset();
    if (*newer) {
      ++counts_.superseded;
      return {};
    }
  }
  ++counts_.missing;
  Say("missing", event.key, revision, fmt::format(" {}", Name(event.type)));
  return {};
}

Status ReplayDiff::Compare(const Event& event) {
  if (event.type == EventType::kDeadLetter) {
    return {};
  }
  const auto document = text::JsonDocument::Parse(event.value);
  if (!document) {
    return std::unexpected(document.error());
  }
  const int64_t revision = document->root()["revision"].integer().value_or(0);
  auto now = PackFields(event.value, publish::TopicName(pattern_, event.topic_slug));
  if (!now) {
    return std::unexpected(now.error());
  }
  find_->Reset();
  auto found = find_->Bind(1, event.key).Bind(2, revision).Step();
  if (!found) {
    return std::unexpected(found.error());
  }
  if (!*found) {
    return Miss(event, revision);
  }
  bool made = false;
  const auto fields = Differing(find_->Blob(0), *now, &made);
  find_->Reset();
  if (!fields.empty()) {
    ++counts_.differing;
    Say("differs", event.key, revision,
        fmt::format(": {}{}", Plain(fmt::format("{}", fmt::join(fields, ", "))),
                    made ? " (made by another pipeline or from another archive)" : ""));
  } else {
    ++(made ? counts_.made_otherwise : counts_.same);
  }
  mark_->Reset();
  return mark_->Bind(1, event.key).Bind(2, revision).Run();
}

Result<ReplayDiff::Counts> ReplayDiff::Finish(Position begin, Position end) {
  rest_->Reset();
  rest_->Bind(1, static_cast<int64_t>(begin.value())).Bind(2, static_cast<int64_t>(end.value()));
  while (true) {
    auto row = rest_->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    ++counts_.extra;
    Say("extra", rest_->Text(0), rest_->Int(1), "");
  }
  rest_->Reset();
  out_ << fmt::format(
      "{} same, {} same but for pipeline or archive, {} compacted away, {} differing, {} missing, "
      "{} extra, {} held more than once\n",
      counts_.same, counts_.made_otherwise, counts_.superseded, counts_.differing, counts_.missing,
      counts_.extra, counts_.repeated);
  return counts_;
}

}  // namespace newswire::commands
