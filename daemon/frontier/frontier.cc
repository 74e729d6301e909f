// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/frontier.h"

#include <array>
#include <map>
#include <utility>

#include "daemon/fail_point.h"
#include "daemon/store/sqlite.h"
#include "transforms/model/url.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"

namespace newswire::frontier {
namespace {

// docs/formats/frontier.md explains the columns. Times are UTC milliseconds.
constexpr std::array<std::string_view, 4> kSchema{
    R"sql(
CREATE TABLE sources(
  id TEXT PRIMARY KEY, contacted INTEGER NOT NULL, publish_after INTEGER, last_sitemap INTEGER,
  next_poll INTEGER NOT NULL, blocked_until INTEGER NOT NULL,
  failures INTEGER NOT NULL, first_failure INTEGER, last_failure INTEGER, last_urls TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE ways(
  source TEXT NOT NULL, url TEXT NOT NULL, etag TEXT NOT NULL, last_modified TEXT NOT NULL,
  digest TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY(source, url)
) WITHOUT ROWID;
CREATE TABLE links(
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL,
  state INTEGER NOT NULL, metadata TEXT NOT NULL, due INTEGER, dated INTEGER,
  etag TEXT NOT NULL, last_modified TEXT NOT NULL, payload_digest TEXT NOT NULL,
  record_id TEXT NOT NULL, target_uri TEXT NOT NULL, entry_digest TEXT NOT NULL,
  first_fetched INTEGER, last_fetched INTEGER, first_404 INTEGER,
  target TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE UNIQUE INDEX links_by_key ON links(source, key);
CREATE INDEX links_by_due ON links(source, due, id) WHERE due IS NOT NULL;
CREATE TABLE blocks(domain TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE hosts(
  domain TEXT PRIMARY KEY, blocked_until INTEGER,
  failures INTEGER NOT NULL, first_failure INTEGER, last_failure INTEGER, failing INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO hosts SELECT domain, until, 0, NULL, NULL, 0 FROM blocks;
DROP TABLE blocks;
)sql",
    R"sql(
CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK(one = 1), seen INTEGER NOT NULL);
)sql",
    R"sql(
CREATE TABLE recorded(one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL);
)sql"};

constexpr std::string_view kLinkColumns =
    "id, source, url, state, metadata, due, dated, etag, last_modified, payload_digest, record_id, "
    "target_uri, entry_digest, first_fetched, last_fetched, first_404, target, attempts, "
    "reason";

int64_t Number(UtcMillis time) { return time.time_since_epoch().count(); }
UtcMillis Time(int64_t number) { return UtcMillis(std::chrono::milliseconds(number)); }

void BindTime(store::Statement& statement, int index, const std::optional<UtcMillis>& time) {
  if (time) {
    statement.Bind(index, Number(*time));
  } else {
    statement.BindNull(index);
  }
}

std::optional<UtcMillis> TimeAt(const store::Statement& statement, int column) {
  return statement.IsNull(column) ? std::nullopt : std::optional(Time(statement.Int(column)));
}

std::string Key(const std::string& url) {
  const auto parsed = Url::Parse(url);
  return parsed ? parsed->canonical() : url;
}

// Entry, body and cut-off are kept in the form in which the archive has them.
std::string MetadataOf(const LinkRow& row) {
  return CaptureMetadataToJson(
      {.body = row.body, .entry = row.entry, .publish_after = row.publish_after});
}

Result<LinkRow> LinkAt(const store::Statement& row) {
  LinkRow link;
  link.id = row.Int(0);
  link.source = row.Text(1);
  link.url = row.Text(2);
  link.state = static_cast<LinkState>(row.Int(3));
  auto metadata = CaptureMetadataFromJson(row.Text(4));
  if (!metadata) {
    return Fail(ErrorKind::kCorruption,
                "frontier: link " + link.url + ": " + std::move(metadata.error().message));
  }
  link.entry = std::move(metadata->entry);
  link.body = metadata->body;
  link.publish_after = metadata->publish_after;
  link.due = TimeAt(row, 5);
  link.dated = TimeAt(row, 6);
  link.etag = row.Text(7);
  link.last_modified = row.Text(8);
  link.payload_digest = row.Text(9);
  link.record_id = row.Text(10);
  link.target_uri = row.Text(11);
  link.entry_digest = row.Text(12);
  link.first_fetched = TimeAt(row, 13);
  link.last_fetched = TimeAt(row, 14);
  link.first_404 = TimeAt(row, 15);
  link.target = row.Text(16);
  link.attempts = static_cast<uint32_t>(row.Int(17));
  link.reason = row.Text(18);
  return link;
}

// Of a bound statement that selects kLinkColumns.
template <typename Visit>
Status ForEachLinkOf(store::Statement& statement, const Visit& visit) {
  return statement.ForEachRow([&]() -> Status {
    auto link = LinkAt(statement);
    if (!link) {
      return std::unexpected(link.error());
    }
    visit(std::move(*link));
    return {};
  });
}

// The link that a bound statement finds, if any.
Result<std::optional<LinkRow>> OneLink(store::Statement& statement) {
  std::optional<LinkRow> found;
  const auto read = ForEachLinkOf(statement, [&](LinkRow link) { found = std::move(link); });
  if (!read) {
    return std::unexpected(read.error());
  }
  return found;
}

std::string UrlsToJson(const std::vector<std::string>& urls) {
  std::string json;
  text::JsonWriter writer(json);
  writer.BeginArray();
  for (const auto& url : urls) {
    writer.String(url);
  }
  writer.EndArray();
  return json;
}

std::vector<std::string> UrlsFromJson(std::string_view json) {
  std::vector<std::string> urls;
  if (const auto document = text::JsonDocument::Parse(json)) {
    for (size_t i = 0; i < document->root().size(); ++i) {
      urls.emplace_back(document->root().at(i).string_or(""));
    }
  }
  return urls;
}

}  // namespace

std::string EntryDigest(const LinkEntry& entry) {
  text::FieldHasher hasher;
  hasher.Add(CaptureMetadataToJson({.entry = entry}));
  return text::Hex(hasher.Finish());
}

struct Frontier::Impl {
  store::Database database;
  std::map<std::string, store::Statement, std::less<>> statements;
  bool created = false;
  bool writing = false;
  // The first error of a write. SQLite may have rolled back by itself then: what is written next
  // would be a transaction of its own, with validators and without their links.
  std::optional<Error> failed;
  std::optional<UtcMillis> now;
  std::optional<Position> recorded;  // to be stored

