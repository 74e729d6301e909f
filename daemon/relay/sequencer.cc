// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/sequencer.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "daemon/publish/output.h"
#include "daemon/relay/comparison.h"
#include "daemon/relay/sequencer_state.h"

namespace newswire::relay {
namespace {

constexpr std::string_view kOtherTopic = "other";
constexpr std::string_view kDeadLetterTopic = "dead-letter";
constexpr std::string_view kChangedRemoved = "removed";

// Where a post of this capture is fetched: a feed's documents have addresses of their own.
std::string LinkOf(const Transformed& capture, const Post& post) {
  const std::string& link = capture.role == CaptureRole::kPost ? capture.link : post.url;
  return link.empty() ? std::string() : LinkKey(capture.source, link);
}

}  // namespace

struct Sequencer::Impl {
  Impl(SequencerOptions opened, Reread reread, std::unique_ptr<SequencerState> of)
      : options(std::move(opened)),
        state(std::move(of)),
        comparer(*state, std::move(reread), options.retired),
        position(state->folded()) {}

  SequencerOptions options;
  std::unique_ptr<SequencerState> state;
  Comparer comparer;
  Position position;
  SequencerCounters counters;

  using Events = std::vector<Event>;  // null: only the state is wanted

  // Where a post's events go: of a redacted one nowhere.
  Events* Of(std::string_view post, Events* events) const {
    return events != nullptr && options.redacted && options.redacted(post) ? nullptr : events;
  }
  Status Take(const Transformed& capture, Events* events);
  Status TakePost(const Transformed& capture, const Post& post, Events* events);
  Status TakeFirstSight(const Transformed& capture, const Post& post, Events* events);
  Status TakeRemoval(const Transformed& capture, Events* events);
  Status Write(const Transformed& capture, const Post& post, PostRow row);
  Status Publish(const Transformed& capture, const Post& post, PostRow row, Events* events);
  Status Revise(const Transformed& capture, const Post& post, PostRow row,
                std::vector<std::string> changed, Events* events);
  Result<std::string> TopicOf(const Post& post, Position at);
};

Status Sequencer::Impl::Take(const Transformed& capture, Events* events) {
  if (capture.address.position < position) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("capture {} was already applied: the state reaches {}",
                            capture.address.position.ToHex(), position.ToHex()));
  }
  // A revisit repeats what was said; after `removal` there is no document.
  if (capture.kind != CaptureKind::kRevisit) {
    auto letter = capture.dead_letters.begin();
    const auto letters_before = [&](uint32_t document) {
      for (; letter != capture.dead_letters.end() && letter->document <= document; ++letter) {
        if (events != nullptr) {
          events->push_back(MakeDeadLetterEvent(*letter));
          events->back().topic_slug = kDeadLetterTopic;
        }
      }
    };
    for (const Post& post : capture.posts) {
      letters_before(post.document);
      if (Status status = TakePost(capture, post, events); !status) {
        return status;
      }
    }
    letters_before(UINT32_MAX);
    if (capture.removal) {
      if (Status status = TakeRemoval(capture, events); !status) {
        return status;
      }
    }
  }
  position = capture.address.end;
  return {};
}

