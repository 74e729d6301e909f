// SPDX-License-Identifier: Apache-2.0
// SequencerState over positions: rewinding, snapshots, pruning.
#include <algorithm>
#include <array>
#include <utility>

#include "daemon/fail_point.h"
#include "daemon/relay/sequencer_state.h"

namespace newswire::relay {
namespace {

int64_t ToSql(Position position) { return static_cast<int64_t>(position.value()); }
Position FromSql(int64_t value) { return Position::FromValue(static_cast<uint64_t>(value)); }

Result<int64_t> Number(store::Database& database, std::string_view sql) {
  auto statement = database.Prepare(sql);
  if (!statement) {
    return std::unexpected(statement.error());
  }
  auto row = statement->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row && !statement->IsNull(0) ? statement->Int(0) : 0;
}

// Runs a statement with numbers bound in order.
template <size_t kCount>
Status Run(store::Database& database, std::string_view sql,
           const std::array<int64_t, kCount>& numbers) {
  auto statement = database.Prepare(sql);
  if (!statement) {
    return std::unexpected(statement.error());
  }
  for (size_t i = 0; i < kCount; ++i) {
    statement->Bind(static_cast<int>(i) + 1, numbers[i]);
  }
  return statement->Run();
}

}  // namespace

// Ids and positions rise together: the row is found by halving.
Result<int64_t> SequencerState::LastRowBelow(Position position) {
  auto at =
      database_.Prepare("SELECT id, position FROM posts WHERE id <= ? ORDER BY id DESC LIMIT 1");
  if (!at) {
    return std::unexpected(at.error());
  }
  const auto newest = Number(database_, "SELECT max(id) FROM posts");
  if (!newest) {
    return newest;
  }
  int64_t below = 0;             // this row, and all before it, are below
  int64_t beyond = *newest + 1;  // this one and all behind it are not
  while (beyond - below > 1) {
    const int64_t middle = below + (beyond - below) / 2;
    at->Reset();
    auto row = at->Bind(1, middle).Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row || at->Int(0) <= below) {
      below = middle;  // no rows in between
    } else if (FromSql(at->Int(1)) < position) {
      below = middle;
    } else {
      beyond = at->Int(0);
    }
  }
  return below;
}

Status SequencerState::RewindTo(Position position) {
  database_.Rollback();
  in_transaction_ = false;
  if (Status status = Load(); !status) {  // topics of the dropped transaction are forgotten
    return status;
  }
  if (folded_ <= position) {
    return {};
  }
  if (position < base_) {
    // Rows that it would need were pruned.
    if (Status status = BeginReplacing(); !status) {
      return status;
    }
    return EndReplacing({});
  }
  const auto keep = LastRowBelow(position);
  if (!keep) {
    return std::unexpected(keep.error());
  }
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  struct Step {
    std::string_view sql;
    int64_t value;
  };
  for (const Step& step :
       {Step{"DELETE FROM posts WHERE id > ?", *keep},
        Step{"DELETE FROM topics WHERE position >= ? AND position > 0", ToSql(position)},
        Step{"UPDATE fold SET position = ?", ToSql(position)}}) {
    if (Status status = Run<1>(database_, step.sql, {step.value}); !status) {
      return status;
    }
  }
  NEWSWIRE_FAIL_POINT("relay.rewinding");
  if (Status status = database_.Commit(); !status) {
    return status;
  }
  in_transaction_ = false;
  return Load();
}

Result<uint64_t> SequencerState::CountRows() {
  const auto count = Number(database_, "SELECT count(*) FROM posts");
  if (!count) {
    return std::unexpected(count.error());
  }
  return static_cast<uint64_t>(*count);
}

Result<int64_t> SequencerState::NewestRows(int64_t after, int64_t last, int64_t count,
                                           std::vector<StoredPost>& out) {
  if (!newest_rows_) {
    auto statement = database_.Prepare(
        "SELECT p.revision, p.state, p.body, p.topic, p.digest, p.document_digest, p.pipeline,"
        " p.capture, p.document, p.link, p.url, p.post, p.position FROM posts p"
        " WHERE p.id > ?1 AND p.id <= ?2 AND NOT EXISTS"
        " (SELECT 1 FROM posts q WHERE q.post = p.post AND q.id > p.id AND q.id <= ?3)"
        " ORDER BY p.id");
    if (!statement) {
      return std::unexpected(statement.error());
    }
    newest_rows_.emplace(std::move(*statement));
  }
  const int64_t end = std::min(after + count, last);
  newest_rows_->Reset();
  newest_rows_->Bind(1, after).Bind(2, end).Bind(3, last);
  while (true) {
    auto row = newest_rows_->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    auto read = ReadPostRow(*newest_rows_);
    if (!read) {
      newest_rows_->Reset();
      return std::unexpected(read.error());
    }
    constexpr int kPost = 11;
    constexpr int kPosition = 12;
    out.push_back({.post = std::string(newest_rows_->Text(kPost)),
                   .position = FromSql(newest_rows_->Int(kPosition)),
                   .row = std::move(*read)});
  }
  newest_rows_->Reset();
  return end;
}