  // A prepared statement, ready to bind.
  Result<store::Statement*> Use(std::string_view sql) {
    auto found = statements.find(sql);
    if (found == statements.end()) {
      auto prepared = database.Prepare(sql);
      if (!prepared) {
        return std::unexpected(prepared.error());
      }
      found = statements.emplace(std::string(sql), std::move(*prepared)).first;
    }
    found->second.Reset();
    return &found->second;
  }

  // As Use, within the open transaction.
  Result<store::Statement*> Write(std::string_view sql) {
    if (failed) {
      return std::unexpected(*failed);
    }
    if (!writing) {
      if (auto begun = database.Begin(); !begun) {
        return std::unexpected(*(failed = begun.error()));
      }
      writing = true;
    }
    return Use(sql);
  }

  Status Written(Status status) {
    if (!status && !failed) {
      failed = status.error();
    }
    return status;
  }

  // The one row of a table.
  Status WriteSingle(std::string_view sql, int64_t value) {
    auto statement = Write(sql);
    return statement ? Written((*statement)->Bind(1, value).Run())
                     : std::unexpected(statement.error());
  }
  Result<std::optional<int64_t>> ReadSingle(std::string_view sql) {
    auto statement = Use(sql);
    if (!statement) {
      return std::unexpected(statement.error());
    }
    std::optional<int64_t> value;
    const auto read = (*statement)->ForEachRow([&]() -> Status {
      value = (*statement)->Int(0);
      return {};
    });
    return read ? Result<std::optional<int64_t>>(value) : std::unexpected(read.error());
  }
};

Frontier::Frontier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Frontier::~Frontier() = default;
bool Frontier::created() const { return impl_->created; }
bool Frontier::dirty() const { return impl_->writing; }

Result<std::unique_ptr<Frontier>> Frontier::Open(const std::filesystem::path& file) {
  auto database = store::Database::Open(file, kSchema, store::Durability::kFull);
  if (!database) {
    return WithContext(database.error(), "frontier");
  }
  auto impl = std::make_unique<Impl>(std::move(*database));
  auto any = impl->Use("SELECT 1 FROM sources LIMIT 1");
  if (!any) {
    return WithContext(any.error(), "frontier");
  }
  impl->created = true;
  const auto read = (*any)->ForEachRow([&]() -> Status {
    impl->created = false;
    return {};
  });
  if (!read) {
    return WithContext(read.error(), "frontier");
  }
  return std::unique_ptr<Frontier>(new Frontier(std::move(impl)));
}

Result<SourceRow> Frontier::LoadSource(const std::string& id) {
  auto query = impl_->Use(
      "SELECT contacted, publish_after, last_sitemap, next_poll, blocked_until, failures, "
      "first_failure, last_failure, last_urls FROM sources WHERE id = ?");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  SourceRow row{.id = id};
  const auto read = statement.Bind(1, id).ForEachRow([&]() -> Status {
    row.contacted = statement.Int(0) != 0;
    row.publish_after = TimeAt(statement, 1);
    row.last_sitemap = TimeAt(statement, 2);
    row.next_poll = Time(statement.Int(3));
    row.blocked_until = Time(statement.Int(4));
    row.failures.in_a_row = static_cast<uint32_t>(statement.Int(5));
    row.failures.first = TimeAt(statement, 6);
    row.failures.last = TimeAt(statement, 7);
    row.last_urls = UrlsFromJson(statement.Text(8));
    return {};
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return row;
}

Status Frontier::StoreSource(const SourceRow& row) {
  auto query = impl_->Write("INSERT OR REPLACE INTO sources VALUES(?,?,?,?,?,?,?,?,?,?)");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  statement.Bind(1, row.id).Bind(2, int64_t{row.contacted});
  BindTime(statement, 3, row.publish_after);
  BindTime(statement, 4, row.last_sitemap);
  statement.Bind(5, Number(row.next_poll)).Bind(6, Number(row.blocked_until));
  statement.Bind(7, int64_t{row.failures.in_a_row});
  BindTime(statement, 8, row.failures.first);
  BindTime(statement, 9, row.failures.last);
  statement.Bind(10, UrlsToJson(row.last_urls));
  return impl_->Written(statement.Run());
}

Result<WayRow> Frontier::LoadWay(const std::string& source, const std::string& url) {
  auto query = impl_->Use(
      "SELECT etag, last_modified, digest, target FROM ways WHERE source = ? AND url = ?");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  WayRow row{.source = source, .url = url};
  const auto read = statement.Bind(1, source).Bind(2, url).ForEachRow([&]() -> Status {
    row.etag = statement.Text(0);
    row.last_modified = statement.Text(1);
    row.digest = statement.Text(2);
    row.target = statement.Text(3);
    return {};
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return row;
}

Status Frontier::StoreWay(const WayRow& row) {
  auto query = impl_->Write("INSERT OR REPLACE INTO ways VALUES(?,?,?,?,?,?)");
  if (!query) {
    return std::unexpected(query.error());
  }
  (*query)->Bind(1, row.source).Bind(2, row.url).Bind(3, row.etag).Bind(4, row.last_modified);
  return impl_->Written((*query)->Bind(5, row.digest).Bind(6, row.target).Run());
}

Result<std::optional<LinkRow>> Frontier::FindLink(const std::string& source,
                                                  const std::string& url) {
  static const std::string kSql =
      "SELECT " + std::string(kLinkColumns) + " FROM links WHERE source = ? AND key = ?";
  auto query = impl_->Use(kSql);
  if (!query) {
    return std::unexpected(query.error());
  }
  return OneLink((*query)->Bind(1, source).Bind(2, Key(url)));
}

Result<std::optional<LinkRow>> Frontier::FindLink(int64_t id) {
  static const std::string kSql =
      "SELECT " + std::string(kLinkColumns) + " FROM links WHERE id = ?";
  auto query = impl_->Use(kSql);
  if (!query) {
    return std::unexpected(query.error());
  }
  return OneLink((*query)->Bind(1, id));
}

Status Frontier::StoreLink(LinkRow& row) {
  auto query = impl_->Write(
      "INSERT INTO links VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
      "?20) ON CONFLICT(source, key) DO UPDATE SET url=?4, state=?5, metadata=?6, due=?7, "
      "dated=?8, etag=?9, last_modified=?10, payload_digest=?11, record_id=?12, target_uri=?13, "
      "entry_digest=?14, first_fetched=?15, last_fetched=?16, first_404=?17, "
      "target=?18, attempts=?19, reason=?20 RETURNING id");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  if (row.id == 0) {
    statement.BindNull(1);
  } else {
    statement.Bind(1, row.id);
  }
  statement.Bind(2, row.source).Bind(3, Key(row.url)).Bind(4, row.url);
  statement.Bind(5, static_cast<int64_t>(row.state)).Bind(6, MetadataOf(row));
  BindTime(statement, 7, row.due);
  BindTime(statement, 8, row.dated);
  statement.Bind(9, row.etag).Bind(10, row.last_modified).Bind(11, row.payload_digest);
  statement.Bind(12, row.record_id).Bind(13, row.target_uri).Bind(14, row.entry_digest);
  BindTime(statement, 15, row.first_fetched);
  BindTime(statement, 16, row.last_fetched);
  BindTime(statement, 17, row.first_404);
  statement.Bind(18, row.target).Bind(19, int64_t{row.attempts}).Bind(20, row.reason);
  return impl_->Written(statement.ForEachRow([&]() -> Status {
    row.id = statement.Int(0);
    return {};
  }));
}

Result<std::vector<LinkRow>> Frontier::DueLinks(const std::string& source, UtcMillis now,
                                                size_t limit,
                                                const std::function<bool(int64_t id)>& skip) {
  // The index alone answers this; rows are read for what is not skipped.
  auto query = impl_->Use("SELECT id FROM links WHERE source = ? AND due <= ? ORDER BY due, id");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  statement.Bind(1, source).Bind(2, Number(now));
  std::vector<int64_t> ids;
  while (ids.size() < limit) {
    const auto row = statement.Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    if (const int64_t id = statement.Int(0); !skip || !skip(id)) {
      ids.push_back(id);
    }
  }
  statement.Reset();
  std::vector<LinkRow> links;
  for (const int64_t id : ids) {
    auto link = FindLink(id);
    if (!link) {
      return std::unexpected(link.error());
    }
    if (*link) {
      links.push_back(std::move(**link));
    }
  }
  return links;
}

Result<std::optional<UtcMillis>> Frontier::NextDueAfter(const std::string& source,
                                                        UtcMillis after) {
  auto query = impl_->Use("SELECT min(due) FROM links WHERE source = ? AND due > ?");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  std::optional<UtcMillis> due;
  const auto read = statement.Bind(1, source).Bind(2, Number(after)).ForEachRow([&]() -> Status {
    due = TimeAt(statement, 0);
    return {};
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return due;
}

Status Frontier::ForEachLink(const std::string& source,
                             const std::function<void(const LinkRow&)>& visit) {
  static const std::string kSql =
      "SELECT " + std::string(kLinkColumns) +
      " FROM links WHERE source = ? ORDER BY key";  // of the index: nothing is sorted
  auto query = impl_->Use(kSql);
  if (!query) {
    return std::unexpected(query.error());
  }
  return ForEachLinkOf((*query)->Bind(1, source), visit);
}

Status Frontier::StoreHost(std::string_view domain, const politeness::HostMemory& memory) {
  auto query = impl_->Write("INSERT OR REPLACE INTO hosts VALUES(?,?,?,?,?,?)");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  statement.Bind(1, domain);
  BindTime(statement, 2, memory.blocked_until);
  statement.Bind(3, int64_t{memory.failures.in_a_row});
  BindTime(statement, 4, memory.failures.first);
  BindTime(statement, 5, memory.failures.last);
  statement.Bind(6, int64_t{memory.failing});
  return impl_->Written(statement.Run());
}

Result<std::vector<HostRow>> Frontier::Hosts(UtcMillis now) {
  auto forget = impl_->Write(
      "DELETE FROM hosts WHERE coalesce(blocked_until, 0) <= ? AND coalesce(last_failure, 0) <= ?");
  if (!forget) {
    return std::unexpected(forget.error());
  }
  const auto forgotten = impl_->Written(
      (*forget)->Bind(1, Number(now)).Bind(2, Number(now - politeness::kFailuresForgiven)).Run());
  if (!forgotten) {
    return std::unexpected(forgotten.error());
  }
  auto query = impl_->Use(
      "SELECT domain, blocked_until, failures, first_failure, last_failure, failing FROM hosts");
  if (!query) {
    return std::unexpected(query.error());
  }
  auto& statement = **query;
  std::vector<HostRow> hosts;
  const auto read = statement.ForEachRow([&]() -> Status {
    hosts.push_back({.domain = std::string(statement.Text(0)),
                     .memory = {.blocked_until = TimeAt(statement, 1),
                                .failures = {.in_a_row = static_cast<uint32_t>(statement.Int(2)),
                                             .first = TimeAt(statement, 3),
                                             .last = TimeAt(statement, 4)},
                                .failing = statement.Int(5) != 0}});
    return {};
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return hosts;
}

void Frontier::Rollback() {
  for (auto& [sql, statement] : impl_->statements) {
    statement.Reset();
  }
  impl_->database.Rollback();
  impl_->writing = false;
  impl_->recorded.reset();
  impl_->failed.reset();
}

Result<std::optional<std::chrono::milliseconds>> Frontier::FollowClock(UtcMillis now) {
  const auto noted = impl_->ReadSingle("SELECT seen FROM clock");
  if (!noted) {
    return std::unexpected(noted.error());
  }
  if (!*noted || Time(**noted) <= now) {
    return std::nullopt;
  }
  const std::chrono::milliseconds back = Time(**noted) - now;
  for (const std::string_view sql :
       {"UPDATE links SET due = due - ?1, first_fetched = first_fetched - ?1, "
        "first_404 = first_404 - ?1",
        "UPDATE sources SET next_poll = next_poll - ?1, blocked_until = blocked_until - ?1, "
        "last_sitemap = last_sitemap - ?1, first_failure = first_failure - ?1, "
        "last_failure = last_failure - ?1",
        "UPDATE hosts SET blocked_until = blocked_until - ?1, first_failure = first_failure - ?1, "
        "last_failure = last_failure - ?1"}) {
    auto update = impl_->Write(sql);
    if (!update) {
      return std::unexpected(update.error());
    }
    if (auto done = (*update)->Bind(1, back.count()).Run(); !done) {
      return std::unexpected(done.error());
    }
  }
  NoteTime(now);
  if (auto committed = Commit(); !committed) {
    return std::unexpected(committed.error());
  }
  return back;
}

void Frontier::NoteTime(UtcMillis now) { impl_->now = now; }

Result<std::optional<Position>> Frontier::recorded() {
  const auto noted = impl_->ReadSingle("SELECT position FROM recorded");
  if (!noted) {
    return std::unexpected(noted.error());
  }
  return *noted ? std::optional(Position::FromValue(static_cast<uint64_t>(**noted))) : std::nullopt;
}

void Frontier::NoteRecorded(Position end) { impl_->recorded = end; }

Status Frontier::Commit() {
  if (impl_->failed) {
    return WithContext(*impl_->failed, "frontier");
  }
  if (!impl_->writing && !impl_->recorded) {
    return {};
  }
  Status noted;
  if (impl_->now) {
    noted = impl_->WriteSingle("INSERT OR REPLACE INTO clock VALUES(1, ?)", Number(*impl_->now));
  }
  if (noted && impl_->recorded) {
    noted = impl_->WriteSingle("INSERT OR REPLACE INTO recorded VALUES(1, ?)",
                               static_cast<int64_t>(impl_->recorded->value()));
  }
  if (!noted) {
    return WithContext(noted.error(), "frontier");
  }
  NEWSWIRE_FAIL_POINT("frontier.before_commit");
  if (auto committed = impl_->Written(impl_->database.Commit()); !committed) {
    return WithContext(committed.error(), "frontier");
  }
  impl_->writing = false;
  impl_->recorded.reset();
  NEWSWIRE_FAIL_POINT("frontier.committed");
  return {};
}

}  // namespace newswire::frontier
