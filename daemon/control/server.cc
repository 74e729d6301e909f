// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/archive/capture_text.h"
#include "daemon/archive/redact.h"
#include "daemon/control/protocol.h"
#include "daemon/control/redact_lines.h"
#include "daemon/fail_point.h"
#include "transforms/text/json.h"

namespace newswire::control {
namespace {

void Ring(int event) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(event, &one, sizeof one);
}

void Quiet(int event) {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(event, &count, sizeof count);
}

std::string Refusal(const Error& error) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(false).Key("kind").String(Name(error.kind));
  json.Key("error").String(error.message).EndObject();
  return line + "\n";
}

std::string Appended(const ArchiveAddress& address) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(true);
  json.Key("position").String(address.position.ToHex());
  json.Key("end").String(address.end.ToHex());
  json.Key("record_id").String(address.record_id);
  json.EndObject();
  return line + "\n";
}

// The archive's answers, in the order of the appends. Shared with callbacks.
struct Answers {
  explicit Answers(int event) : wake(event) {}

  void Add(const std::string& line, size_t bytes) {
    {
      const std::lock_guard guard(mutex);
      lines += line;
      --pending;
      pending_bytes -= bytes;
    }
    none_pending.notify_all();
    Ring(wake);
  }

  const int wake;
  std::mutex mutex;  // of all below
  std::condition_variable none_pending;
  std::string lines;
  size_t pending = 0, pending_bytes = 0;
};

struct Append {
  std::string source;
  size_t first = 0, metadata = 0;  // lengths of the two records
};

}  // namespace

class Server::Connection {
 public:
  Connection(Server& server, Descriptor socket)
      : server_(server),
        socket_(std::move(socket)),
        answers_(std::make_shared<Answers>(server.wake_.get())) {}

  // Nothing that it appended becomes durable after this.
  ~Connection() {
    std::unique_lock guard(answers_->mutex);
    answers_->none_pending.wait(guard, [&] { return answers_->pending == 0; });
  }

  void Serve(const std::stop_token& stop);

 private:
  bool Pump();  // false: the connection has ended
  bool MayRead();
  void TakeRequests();
  void CollectAnswers();
  void Handle(std::string_view line);
  void Hello(const text::JsonValue& request);
  void BeginAppend(const text::JsonValue& request);
  void EndAppend(std::string bytes);
  void Redact(const text::JsonValue& request);
  // An answer that waits for those of the appends before it.
  void Say(std::string line);
  void Refuse(const Error& error) { Say(Refusal(error)); }
  // The bytes that follow cannot be understood.
  void Break(const Error& error) {
    Refuse(error);
    broken_ = true;
  }

  Server& server_;
  const Descriptor socket_;
  const std::shared_ptr<Answers> answers_;
  Inbox in_;
  std::string out_;
  std::deque<std::string> after_;  // answers behind those of pending appends
  std::optional<Append> append_;
  std::stop_token stop_;
  bool greeted_ = false, broken_ = false, ended_ = false;
};

bool Server::Connection::MayRead() {
  const std::lock_guard guard(answers_->mutex);
  return !broken_ && !ended_ && after_.empty() && answers_->pending < kMaxPendingAppends &&
         answers_->pending_bytes < kMaxPendingBytes && out_.size() < kMaxLine;
}

void Server::Connection::Serve(const std::stop_token& stop) {
  stop_ = stop;
  while (!stop.stop_requested()) {
    const bool reads = MayRead();
    std::array<pollfd, 2> wait{
        pollfd{socket_.get(),
               static_cast<short>((reads ? POLLIN : 0) | (out_.empty() ? 0 : POLLOUT)), 0},
        pollfd{server_.wake_.get(), POLLIN, 0}};
    const int ready =
        poll(wait.data(), wait.size(), static_cast<int>(std::chrono::milliseconds(kIdle).count()));
    if (ready < 0 && errno != EINTR) {
      return;
    }
    if (ready == 0) {
      spdlog::warn("control: a connection that said nothing was ended");
      return;
    }
    if ((wait[1].revents & POLLIN) != 0) {
      Quiet(server_.wake_.get());
    }
    // Nobody is there to hear the answers that are still missing.
    const bool gone = (wait[0].revents & POLLHUP) != 0 && (ended_ || !reads);
    if (gone || (wait[0].revents & (POLLERR | POLLNVAL)) != 0 || !Pump()) {
      return;
    }
  }
}

bool Server::Connection::Pump() {
  if (MayRead()) {
    const size_t wanted = append_ ? append_->first + append_->metadata : kMaxLine;
    const Result<bool> more = in_.Read(socket_.get(), wanted);
    ended_ = !more || !*more;
  }
  bool waits = false;  // an answer waits for those of the appends before it
  do {
    TakeRequests();
    waits = !after_.empty();
    CollectAnswers();
  } while (waits && after_.empty() && !broken_);
  if (!WriteSome(socket_.get(), out_)) {
    return false;
  }
  const std::lock_guard guard(answers_->mutex);
  const bool said = out_.empty() && after_.empty() && answers_->pending == 0;
  return !((ended_ || broken_) && said);
}

// All that are whole, up to one whose answer must wait.
void Server::Connection::TakeRequests() {
  while (!broken_ && after_.empty() && (ended_ || MayRead())) {
    if (append_) {
      std::optional<std::string> bytes = in_.TakeBytes(append_->first + append_->metadata);
      if (!bytes) {
        return;
      }
      EndAppend(std::move(*bytes));
      continue;
    }
    const std::optional<std::string> line = in_.TakeLine();
    if (line) {
      Handle(*line);
    } else if (in_.size() >= kMaxLine) {
      Break({ErrorKind::kMalformed, fmt::format("a line of more than {} bytes", kMaxLine)});
    } else {
      return;
    }
  }
}

