// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "daemon/archive/archive.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::intake {

// Brings the archive's acknowledgements back to the intake's thread: what follows an append (links,
// validators, "fetched") is written to the frontier only after the capture is on disk. Used from
// the intake's thread; the archive and the engine outlive it. What is not yet delivered when it is
// destroyed is dropped: the frontier then does not know the capture, and a later fetch is
// recognised as a revisit.
class Archiver {
 public:
  using OnDurable = std::function<void(Result<ArchiveAddress>)>;

  Archiver(archive::Archive& archive, transports::HttpEngine& engine);
  ~Archiver();
  Archiver(const Archiver&) = delete;
  Archiver& operator=(const Archiver&) = delete;

  void Append(Capture capture, OnDurable on_durable);
  void Deliver();  // calls what has been acknowledged, in append order
  size_t pending() const { return pending_; }

 private:
  struct Mailbox;
  archive::Archive& archive_;
  std::shared_ptr<Mailbox> mailbox_;  // shared with callbacks that may outlive us
  size_t pending_ = 0;
};

}  // namespace newswire::intake
