// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/sequencer_state.h"

#include <cstring>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "daemon/fail_point.h"

namespace newswire::relay {
namespace {

constexpr std::string_view kSchema[] = {
    "CREATE TABLE posts("
    " id INTEGER PRIMARY KEY,"         // in the order of the archive
    " post TEXT NOT NULL,"             // post id
    " position INTEGER NOT NULL,"      // of the capture that made this row
    " revision INTEGER NOT NULL,"      // 0: withheld
    " state INTEGER NOT NULL,"         // PostState
    " body INTEGER NOT NULL,"          // BodyKind
    " topic TEXT NOT NULL,"            // slug
    " digest BLOB NOT NULL,"           // whole (32) and eight fields (8 each)
    " text INTEGER NOT NULL,"          // the text's field digest as a number
    " document_digest BLOB NOT NULL,"  // of the document's bytes
    " pipeline TEXT NOT NULL,"         // that made the digests
    " capture INTEGER NOT NULL,"       // position of the newest equal capture
    " document INTEGER NOT NULL,"      // its number in that capture
    " link BLOB,"                      // LinkKey
    " url TEXT NOT NULL,"
    " text_new INTEGER NOT NULL,"  // 1: the text is not that of the post's row before
    " link_new INTEGER NOT NULL"   // 1: the link is not that of the post's row before
    ") STRICT;"
    "CREATE INDEX posts_post ON posts(post);"
    // Each text and link of a post is indexed once in a row: these keys are scattered, so that
    // every entry costs a page.
    "CREATE INDEX posts_text ON posts(text) WHERE text_new = 1;"
    "CREATE INDEX posts_link ON posts(link) WHERE link_new = 1;"
    "CREATE TABLE topics("
    " slug TEXT PRIMARY KEY,"
    " position INTEGER NOT NULL,"  // of the capture that showed it first
    " own INTEGER NOT NULL,"       // 1: a topic of its own; 0: other
    " number INTEGER NOT NULL"     // among those with a topic, from 1
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE fold("
    " one INTEGER PRIMARY KEY CHECK(one = 1),"
    " position INTEGER NOT NULL,"      // the state is that as of here
    " archive TEXT NOT NULL) STRICT;"  // uuid of the archive; empty: not known yet
    "INSERT INTO fold VALUES(1, 0, '');",
    // Rows that only positions below `base` could need are gone.
    "ALTER TABLE fold ADD COLUMN base INTEGER NOT NULL DEFAULT 0;",
    // Earlier captures under later pipelines.
    "CREATE TABLE rereads("
    " id INTEGER PRIMARY KEY,"    // in the order they were made
    " post TEXT NOT NULL,"        // post id
    " capture INTEGER NOT NULL,"  // position of what was read again
    " pipeline TEXT NOT NULL,"    // that it was taken through
    " digest BLOB NOT NULL,"      // as in posts
    " UNIQUE(post, capture, pipeline)) STRICT;",
};

constexpr std::string_view kCacheSize = "PRAGMA cache_size=-32768";  // KiB
constexpr int kMaxPostsOfLink = 10'000;

std::string_view View(const Digest256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Big-endian, so that the number is the same on every machine.
int64_t TextNumber(const PostDigest& digest) {
  uint64_t number = 0;
  for (const uint8_t byte : digest.fields[static_cast<size_t>(DigestField::kText)]) {
    number = number << 8 | byte;
  }
  return static_cast<int64_t>(number);
}

int64_t ToSql(Position position) { return static_cast<int64_t>(position.value()); }
Position FromSql(int64_t value) { return Position::FromValue(static_cast<uint64_t>(value)); }

}  // namespace

Result<PostRow> SequencerState::ReadPostRow(const store::Statement& row) {
  PostRow result;
  result.revision = static_cast<uint32_t>(row.Int(0));
  result.state = static_cast<PostState>(row.Int(1));
  result.body = static_cast<BodyKind>(row.Int(2));
  result.topic = row.Text(3);
  const std::optional<PostDigest> digest = UnpackDigest(row.Blob(4));
  const std::string_view document_digest = row.Blob(5);
  if (!digest || document_digest.size() != result.document_digest.size()) {
    return Fail(ErrorKind::kCorruption,
                "a post's row in sequencer.db has a digest of wrong length");
  }
  result.digest = *digest;
  std::memcpy(result.document_digest.data(), document_digest.data(), document_digest.size());
  result.pipeline = row.Text(6);
  result.capture = FromSql(row.Int(7));
  result.document = static_cast<uint32_t>(row.Int(8));
  result.link = row.Blob(9);
  result.url = row.Text(10);
  return result;
}

SequencerState::SequencerState(store::Database database) : database_(std::move(database)) {}

Result<std::unique_ptr<SequencerState>> SequencerState::Open(const std::filesystem::path& file,
                                                             bool read_only) {
  const bool copy = read_only && !file.empty() && std::filesystem::exists(file);
  auto database = copy        ? store::Database::OpenCopy(file, kSchema)
                  : read_only ? store::Database::Open({}, kSchema, store::Durability::kNormal)
                              : store::Database::Open(file, kSchema, store::Durability::kNormal);
  if (!database) {
    return std::unexpected(database.error());
  }
  std::unique_ptr<SequencerState> state(new SequencerState(std::move(*database)));
  Status status = state->database_.Execute(kCacheSize);
  if (status) {
    status = state->PrepareStatements();
  }
  if (status) {
    status = state->Load();
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  return state;
}

Status SequencerState::PrepareStatements() {
  struct Wanted {
    std::optional<store::Statement>& statement;
    std::string_view sql;
  };
  const Wanted statements[] = {
      {newest_,
       "SELECT revision, state, body, topic, digest, document_digest, pipeline, capture, document,"
       " link, url FROM posts WHERE post = ? ORDER BY id DESC LIMIT 1"},
      {put_,
       "INSERT INTO posts(post, position, revision, state, body, topic, digest, text,"
       " document_digest, pipeline, capture, document, link, url, text_new, link_new)"
       " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {reread_, "SELECT digest FROM rereads WHERE post = ? AND capture = ? AND pipeline = ?"},
      {put_reread_,
       "INSERT OR IGNORE INTO rereads(post, capture, pipeline, digest) VALUES(?, ?, ?, ?)"},
      {others_,
       "SELECT DISTINCT p.post FROM posts p JOIN posts q"
       " ON q.id = (SELECT max(r.id) FROM posts r WHERE r.post = p.post)"
       " WHERE p.text = ?1 AND p.text_new = 1 AND p.post <> ?2"
       " AND substr(p.post, 1, length(?3)) = ?3 AND q.text = ?1 AND q.state <> 2 LIMIT 2"},
      {of_link_,
       "SELECT DISTINCT p.post FROM posts p JOIN posts q"
       " ON q.id = (SELECT max(r.id) FROM posts r WHERE r.post = p.post)"
       " WHERE p.link = ?1 AND p.link_new = 1 AND q.link = ?1 ORDER BY p.post LIMIT ?2"},
      {topic_, "SELECT own FROM topics WHERE slug = ?"},
      {add_topic_, "INSERT INTO topics(slug, position, own, number) VALUES(?, ?, ?, ?)"},
      {set_folded_, "UPDATE fold SET position = ?"},
  };
  for (const Wanted& wanted : statements) {
    auto statement = database_.Prepare(wanted.sql);
    if (!statement) {
      return std::unexpected(statement.error());
    }
    wanted.statement.emplace(std::move(*statement));
  }
  return {};
}

Status SequencerState::Load() {
  auto folded = database_.Prepare("SELECT position, base FROM fold");
  if (!folded) {
    return std::unexpected(folded.error());
  }
  auto row = folded->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  if (!*row) {
    return Fail(ErrorKind::kCorruption, "sequencer.db does not say how far it reaches");
  }
  folded_ = FromSql(folded->Int(0));
  base_ = FromSql(folded->Int(1));
  own_topics_.clear();
  owns_topic_.clear();
  auto topics = database_.Prepare("SELECT slug FROM topics WHERE own = 1 ORDER BY number");
  if (!topics) {
    return std::unexpected(topics.error());
  }
  while (true) {
    row = topics->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return {};
    }
    own_topics_.emplace_back(topics->Text(0));
    owns_topic_.emplace(topics->Text(0));
  }
}

Status SequencerState::BelongTo(std::string_view archive) {
  auto bound = database_.Prepare("SELECT archive FROM fold");
  if (!bound) {
    return std::unexpected(bound.error());
  }
  auto row = bound->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  const std::string owner(bound->Text(0));
  bound->Reset();
  if (owner == archive) {
    return {};
  }
  if (!owner.empty()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("sequencer.db is the state of archive {}, not of {}", owner, archive));
  }
  auto bind = database_.Prepare("UPDATE fold SET archive = ?");
  if (!bind) {
    return std::unexpected(bind.error());
  }
  return bind->Bind(1, archive).Run();
}

Status SequencerState::EnsureTransaction() {
  if (in_transaction_) {
    return {};
  }
  Status status = database_.Begin();
  in_transaction_ = status.has_value();
  return status;
}

Result<std::optional<PostRow>> SequencerState::Newest(std::string_view post) {
  newest_->Reset();
  newest_->Bind(1, post);
  auto row = newest_->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  std::optional<PostRow> result;
  if (*row) {
    auto read = ReadPostRow(*newest_);
    if (!read) {
      newest_->Reset();
      return std::unexpected(read.error());
    }
    result = std::move(*read);
  }
  newest_->Reset();
  return result;
}

Status SequencerState::Put(std::string_view post, Position position, const PostRow& row) {
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  const std::string digest = PackDigest(row.digest);
  put_->Reset();
  put_->Bind(1, post).Bind(2, ToSql(position)).Bind(3, int64_t{row.revision});
  put_->Bind(4, static_cast<int64_t>(row.state)).Bind(5, static_cast<int64_t>(row.body));
  put_->Bind(6, row.topic).BindBlob(7, digest).Bind(8, TextNumber(row.digest));
  put_->BindBlob(9, View(row.document_digest)).Bind(10, row.pipeline);
  put_->Bind(11, ToSql(row.capture)).Bind(12, int64_t{row.document});
  if (row.link.empty()) {
    put_->BindNull(13);
  } else {
    put_->BindBlob(13, row.link);
  }
  put_->Bind(15, int64_t{row.text_new ? 1 : 0}).Bind(16, int64_t{row.link_new ? 1 : 0});
  return put_->Bind(14, row.url).Run();
}

Result<std::optional<PostDigest>> SequencerState::Reread(std::string_view post, Position capture,
                                                         std::string_view pipeline) {
  reread_->Reset();
  reread_->Bind(1, post).Bind(2, ToSql(capture)).Bind(3, pipeline);
  auto row = reread_->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  std::optional<PostDigest> digest;
  if (*row) {
    digest = UnpackDigest(reread_->Blob(0));
  }
  reread_->Reset();
  return digest;
}

Status SequencerState::Put(const RereadDigest& reread) {
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  const std::string digest = PackDigest(reread.digest);
  put_reread_->Reset();
  put_reread_->Bind(1, reread.post).Bind(2, ToSql(reread.capture)).Bind(3, reread.pipeline);
  return put_reread_->BindBlob(4, digest).Run();
}

Result<bool> SequencerState::IsTextOfTwoOthers(std::string_view source, std::string_view post,
                                               const PostDigest& digest) {
  others_->Reset();
  others_->Bind(1, TextNumber(digest)).Bind(2, post).Bind(3, std::string(source) + ":");
  int found = 0;
  while (true) {
    auto row = others_->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    ++found;
  }
  others_->Reset();
  return found >= 2;
}

Result<std::vector<std::string>> SequencerState::PostsOfLink(std::string_view link_key) {
  of_link_->Reset();
  of_link_->BindBlob(1, link_key).Bind(2, int64_t{kMaxPostsOfLink});
  std::vector<std::string> posts;
  while (true) {
    auto row = of_link_->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    posts.emplace_back(of_link_->Text(0));
  }
  of_link_->Reset();
  return posts;
}

Result<std::optional<bool>> SequencerState::OwnsTopic(const std::string& slug) {
  if (owns_topic_.contains(slug)) {
    return true;
  }
  topic_->Reset();
  topic_->Bind(1, slug);
  auto row = topic_->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  std::optional<bool> own;
  if (*row) {
    own = topic_->Int(0) != 0;
  }
  topic_->Reset();
  return own;
}

Status SequencerState::AddTopic(const std::string& slug, Position position, bool own) {
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  const auto number = static_cast<int64_t>(own ? own_topics_.size() + 1 : 0);
  add_topic_->Reset();
  add_topic_->Bind(1, slug).Bind(2, ToSql(position)).Bind(3, int64_t{own ? 1 : 0}).Bind(4, number);
  Status status = add_topic_->Run();
  if (status && own) {
    own_topics_.push_back(slug);
    owns_topic_.insert(slug);
  }
  return status;
}

Status SequencerState::AdoptTopics(const std::filesystem::path& file) {
  auto other = store::Database::OpenCopy(file, kSchema);
  if (!other) {
    return std::unexpected(other.error());
  }
  auto topics = other->Prepare("SELECT slug, own FROM topics ORDER BY own DESC, number, slug");
  if (!topics) {
    return std::unexpected(topics.error());
  }
  while (true) {
    auto row = topics->Step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      break;
    }
    const std::string slug(topics->Text(0));
    const auto known = OwnsTopic(slug);
    if (!known) {
      return std::unexpected(known.error());
    }
    if (*known) {
      continue;  // this state goes back to the same decision
    }
    if (Status status = AddTopic(slug, Position(), topics->Int(1) != 0); !status) {
      return status;
    }
  }
  return Flush(folded_);
}

Status SequencerState::Flush(Position folded) {
  if (folded == folded_ && !in_transaction_) {
    return {};
  }
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  set_folded_->Reset();
  if (Status status = set_folded_->Bind(1, ToSql(folded)).Run(); !status) {
    return status;
  }
  NEWSWIRE_FAIL_POINT("relay.before_flush");
  if (Status status = database_.Commit(); !status) {
    return status;  // rolled back; in_transaction_ stays until RewindTo, as the contract says
  }
  in_transaction_ = false;
  folded_ = folded;
  return {};
}

}  // namespace newswire::relay
