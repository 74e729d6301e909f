// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "daemon/archive/archive.h"
#include "daemon/frontier/frontier.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::intake {

// Brings the archive's acknowledgements back to the intake's thread: what follows an append (links,
// validators, "fetched") is written to the frontier only after the capture is on disk, and with it
// up to where the archive is recorded there. Used from the intake's thread; the archive, the
// frontier and the engine outlive it. Its end waits for what the archive has not acknowledged; that
// is dropped, and recorded by frontier::CatchUp.
class Archiver {
 public:
  using OnDurable = std::function<void(Result<ArchiveAddress>)>;

  Archiver(archive::Archive& archive, frontier::Frontier& frontier, transports::HttpEngine& engine);
  ~Archiver();
  Archiver(const Archiver&) = delete;
  Archiver& operator=(const Archiver&) = delete;

  void Append(Capture capture, OnDurable on_durable);
  // Calls what has been acknowledged, in append order. Commit the frontier only after it.
  void Deliver();
  size_t pending() const { return pending_; }

 private:
  struct Mailbox;
  archive::Archive& archive_;
  frontier::Frontier& frontier_;
  std::shared_ptr<Mailbox> mailbox_;  // shared with callbacks that may outlive us
  size_t pending_ = 0;
};

}  // namespace newswire::intake
