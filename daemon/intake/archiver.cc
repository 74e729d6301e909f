// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/archiver.h"

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "daemon/fail_point.h"

namespace newswire::intake {

struct Archiver::Mailbox {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::pair<OnDurable, Result<ArchiveAddress>>> letters;
  transports::HttpEngine* engine = nullptr;  // null once the Archiver is ending
};

Archiver::Archiver(archive::Archive& archive, frontier::Frontier& frontier,
                   transports::HttpEngine& engine)
    : archive_(archive), frontier_(frontier), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->engine = &engine;
}

Archiver::~Archiver() {
  std::unique_lock lock(mailbox_->mutex);
  mailbox_->engine = nullptr;
  mailbox_->came.wait(lock, [this] { return mailbox_->letters.size() == pending_; });
}

void Archiver::Append(Capture capture, OnDurable on_durable) {
  ++pending_;
  archive_.Append(std::move(capture), [mailbox = mailbox_, done = std::move(on_durable)](
                                          Result<ArchiveAddress> result) mutable {
    std::lock_guard lock(mailbox->mutex);
    const bool first = mailbox->letters.empty();
    mailbox->letters.emplace_back(std::move(done), std::move(result));
    // Who was woken for the first letter takes them all. Writes one byte to a pipe: no wait under
    // the lock.
    if (mailbox->engine == nullptr) {
      mailbox->came.notify_one();
    } else if (first) {
      mailbox->engine->Wakeup();
    }
  });
}

void Archiver::Deliver() {
  std::vector<std::pair<OnDurable, Result<ArchiveAddress>>> letters;
  {
    std::lock_guard lock(mailbox_->mutex);
    letters.swap(mailbox_->letters);
  }
  pending_ -= letters.size();
  if (!letters.empty()) {
    NEWSWIRE_FAIL_POINT("intake.acknowledged");
  }
  for (auto& [on_durable, result] : letters) {
    if (result) {
      frontier_.NoteRecorded(result->end);
    }
    on_durable(std::move(result));
  }
}

}  // namespace newswire::intake