void Server::Connection::CollectAnswers() {
  const std::lock_guard guard(answers_->mutex);
  out_ += std::exchange(answers_->lines, {});
  if (answers_->pending == 0) {
    for (const std::string& line : std::exchange(after_, {})) {
      out_ += line;
    }
  }
}

void Server::Connection::Say(std::string line) { after_.push_back(std::move(line)); }

void Server::Connection::Handle(std::string_view line) {
  const Result<text::JsonDocument> document = text::JsonDocument::Parse(line);
  if (!document || !document->root().is_object()) {
    Break({ErrorKind::kMalformed, "a request is one JSON object and a line feed"});
    return;
  }
  const text::JsonValue request = document->root();
  const std::string_view op = request["op"].string_or("");
  if (op == "hello") {
    Hello(request);
  } else if (!greeted_) {
    Break({ErrorKind::kMalformed, "the first request is hello"});
  } else if (op == "append") {
    BeginAppend(request);
  } else if (op == "redact") {
    Redact(request);
  } else {
    Refuse({ErrorKind::kMalformed, fmt::format("unknown op '{}'", op)});
  }
}

void Server::Connection::Hello(const text::JsonValue& request) {
  if (request["version"].integer() != kProtocolVersion) {
    Break({ErrorKind::kMalformed,
           fmt::format("this daemon speaks version {} of the protocol", kProtocolVersion)});
    return;
  }
  greeted_ = true;
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(true);
  json.Key("version").Int(kProtocolVersion);
  json.Key("software").String(server_.options_.software);
  json.Key("archive").String(server_.archive_.uuid());
  json.Key("durable_end").String(server_.archive_.durable_end().ToHex());
  json.EndObject();
  Say(line + "\n");
}

void Server::Connection::BeginAppend(const text::JsonValue& request) {
  const int64_t first = request["first"].integer().value_or(0);
  const int64_t metadata = request["metadata"].integer().value_or(-1);
  if (first < 0 || metadata <= 0 || static_cast<uint64_t>(first) > kMaxRecords ||
      static_cast<uint64_t>(metadata) > kMaxRecords ||
      static_cast<uint64_t>(first) + static_cast<uint64_t>(metadata) > kMaxRecords) {
    Break({ErrorKind::kMalformed, fmt::format("append: \"first\" and \"metadata\" are lengths in "
                                              "bytes of together at most {}",
                                              kMaxRecords)});
    return;
  }
  append_ = Append{.source = std::string(request["source"].string_or("")),
                   .first = static_cast<size_t>(first),
                   .metadata = static_cast<size_t>(metadata)};
}

void Server::Connection::EndAppend(std::string bytes) {
  const Append append = std::move(*std::exchange(append_, std::nullopt));
  std::string metadata = bytes.substr(append.first);
  bytes.resize(append.first);
  Result<Capture> capture =
      archive::CaptureFromText({.first = std::move(bytes), .metadata = std::move(metadata)});
  if (!capture) {
    Refuse(capture.error());
    return;
  }
  if (!server_.options_.knows_source(capture->metadata.source)) {
    Refuse({ErrorKind::kConfig, fmt::format("the daemon has no source '{}'; reload it first",
                                            capture->metadata.source)});
    return;
  }
  const size_t size = append.first + append.metadata;
  {
    const std::lock_guard guard(answers_->mutex);
    ++answers_->pending;
    answers_->pending_bytes += size;
  }
  NEWSWIRE_FAIL_POINT("control.append.before");
  server_.archive_.Append(
      std::move(*capture), [answers = answers_, size](Result<ArchiveAddress> address) {
        answers->Add(address ? Appended(*address) : Refusal(address.error()), size);
      });
}

// Reads the whole archive on this thread; whoever asked hears now and then how far it is.
void Server::Connection::Redact(const text::JsonValue& request) {
  {
    std::unique_lock guard(answers_->mutex);
    answers_->none_pending.wait(guard, [&] { return answers_->pending == 0; });
  }
  CollectAnswers();
  const auto tell = [this](Position at) {
    out_ += ProgressLine(at, server_.archive_.durable_end());
    if (!WriteSome(socket_.get(), out_)) {
      out_.clear();  // whoever asked has gone, which changes nothing
    }
  };
  const Result<archive::RedactReport> report =
      archive::Redact(server_.archive_, RedactRequestOf(request), stop_, tell);
  if (!report) {
    Refuse(report.error());
    return;
  }
  for (const archive::RedactReport::Line& line : report->captures) {
    Say(CaptureLine(line));
  }
  Say(EndLine(*report));
}

Server::Server(ServerOptions options, archive::Archive& archive, Descriptor listener,
               Descriptor wake)
    : options_(std::move(options)),
      archive_(archive),
      listener_(std::move(listener)),
      wake_(std::move(wake)) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "control");
    Run(stop);
  });
}

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, archive::Archive& archive) {
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) {
    return Fail(ErrorKind::kPermanent, "no eventfd for the control socket");
  }
  Result<Descriptor> listener = Listen(options.socket);
  if (!listener) {
    return std::unexpected(listener.error());
  }
  return std::unique_ptr<Server>(
      new Server(std::move(options), archive, std::move(*listener), std::move(wake)));
}

Server::~Server() {
  thread_.request_stop();
  Ring(wake_.get());
  thread_.join();
  unlink(options_.socket.c_str());
}

void Server::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> wait{pollfd{listener_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if ((wait[1].revents & POLLIN) != 0) {
      Quiet(wake_.get());
    }
    if ((wait[0].revents & POLLIN) == 0) {
      continue;
    }
    Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      Connection(*this, std::move(socket)).Serve(stop);
    }
  }
}

}  // namespace newswire::control
