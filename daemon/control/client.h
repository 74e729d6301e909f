// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "daemon/archive/import.h"
#include "daemon/archive/redact.h"
#include "daemon/control/socket.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/text/json.h"

namespace newswire::control {

// A command's end of the control socket. One thread. kTransient: the daemon ended, or does not
// answer: what was appended and not acknowledged may be in the archive or not.
class Client : public archive::CaptureSink {
 public:
  // nullptr when no daemon listens there. When it answers, all that earlier connections appended is
  // durable.
  static Result<std::unique_ptr<Client>> Connect(const std::filesystem::path& socket);

  const std::string& archive_uuid() const { return archive_uuid_; }

  Status Append(Capture capture) override;
  Result<ArchiveAddress> NextAnswer() override;  // `segment` and `offset` stay empty
  // archive::Redact by the daemon; of the report's segments only their number is told. Without
  // appends under way. An error of kind kTransient may come after the redaction was recorded.
  Result<archive::RedactReport> Redact(const archive::RedactRequest& request,
                                       const archive::SearchProgress& progress);

 private:
  explicit Client(Descriptor socket) : socket_(std::move(socket)) {}
  Status Hello();
  Result<text::JsonDocument> NextDocument();
  Result<std::string> NextLine();
  Status Flush(size_t leave);
  Status Wait(bool to_read);

  Descriptor socket_;
  Inbox in_;
  std::string out_;
  std::string archive_uuid_;
};

}  // namespace newswire::control