Status Sequencer::Impl::TakePost(const Transformed& capture, const Post& post, Events* events) {
  events = Of(post.id, events);
  auto newest = state->Newest(post.id);
  if (!newest) {
    return std::unexpected(newest.error());
  }
  if (!*newest) {
    return TakeFirstSight(capture, post, events);
  }
  PostRow& row = **newest;
  if (row.body != capture.body) {
    ++counters.ignored_bodies;
    return {};
  }
  auto comparison = comparer.Compare(row, post, capture.address.position);
  if (!comparison) {
    return std::unexpected(comparison.error());
  }
  const bool recheck = capture.role == CaptureRole::kPost && capture.kind == CaptureKind::kResponse;
  if (recheck && comparison->text_changed) {
    auto suspicious = state->IsTextOfTwoOthers(capture.source, post.id, post.digest);
    if (!suspicious) {
      return std::unexpected(suspicious.error());
    }
    if (*suspicious) {
      ++counters.ignored_rechecks;
      return {};
    }
  }
  if (row.state == PostState::kRemoved) {
    row.state = PostState::kLive;
    return Revise(capture, post, std::move(row), {std::string(kChangedRemoved)}, events);
  }
  // A frontier that was made anew has forgotten what the feed said of the post: that the same page
  // alone says less is no change.
  if (!comparison->same && capture.without_entry && row.url == post.url &&
      row.document_digest == post.document_digest) {
    ++counters.forgotten_entries;
    return {};
  }
  if (!comparison->same) {
    if (row.state == PostState::kWithheld) {
      return Publish(capture, post, std::move(row), events);
    }
    return Revise(capture, post, std::move(row), std::move(comparison->changed), events);
  }
  // Nothing to tell. The row is renewed where a later comparison profits: digests of today's
  // pipeline, the bytes last seen, and a capture whose segment stays longer.
  if (row.pipeline != post.pipeline || row.document_digest != post.document_digest ||
      row.capture.serial() != capture.address.position.serial()) {
    return Write(capture, post, std::move(row));
  }
  return {};
}

Status Sequencer::Impl::TakeFirstSight(const Transformed& capture, const Post& post,
                                       Events* events) {
  PostRow row;
  row.body = capture.body;
  if (capture.publish_after && post.published_at &&
      post.published_at->instant < *capture.publish_after) {
    ++counters.withheld;
    row.state = PostState::kWithheld;
    return Write(capture, post, std::move(row));
  }
  return Publish(capture, post, std::move(row), events);
}

Status Sequencer::Impl::Publish(const Transformed& capture, const Post& post, PostRow row,
                                Events* events) {
  auto topic = TopicOf(post, capture.address.position);
  if (!topic) {
    return std::unexpected(topic.error());
  }
  row.state = PostState::kLive;
  row.revision = 1;
  row.topic = std::move(*topic);
  if (events != nullptr) {
    events->push_back(
        MakeEvent(post, {.type = EventType::kPublished, .revision = row.revision, .changed = {}},
                  row.topic, options.max_event_bytes));
  }
  return Write(capture, post, std::move(row));
}

Status Sequencer::Impl::Revise(const Transformed& capture, const Post& post, PostRow row,
                               std::vector<std::string> changed, Events* events) {
  ++row.revision;
  if (events != nullptr) {
    events->push_back(MakeEvent(
        post,
        {.type = EventType::kRevised, .revision = row.revision, .changed = std::move(changed)},
        row.topic, options.max_event_bytes));
  }
  return Write(capture, post, std::move(row));
}

Status Sequencer::Impl::Write(const Transformed& capture, const Post& post, PostRow row) {
  constexpr auto kText = static_cast<size_t>(DigestField::kText);
  std::string link = LinkOf(capture, post);
  row.text_new = row.digest.fields[kText] != post.digest.fields[kText];
  row.link_new = row.link != link;
  row.digest = post.digest;
  row.document_digest = post.document_digest;
  row.pipeline = post.pipeline;
  row.capture = capture.address.position;
  row.document = post.document;
  row.link = std::move(link);
  row.url = post.url;
  return state->Put(post.id, capture.address.position, row);
}