Result<std::optional<int64_t>> SequencerState::Rereads(int64_t after, int64_t count, int64_t last,
                                                       std::vector<RereadDigest>& out) {
  const auto newest = Number(database_, "SELECT max(id) FROM rereads");
  if (!newest) {
    return std::unexpected(newest.error());
  }
  if (after >= *newest) {
    return std::nullopt;
  }
  const int64_t end = std::min(after + count, *newest);
  auto rereads = database_.Prepare(
      "SELECT r.post, r.capture, r.pipeline, r.digest FROM rereads r WHERE r.id > ?1 AND r.id <= ?2"
      " AND r.capture = (SELECT p.capture FROM posts p WHERE p.post = r.post AND p.id <= ?3"
      "  ORDER BY p.id DESC LIMIT 1) ORDER BY r.id");
  if (!rereads) {
    return std::unexpected(rereads.error());
  }
  rereads->Bind(1, after).Bind(2, end).Bind(3, last);
  while (true) {
    auto row = rereads->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return std::optional<int64_t>(end);
    }
    const auto digest = UnpackDigest(rereads->Blob(3));
    if (!digest) {
      return Fail(ErrorKind::kCorruption,
                  "a capture read again has a digest of wrong length in sequencer.db");
    }
    out.push_back({.post = std::string(rereads->Text(0)),
                   .capture = FromSql(rereads->Int(1)),
                   .pipeline = std::string(rereads->Text(2)),
                   .digest = *digest});
  }
}

Result<std::vector<StoredTopic>> SequencerState::TopicsBelow(Position position) {
  auto statement = database_.Prepare(
      "SELECT slug, position, own, number FROM topics WHERE position < ?"
      " ORDER BY own DESC, number, slug");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  statement->Bind(1, ToSql(position));
  std::vector<StoredTopic> topics;
  while (true) {
    auto row = statement->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return topics;
    }
    topics.push_back({.slug = std::string(statement->Text(0)),
                      .position = FromSql(statement->Int(1)),
                      .own = statement->Int(2) != 0,
                      .number = static_cast<uint32_t>(statement->Int(3))});
  }
}

Status SequencerState::BeginReplacing() {
  database_.Rollback();
  in_transaction_ = false;
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  for (const std::string_view sql :
       {"DELETE FROM posts", "DELETE FROM topics WHERE position > 0", "DELETE FROM rereads"}) {
    if (Status status = Run<0>(database_, sql, {}); !status) {
      return status;
    }
  }
  return {};
}

Status SequencerState::Restore(const StoredTopic& topic) {
  auto insert = database_.Prepare(
      "INSERT OR IGNORE INTO topics(slug, position, own, number) VALUES(?, ?, ?, ?)");
  if (!insert) {
    return std::unexpected(insert.error());
  }
  insert->Bind(1, topic.slug).Bind(2, ToSql(topic.position));
  insert->Bind(3, int64_t{topic.own ? 1 : 0}).Bind(4, int64_t{topic.number});
  return insert->Run();
}

Status SequencerState::EndReplacing(Position base) {
  if (Status status =
          Run<2>(database_, "UPDATE fold SET position = ?, base = ?", {ToSql(base), ToSql(base)});
      !status) {
    return status;
  }
  if (Status status = database_.Commit(); !status) {
    return status;
  }
  in_transaction_ = false;
  return Load();
}

Result<std::optional<int64_t>> SequencerState::Prune(Position oldest, int64_t after,
                                                     int64_t count) {
  const auto last = LastRowBelow(oldest);
  if (!last) {
    return std::unexpected(last.error());
  }
  if (after >= *last) {
    return std::nullopt;
  }
  const int64_t end = std::min(after + count, *last);
  if (Status status = EnsureTransaction(); !status) {
    return std::unexpected(status.error());
  }
  if (base_ < oldest) {
    if (Status status = Run<1>(database_, "UPDATE fold SET base = ?", {ToSql(oldest)}); !status) {
      return std::unexpected(status.error());
    }
    base_ = oldest;
  }
  // What was read again for the rows that go, if no row that stays is of the same capture. What
  // stays of a post is found by its text and link, which the rows that go may have stood for.
  for (const std::string_view sql :
       {"DELETE FROM rereads WHERE (post, capture) IN"
        " (SELECT p.post, p.capture FROM posts p WHERE p.id > ?1 AND p.id <= ?2 AND EXISTS"
        "  (SELECT 1 FROM posts r WHERE r.post = p.post AND r.id > p.id AND r.id <= ?3)"
        "  AND NOT EXISTS"
        "  (SELECT 1 FROM posts s WHERE s.post = p.post AND s.id > p.id AND s.capture = "
        "p.capture))",
        "UPDATE posts SET text_new = 1, link_new = 1 WHERE (text_new = 0 OR link_new = 0) AND id IN"
        " (SELECT max(q.id) FROM posts q WHERE q.id <= ?3 AND q.post IN"
        "  (SELECT p.post FROM posts p WHERE p.id > ?1 AND p.id <= ?2 AND EXISTS"
        "   (SELECT 1 FROM posts r WHERE r.post = p.post AND r.id > p.id AND r.id <= ?3))"
        "  GROUP BY q.post)",
        "DELETE FROM posts WHERE id > ?1 AND id <= ?2 AND EXISTS"
        " (SELECT 1 FROM posts r WHERE r.post = posts.post AND r.id > posts.id AND r.id <= ?3)"}) {
    if (Status status = Run<3>(database_, sql, {after, end, *last}); !status) {
      return std::unexpected(status.error());
    }
  }
  return std::optional<int64_t>(end);
}

}  // namespace newswire::relay
