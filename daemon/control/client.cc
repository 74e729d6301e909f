// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "daemon/archive/capture_text.h"
#include "daemon/control/protocol.h"
#include "daemon/control/redact_lines.h"
#include "transforms/text/json.h"

namespace newswire::control {
namespace {

constexpr std::chrono::seconds kPatience{120};  // for an answer: a full disk may hold it up
constexpr size_t kMaxUnsent = size_t{4} << 20;  // bytes held before they must be sent
constexpr size_t kMaxInbox = size_t{1} << 20;

Error Lost(std::string_view why) {
  return {ErrorKind::kTransient, fmt::format("the daemon {}", why)};
}

ErrorKind KindFromName(std::string_view name) {
  for (const ErrorKind kind : {ErrorKind::kTransient, ErrorKind::kPermanent, ErrorKind::kMalformed,
                               ErrorKind::kCorruption, ErrorKind::kConfig, ErrorKind::kCancelled}) {
    if (Name(kind) == name) {
      return kind;
    }
  }
  return ErrorKind::kTransient;
}

// The answer, or what it says went wrong.
Result<text::JsonDocument> ParseAnswer(std::string_view line) {
  Result<text::JsonDocument> document = text::JsonDocument::Parse(line);
  if (!document) {
    return std::unexpected(Lost("answered what is no JSON"));
  }
  const text::JsonValue root = document->root();
  if (root["ok"].boolean() != true) {
    return Fail(KindFromName(root["kind"].string_or("")), std::string(root["error"].string_or("")));
  }
  return document;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Connect(const std::filesystem::path& socket) {
  Result<std::optional<Descriptor>> connected = control::Connect(socket);
  if (!connected) {
    return std::unexpected(connected.error());
  }
  if (!connected->has_value()) {
    return nullptr;
  }
  std::unique_ptr<Client> client(new Client(std::move(**connected)));
  if (Status status = client->Hello(); !status) {
    return std::unexpected(status.error());
  }
  return client;
}

Status Client::Hello() {
  text::JsonWriter json(out_);
  json.BeginObject().Key("op").String("hello").Key("version").Int(kProtocolVersion).EndObject();
  out_ += "\n";
  const Result<text::JsonDocument> answer = NextDocument();
  if (!answer) {
    return std::unexpected(answer.error());
  }
  archive_uuid_ = answer->root()["archive"].string_or("");
  return {};
}

Status Client::Append(Capture capture) {
  const Result<archive::CaptureText> text = archive::CaptureToText(capture);
  if (!text) {
    return std::unexpected(text.error());
  }
  text::JsonWriter json(out_);
  json.BeginObject().Key("op").String("append");
  json.Key("first").Uint(text->first.size()).Key("metadata").Uint(text->metadata.size());
  json.EndObject();
  out_ += "\n";
  out_ += text->first;
  out_ += text->metadata;
  return Flush(kMaxUnsent);
}

Result<ArchiveAddress> Client::NextAnswer() {
  const Result<text::JsonDocument> answer = NextDocument();
  if (!answer) {
    return std::unexpected(answer.error());
  }
  const text::JsonValue root = answer->root();
  const auto position = Position::FromHex(root["position"].string_or(""));
  const auto end = Position::FromHex(root["end"].string_or(""));
  if (!position || !end) {
    return std::unexpected(Lost("gave no position"));
  }
  return ArchiveAddress{.segment = {},
                        .offset = 0,
                        .record_id = std::string(root["record_id"].string_or("")),
                        .position = *position,
                        .end = *end};
}

Result<archive::RedactReport> Client::Redact(const archive::RedactRequest& request,
                                             const archive::SearchProgress& progress) {
  const std::string line = RequestLine(request);
  if (line.size() > kMaxLine) {
    return Fail(ErrorKind::kPermanent, "too many posts at once");
  }
  out_ += line;
  archive::RedactReport report;
  while (true) {
    const Result<text::JsonDocument> answer = NextDocument();
    if (!answer) {
      return std::unexpected(answer.error());
    }
    std::optional<Position> at;
    const Result<bool> last = TakeLine(answer->root(), report, at);
    if (!last) {
      return std::unexpected(last.error());
    }
    if (*last) {
      return report;
    }
    if (at && progress) {
      progress(*at);
    }
  }
}

Result<text::JsonDocument> Client::NextDocument() {
  const Result<std::string> line = NextLine();
  if (!line) {
    return std::unexpected(line.error());
  }
  return ParseAnswer(*line);
}

Result<std::string> Client::NextLine() {
  while (true) {
    if (std::optional<std::string> line = in_.TakeLine()) {
      return std::move(*line);
    }
    if (Status status = Wait(true); !status) {
      return std::unexpected(status.error());
    }
  }
}

// Sends until at most `leave` bytes wait.
Status Client::Flush(size_t leave) {
  if (Status status = WriteSome(socket_.get(), out_); !status) {
    return std::unexpected(Lost("ended"));
  }
  while (out_.size() > leave) {
    if (Status status = Wait(false); !status) {
      return status;
    }
  }
  return {};
}

// Until something was sent or read. Answers are read at any time, so that neither side waits for
// the other to read.
Status Client::Wait(bool to_read) {
  std::array<pollfd, 1> wait{
      pollfd{socket_.get(), static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)), 0}};
  if (!to_read && in_.size() >= kMaxInbox) {
    wait[0].events = POLLOUT;
  }
  const int ready = poll(wait.data(), wait.size(),
                         static_cast<int>(std::chrono::milliseconds(kPatience).count()));
  if (ready < 0 && errno == EINTR) {
    return {};
  }
  if (ready <= 0) {
    return std::unexpected(Lost("does not answer"));
  }
  if ((wait[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    const size_t before = in_.size();
    const Result<bool> more = in_.Read(socket_.get(), kMaxInbox + kMaxLine);
    if ((!more || !*more) && in_.size() == before) {
      return std::unexpected(Lost("ended the connection"));
    }
  }
  return WriteSome(socket_.get(), out_) ? Status() : std::unexpected(Lost("ended"));
}

}  // namespace newswire::control