Status Sequencer::Impl::TakeRemoval(const Transformed& capture, Events* events) {
  std::vector<std::string> posts;
  if (!capture.link.empty()) {
    auto found = state->PostsOfLink(LinkKey(capture.source, capture.link));
    if (!found) {
      return std::unexpected(found.error());
    }
    posts = std::move(*found);
  }
  if (posts.empty() && !capture.link_post_id.empty()) {
    posts.push_back(capture.link_post_id);
  }
  for (const std::string& post : posts) {
    auto newest = state->Newest(post);
    if (!newest) {
      return std::unexpected(newest.error());
    }
    // Never published, or removed before: nobody holds it.
    if (!*newest || (*newest)->state != PostState::kLive) {
      continue;
    }
    PostRow row = std::move(**newest);
    row.state = PostState::kRemoved;
    ++row.revision;
    if (Events* told = Of(post, events); told != nullptr) {
      told->push_back(MakeRemovedEvent(capture, post, row.url, row.revision, row.topic));
    }
    if (Status status = state->Put(post, capture.address.position, row); !status) {
      return status;
    }
  }
  return {};
}

Result<std::string> Sequencer::Impl::TopicOf(const Post& post, Position at) {
  std::string slug = publish::TopicSlug(post.category.slug);
  if (slug == kOtherTopic) {
    return slug;
  }
  auto own = state->OwnsTopic(slug);
  if (!own) {
    return std::unexpected(own.error());
  }
  if (!*own) {
    *own = state->own_topics().size() < options.max_topics;
    if (Status status = state->AddTopic(slug, at, **own); !status) {
      return std::unexpected(status.error());
    }
  }
  return **own ? slug : std::string(kOtherTopic);
}

Sequencer::Sequencer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sequencer::~Sequencer() = default;

Result<std::unique_ptr<Sequencer>> Sequencer::Open(SequencerOptions options, Reread reread) {
  auto state = SequencerState::Open(options.state, options.read_only);
  if (!state) {
    return std::unexpected(state.error());
  }
  if (!options.archive.empty()) {
    if (Status status = (*state)->BelongTo(options.archive); !status) {
      return std::unexpected(status.error());
    }
  }
  return std::unique_ptr<Sequencer>(new Sequencer(
      std::make_unique<Impl>(std::move(options), std::move(reread), std::move(*state))));
}

Status Sequencer::Delete(const std::filesystem::path& state) {
  return store::Database::Delete(state);
}

Result<std::vector<Event>> Sequencer::Apply(const Transformed& capture) {
  std::vector<Event> events;
  if (Status status = impl_->Take(capture, &events); !status) {
    return std::unexpected(status.error());
  }
  return events;
}

Status Sequencer::Fold(const Transformed& capture) { return impl_->Take(capture, nullptr); }

Result<std::vector<Event>> Sequencer::Tombstones(const std::vector<std::string>& posts,
                                                 Position position, UtcMillis date) {
  std::vector<Event> events;
  for (const std::string& post : posts) {
    const auto row = impl_->state->Newest(post);
    if (!row) {
      return std::unexpected(row.error());
    }
    if (*row && !(*row)->topic.empty()) {
      events.push_back(MakeTombstone(post, (*row)->url, (*row)->topic, position, date));
    }
  }
  return events;
}

void Sequencer::Pass(Position end) { impl_->position = std::max(impl_->position, end); }

Status Sequencer::Flush() { return impl_->state->Flush(impl_->position); }

Status Sequencer::RewindTo(Position committed) {
  Status status = impl_->state->RewindTo(committed);
  if (status) {
    impl_->position = impl_->state->folded();
    impl_->comparer.Forget();
  }
  return status;
}

Position Sequencer::folded() const { return impl_->state->folded(); }
Position Sequencer::position() const { return impl_->position; }

void Sequencer::SetLimits(uint32_t max_topics, size_t max_event_bytes) {
  impl_->comparer.Forget();  // other transforms may be in force
  impl_->options.max_topics = max_topics;
  impl_->options.max_event_bytes = max_event_bytes;
}

Status Sequencer::AdoptTopics(const std::filesystem::path& state) {
  return impl_->state->AdoptTopics(state);
}

std::vector<std::string> Sequencer::TopicSlugs() const { return impl_->state->own_topics(); }
SequencerState& Sequencer::state() { return *impl_->state; }
const SequencerCounters& Sequencer::counters() const { return impl_->counters; }

}  // namespace newswire::relay
