// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/http_engine.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include <curl/curl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "fetchers/transports/address_policy.h"
#include "fetchers/transports/http_transfer.h"

namespace newswire::transports {
namespace {

// Idle connections kept beyond those in use.
constexpr long kMaxIdleConnections = 256;

struct CurlMultiDelete {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDelete>;

// libcurl's process-wide state: made once, thread-safely, and left for the life of the process.
// OpenSSL writes to sockets without MSG_NOSIGNAL, so a peer that closes must not be a signal.
bool InitCurlOnce() {
  static const bool kReady = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  return kReady;
}

class CurlEngine final : public HttpEngine {
 public:
  CurlEngine(HttpOptions options, AddressPolicy policy, CurlMulti multi, const Clock& clock)
      : options_(std::move(options)),
        policy_(std::move(policy)),
        clock_(clock),
        multi_(std::move(multi)) {}

  ~CurlEngine() override;

  void Start(HttpRequest request, Completion done) override;
  void Poll(std::chrono::milliseconds max_wait) override;
  void Wakeup() override { curl_multi_wakeup(multi_.get()); }
  size_t in_flight() const override { return queued_.size() + running_.size() + finished_.size(); }

 private:
  struct Queued {
    HttpRequest request;
    Completion done;
  };
  struct Finished {
    Completion done;
    Result<HttpResponse> result;
  };

  void StartQueued();
  void StartOne(Queued queued);
  std::optional<Error> RefuseAtOnce(const Url& url) const;
  void Collect();
  void Deliver();

  const HttpOptions options_;
  const AddressPolicy policy_;
  const Clock& clock_;
  CurlMulti multi_;
  std::deque<Queued> queued_;
  std::unordered_map<CURL*, std::unique_ptr<HttpTransfer>> running_;
  std::vector<std::unique_ptr<HttpTransfer>> idle_;
  std::deque<Finished> finished_;
};

CurlEngine::~CurlEngine() {
  const Error cancelled{ErrorKind::kCancelled, "the fetcher is stopping"};
  for (auto& [easy, transfer] : running_) {
    curl_multi_remove_handle(multi_.get(), easy);
    finished_.push_back({transfer->TakeCompletion(), std::unexpected(cancelled)});
  }
  running_.clear();
  while (!queued_.empty() || !finished_.empty()) {
    while (!queued_.empty()) {  // a completion may have started another one
      finished_.push_back({std::move(queued_.front().done), std::unexpected(cancelled)});
      queued_.pop_front();
    }
    Deliver();
  }
}

void CurlEngine::Start(HttpRequest request, Completion done) {
  queued_.push_back({std::move(request), std::move(done)});
}

void CurlEngine::Poll(std::chrono::milliseconds max_wait) {
  StartQueued();
  int still_running = 0;
  curl_multi_perform(multi_.get(), &still_running);
  Collect();
  if (finished_.empty()) {
    const auto wait = std::clamp<int64_t>(max_wait.count(), 0, std::numeric_limits<int>::max());
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait), nullptr);
    curl_multi_perform(multi_.get(), &still_running);
    Collect();
  }
  Deliver();
}

void CurlEngine::StartQueued() {
  while (!queued_.empty() && running_.size() < options_.max_in_flight) {
    Queued next = std::move(queued_.front());
    queued_.pop_front();
    StartOne(std::move(next));
  }
}

void CurlEngine::StartOne(Queued queued) {
  if (std::optional<Error> refused = RefuseAtOnce(queued.request.url)) {
    finished_.push_back({std::move(queued.done), std::unexpected(std::move(*refused))});
    return;
  }
  std::unique_ptr<HttpTransfer> transfer;
  if (!idle_.empty()) {
    transfer = std::move(idle_.back());
    idle_.pop_back();
  } else {
    transfer = HttpTransfer::Create(options_, policy_, clock_);
  }
  if (transfer == nullptr) {
    finished_.push_back(
        {std::move(queued.done), Fail(ErrorKind::kTransient, "no memory for another transfer")});
    return;
  }
  CURL* easy = transfer->easy();
  transfer->Begin(queued.request, std::move(queued.done));
  if (const CURLMcode code = curl_multi_add_handle(multi_.get(), easy); code != CURLM_OK) {
    finished_.push_back(
        {transfer->TakeCompletion(), Fail(ErrorKind::kTransient, curl_multi_strerror(code))});
    return;
  }
  running_.emplace(easy, std::move(transfer));
}

std::optional<Error> CurlEngine::RefuseAtOnce(const Url& url) const {
  if (url.scheme() != "http" && url.scheme() != "https") {
    return Error{ErrorKind::kPermanent,
                 fmt::format("the scheme {} is not fetched, only http and https", url.scheme())};
  }
  if (const std::optional<IpAddress> address = ParseIpAddress(url.host())) {
    if (const std::optional<std::string> why = policy_.Refuse(*address)) {
      return Error{
          ErrorKind::kPermanent,
          fmt::format("{}: refused: {}; http.allow_networks can name it", url.origin(), *why)};
    }
  }
  return std::nullopt;
}

void CurlEngine::Collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;  // `message` dies with the next call
    curl_multi_remove_handle(multi_.get(), easy);
    const auto found = running_.find(easy);
    std::unique_ptr<HttpTransfer> transfer = std::move(found->second);
    running_.erase(found);
    Result<HttpResponse> result = transfer->Finish(code);
    finished_.push_back({transfer->TakeCompletion(), std::move(result)});
    idle_.push_back(std::move(transfer));
  }
}

void CurlEngine::Deliver() {
  // Only what had finished when this began: a completion may start and finish others.
  for (size_t count = finished_.size(); count > 0; --count) {
    Finished next = std::move(finished_.front());
    finished_.pop_front();
    next.done(std::move(next.result));
  }
}

}  // namespace

Result<std::unique_ptr<HttpEngine>> HttpEngine::Create(HttpOptions options, const Clock& clock) {
  Result<AddressPolicy> policy = AddressPolicy::Create(options.allow_networks);
  if (!policy) {
    return WithContext(policy.error(), "http.allow_networks");
  }
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return Fail(ErrorKind::kConfig,
                fmt::format("http.ca_file: {} is not readable", options.ca_file));
  }
  if (!InitCurlOnce()) {
    return Fail(ErrorKind::kTransient, "libcurl cannot be initialised");
  }
  CurlMulti multi(curl_multi_init());
  if (multi == nullptr) {
    return Fail(ErrorKind::kTransient, "no memory for libcurl's multi handle");
  }
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS,
                    static_cast<long>(options.max_in_flight) + kMaxIdleConnections);
  return std::make_unique<CurlEngine>(std::move(options), std::move(*policy), std::move(multi),
                                      clock);
}

}  // namespace newswire::transports
