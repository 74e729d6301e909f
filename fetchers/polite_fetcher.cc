// SPDX-License-Identifier: Apache-2.0
#include "fetchers/polite_fetcher.h"

#include <algorithm>
#include <deque>
#include <queue>
#include <random>
#include <ranges>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "fetchers/politeness/robots_gate.h"
#include "transforms/formats/robots.h"
#include "transforms/text/content_encoding.h"

namespace newswire {
namespace {

using politeness::RobotsGate;
using transports::HttpRequest;
using transports::HttpResponse;

constexpr size_t kMaxRedirects = 5;
constexpr size_t kMaxRobotsBytes = size_t{512} * 1024;  // as received
constexpr size_t kMaxRobotsDecodedBytes = size_t{5} << 20;
constexpr std::chrono::seconds kLongestWait{
    30};  // for a block; what would wait longer is handed back
constexpr size_t kMaxOriginsNoted = 10'000;

constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;
constexpr int kFirstServerError = 500;

bool IsSuccess(int status) { return status >= 200 && status < 300; }
bool IsClientError(int status) { return status >= 400 && status < 500; }
bool IsPermanentRedirect(int status) { return status == 301 || status == 308; }
bool IsRedirect(int status) {
  return IsPermanentRedirect(status) || status == 302 || status == 303 || status == 307;
}

// One request on its way through queue, gate, budget, engine and redirects.
struct Job {
  Job(FetchRequest request_in, PoliteFetcher::Done done_in, Url url_in)
      : request(std::move(request_in)), done(std::move(done_in)), url(std::move(url_in)) {}

  FetchRequest request;
  PoliteFetcher::Done done;  // empty for a robots.txt
  std::string robots_of;     // the origin whose robots.txt it fetches, or empty
  Url url;                   // of this hop
  std::string domain;        // of `url`
  std::vector<std::string> visited;
  bool permanently = true;  // all redirects so far were 301 or 308
  std::optional<std::string> permanent_target;
};
using JobPtr = std::shared_ptr<Job>;

struct Domain {
  std::deque<JobPtr> queue;
  size_t in_flight = 0;
  bool ready = false;               // stands in Impl::ready
  std::optional<SteadyTime> wakes;  // stands in Impl::timers at this time
};

struct Timer {
  SteadyTime at;
  std::string domain;
  bool operator>(const Timer& other) const { return at > other.at; }
};

}  // namespace

struct PoliteFetcher::Impl {
  Impl(transports::HttpEngine& engine_in, politeness::HostBudget& budget_in, const Clock& clock_in,
       std::string user_agent, OnRobots on_robots_in)
      : engine(engine_in),
        budget(budget_in),
        clock(clock_in),
        gate(clock_in, std::move(user_agent)),
        on_robots(std::move(on_robots_in)) {}

  // Queues.
  void Enqueue(JobPtr job, bool first);
  void MarkReady(const std::string& domain);
  void WakeDue();
  void StartFrom(const std::string& name);
  bool HandBack(const JobPtr& job);
  void Park(JobPtr job);
  void Deliver();

  // Robots.
  enum class Passage { kGo, kDone, kParked };
  Passage PassGate(const JobPtr& job);
  FetchOutcome Refusal(const std::string& origin, RobotsGate::Verdict verdict) const;
  std::chrono::milliseconds CrawlDelayOf(const Job& job) const;
  void NoteWithoutRobots(const Job& job);
  void FinishRobots(const Job& job, const FetchOutcome& outcome);
  static Result<formats::Robots> ReadRobots(const FetchOutcome& outcome);

  // One hop.
  void Launch(JobPtr job);
  void OnDone(const JobPtr& job, Result<HttpResponse> result);
  void OnResponse(const JobPtr& job, HttpResponse response);
  bool ObeyRetryAfter(const Job& job, const HttpResponse& response, FetchOutcome& outcome);
  Status Follow(Job& job, const HttpResponse& response, std::string_view location);
  void Finish(const JobPtr& job, FetchOutcome outcome);
  static FetchOutcome Failed(ErrorKind kind, std::string message) {
    FetchOutcome outcome;
    outcome.error = Error{kind, std::move(message)};
    return outcome;
  }

  transports::HttpEngine& engine;
  politeness::HostBudget& budget;
  const Clock& clock;
  RobotsGate gate;
  const OnRobots on_robots;
  std::mt19937_64 random{std::random_device{}()};

  std::unordered_map<std::string, Domain> domains;  // with a job in the queue or in flight
  std::deque<std::string> ready;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers;
  std::unordered_map<std::string, std::vector<JobPtr>> parked;  // by origin, for its robots.txt
  std::deque<std::pair<Done, FetchOutcome>> finished;           // told by Deliver
  std::unordered_set<std::string> noted;                        // origins, by NoteWithoutRobots
  size_t waiting = 0;
  size_t in_flight = 0;
  // Completions that come after this object has gone find it expired.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

void PoliteFetcher::Impl::Enqueue(JobPtr job, bool first) {
  job->domain = politeness::RegistrableDomain(job->url.host(), job->url.port());
  if (job->done) {
    ++waiting;
  }
  const std::string name = job->domain;
  std::deque<JobPtr>& queue = domains[name].queue;
  if (first) {
    queue.push_front(std::move(job));
  } else {
    queue.push_back(std::move(job));
  }
  MarkReady(name);
}

void PoliteFetcher::Impl::MarkReady(const std::string& domain) {
  const auto found = domains.find(domain);
  if (found != domains.end() && !found->second.ready) {
    found->second.ready = true;
    ready.push_back(domain);
  }
}

void PoliteFetcher::Impl::WakeDue() {
  const SteadyTime now = clock.Steady();
  while (!timers.empty()) {
    const Timer& next = timers.top();
    const auto found = domains.find(next.domain);
    const bool stale = found == domains.end() || found->second.wakes != next.at;
    if (!stale && next.at > now) {
      return;
    }
    if (!stale) {
      found->second.wakes.reset();
      MarkReady(next.domain);
    }
    timers.pop();
  }
}

void PoliteFetcher::Impl::StartFrom(const std::string& name) {
  for (;;) {
    const auto found = domains.find(name);
    if (found == domains.end()) {
      return;
    }
    Domain& domain = found->second;
    if (domain.queue.empty()) {
      if (domain.in_flight == 0) {
        domains.erase(found);
      }
      return;
    }
    const JobPtr job = domain.queue.front();
    if (HandBack(job)) {
      continue;
    }
    if (PassGate(job) != Passage::kGo) {
      continue;
    }
    politeness::HostRules rules = job->request.rules;
    rules.delay = std::max(rules.delay, CrawlDelayOf(*job));
    if (const auto when = budget.Acquire(name, rules)) {
      // At max() a Release is awaited: OnDone makes the domain ready.
      if (*when != SteadyTime::max() && domain.wakes != *when) {
        domain.wakes = *when;
        timers.push({*when, name});
      }
      return;
    }
    domain.queue.pop_front();
    ++domain.in_flight;
    Launch(job);
  }
}

// A job whose domain is blocked for long goes back to the one who keeps durable schedules.
bool PoliteFetcher::Impl::HandBack(const JobPtr& job) {
  const std::optional<UtcMillis> until = budget.BlockedUntil(job->domain);
  if (!until || *until - clock.Wall() <= kLongestWait) {
    return false;
  }
  domains[job->domain].queue.pop_front();
  FetchOutcome outcome = Failed(ErrorKind::kTransient, fmt::format("{} is left alone until {}",
                                                                   job->domain, FormatUtc(*until)));
  outcome.host_blocked = true;
  outcome.retry_after = std::chrono::ceil<std::chrono::seconds>(*until - clock.Wall());
  if (job->done) {
    --waiting;
  }
  Finish(job, std::move(outcome));
  return true;
}

PoliteFetcher::Impl::Passage PoliteFetcher::Impl::PassGate(const JobPtr& job) {
  const RobotsPolicy policy = job->request.robots;
  if (!job->robots_of.empty()) {
    return Passage::kGo;
  }
  if (policy == RobotsPolicy::kIgnore ||
      (policy == RobotsPolicy::kDiscovered && !job->request.discovered)) {
    NoteWithoutRobots(*job);
    return Passage::kGo;
  }
  const std::string origin = job->url.origin();
  const RobotsGate::Verdict verdict = gate.Ask(job->url);
  if (verdict == RobotsGate::Verdict::kAllowed) {
    return Passage::kGo;
  }
  domains[job->domain].queue.pop_front();
  if (verdict == RobotsGate::Verdict::kDenied || verdict == RobotsGate::Verdict::kUnreachable) {
    --waiting;
    Finish(job, Refusal(origin, verdict));
    return Passage::kDone;
  }
  parked[origin].push_back(job);  // still counted as waiting
  if (verdict == RobotsGate::Verdict::kUnknown) {
    gate.BeginFetch(origin);
    const Result<Url> url = Url::Parse(origin + "/robots.txt");
    FetchRequest request{.url = url->canonical(),
                         .discovered = false,
                         .max_body_bytes = kMaxRobotsBytes,
                         .robots = RobotsPolicy::kIgnore,
                         .rules = job->request.rules};
    auto robots = std::make_shared<Job>(std::move(request), nullptr, *url);
    robots->robots_of = origin;
    Enqueue(std::move(robots), true);
  }
  return Passage::kParked;
}

FetchOutcome PoliteFetcher::Impl::Refusal(const std::string& origin,
                                          RobotsGate::Verdict verdict) const {
  if (verdict == RobotsGate::Verdict::kDenied) {
    FetchOutcome outcome =
        Failed(ErrorKind::kPermanent, fmt::format("{}/robots.txt forbids it", origin));
    outcome.robots_denied = true;
    return outcome;
  }
  const Error why = gate.WhyUnreachable(origin);
  FetchOutcome outcome = Failed(
      why.kind, fmt::format("{}/robots.txt is unreachable, so nothing is allowed for now: {}",
                            origin, why.message));
  if (why.kind == ErrorKind::kTransient) {
    outcome.retry_after = gate.RetryIn(origin);
  }
  return outcome;
}

std::chrono::milliseconds PoliteFetcher::Impl::CrawlDelayOf(const Job& job) const {
  const bool ignoring = job.request.robots == RobotsPolicy::kIgnore && job.robots_of.empty();
  return ignoring ? std::chrono::milliseconds(0) : gate.CrawlDelay(job.url.origin());
}

void PoliteFetcher::Impl::NoteWithoutRobots(const Job& job) {
  if (noted.size() < kMaxOriginsNoted && noted.insert(job.url.origin()).second) {
    spdlog::info("fetching without robots.txt, as the configuration says: origin={}",
                 job.url.origin());
  }
}

void PoliteFetcher::Impl::FinishRobots(const Job& job, const FetchOutcome& outcome) {
  if (Result<formats::Robots> robots = ReadRobots(outcome)) {
    gate.Store(job.robots_of, *robots);
    if (on_robots && !IsRedirect(outcome.response->status)) {
      on_robots(job.robots_of + "/robots.txt", *outcome.response);
    }
  } else {
    Error why = std::move(robots.error());
    if (why.kind == ErrorKind::kPermanent && !job.visited.empty()) {
      why.kind = ErrorKind::kTransient;  // the place it redirects to is to blame, not the origin
    }
    if (why.kind == ErrorKind::kTransient) {
      spdlog::warn("robots.txt is unreachable: origin={} reason={}", job.robots_of, why.message);
    }
    gate.StoreUnreachable(job.robots_of, std::move(why), random());
  }
  const auto found = parked.find(job.robots_of);
  if (found == parked.end()) {
    return;
  }
  std::vector<JobPtr> jobs = std::move(found->second);
  parked.erase(found);
  for (JobPtr& each : std::views::reverse(jobs)) {
    --waiting;  // Enqueue counts it again
    Enqueue(std::move(each), true);
  }
}

// An error: unreachable.
Result<formats::Robots> PoliteFetcher::Impl::ReadRobots(const FetchOutcome& outcome) {
  if (!outcome.response) {
    return std::unexpected(*outcome.error);
  }
  const HttpResponse& response = *outcome.response;
  if (IsRedirect(response.status) ||
      (IsClientError(response.status) && response.status != kTooManyRequests)) {
    return formats::Robots::AllowAll();
  }
  if (!IsSuccess(response.status)) {
    return Fail(ErrorKind::kTransient, fmt::format("HTTP {}", response.status));
  }
  if (!response.truncated.empty() && response.truncated != "length") {
    return Fail(ErrorKind::kTransient, fmt::format("the answer was cut ({})", response.truncated));
  }
  const Result<std::string> body = text::DecodeContent(
      response.body, FindHeader(response.headers, "Content-Encoding").value_or(""),
      {.max_bytes = kMaxRobotsDecodedBytes});
  if (!body) {
    return Fail(ErrorKind::kTransient, body.error().message);
  }
  return formats::Robots::Parse(*body);
}

void PoliteFetcher::Impl::Launch(JobPtr job) {
  if (job->done) {
    --waiting;
  }
  ++in_flight;
  HttpRequest request{
      .url = job->url, .headers = {}, .max_body_bytes = job->request.max_body_bytes};
  if (!job->request.etag.empty()) {
    request.headers.push_back({"If-None-Match", job->request.etag});
  }
  if (!job->request.last_modified.empty()) {
    request.headers.push_back({"If-Modified-Since", job->request.last_modified});
  }
  engine.Start(std::move(request), [this, weak = std::weak_ptr<bool>(alive),
                                    job = std::move(job)](Result<HttpResponse> result) {
    if (!weak.expired()) {
      OnDone(job, std::move(result));
    }
  });
}

void PoliteFetcher::Impl::OnDone(const JobPtr& job, Result<HttpResponse> result) {
  --in_flight;
  budget.Release(job->domain, CrawlDelayOf(*job));
  --domains[job->domain].in_flight;
  MarkReady(job->domain);
  if (result) {
    OnResponse(job, std::move(*result));
    return;
  }
  if (result.error().kind == ErrorKind::kTransient) {
    budget.ReportFailure(job->domain, job->url.canonical(), random());
  }
  Finish(job, Failed(result.error().kind, std::move(result.error().message)));
}

void PoliteFetcher::Impl::OnResponse(const JobPtr& job, HttpResponse response) {
  FetchOutcome outcome;
  if (!ObeyRetryAfter(*job, response, outcome)) {
    if (response.status >= kFirstServerError) {
      budget.ReportFailure(job->domain, job->url.canonical(), random());
    } else if (response.truncated.empty() || response.truncated == "length") {
      budget.ReportSuccess(job->domain);
    }
  }
  const std::optional<std::string_view> location = FindHeader(response.headers, "Location");
  if (IsRedirect(response.status) && location) {
    Status followed = Follow(*job, response, *location);
    if (followed) {
      Enqueue(job, true);
      return;
    }
    // A robots.txt that redirects for ever is as good as none (RFC 9309 section 2.3.1.2).
    if (job->robots_of.empty() || followed.error().kind != ErrorKind::kTransient) {
      outcome.error = std::move(followed.error());
      Finish(job, std::move(outcome));
      return;
    }
  }
  if (IsSuccess(response.status) || response.status == 304) {
    outcome.permanent_target = job->permanent_target;
  }
  response.exchange.redirects = job->visited;
  outcome.response = std::move(response);
  Finish(job, std::move(outcome));
}

// True: the domain has been blocked.
bool PoliteFetcher::Impl::ObeyRetryAfter(const Job& job, const HttpResponse& response,
                                         FetchOutcome& outcome) {
  if (response.status != kTooManyRequests && response.status != kServiceUnavailable) {
    return false;
  }
  std::optional<std::chrono::seconds> asked;
  if (const auto value = FindHeader(response.headers, "Retry-After")) {
    asked = politeness::ParseRetryAfter(*value, clock.Wall());
  }
  if (response.status == kServiceUnavailable && !asked) {
    return false;
  }
  const auto wait =
      budget.Penalize(job.domain, asked, fmt::format("HTTP {}", response.status), random());
  outcome.host_blocked = true;
  outcome.retry_after = std::chrono::ceil<std::chrono::seconds>(wait);
  return true;
}

// Turns `job` into its next hop.
Status PoliteFetcher::Impl::Follow(Job& job, const HttpResponse& response,
                                   std::string_view location) {
  Result<Url> target = Url::Resolve(job.url, location);
  if (!target) {
    return Fail(ErrorKind::kTransient, fmt::format("{}: redirect to an unusable address: {}",
                                                   job.url.origin(), target.error().message));
  }
  if (target->scheme() != "http" && target->scheme() != "https") {
    return Fail(ErrorKind::kPermanent,
                fmt::format("{}: redirect to the scheme {}", job.url.origin(), target->scheme()));
  }
  job.visited.push_back(job.url.canonical());
  if (std::ranges::find(job.visited, target->canonical()) != job.visited.end()) {
    return Fail(ErrorKind::kTransient, fmt::format("{}: redirect loop", job.url.origin()));
  }
  if (job.visited.size() > kMaxRedirects) {
    return Fail(ErrorKind::kTransient,
                fmt::format("{}: more than {} redirects", job.url.origin(), kMaxRedirects));
  }
  job.permanently = job.permanently && IsPermanentRedirect(response.status);
  if (job.permanently) {
    job.permanent_target = target->canonical();
  }
  job.request.etag.clear();
  job.request.last_modified.clear();
  job.url = std::move(*target);
  return {};
}

// The job has left its queue and the engine; tells who asked, at the next Deliver.
void PoliteFetcher::Impl::Finish(const JobPtr& job, FetchOutcome outcome) {
  outcome.final_url = job->url.canonical();
  if (!job->robots_of.empty()) {
    FinishRobots(*job, outcome);
    return;
  }
  finished.emplace_back(std::move(job->done), std::move(outcome));
}

void PoliteFetcher::Impl::Deliver() {
  // Only what has finished by now: `done` may fetch again.
  for (size_t count = finished.size(); count > 0; --count) {
    auto [done, outcome] = std::move(finished.front());
    finished.pop_front();
    done(std::move(outcome));
  }
}

PoliteFetcher::PoliteFetcher(transports::HttpEngine& engine, politeness::HostBudget& budget,
                             const Clock& clock, std::string user_agent, OnRobots on_robots)
    : impl_(std::make_unique<Impl>(engine, budget, clock, std::move(user_agent),
                                   std::move(on_robots))) {}

PoliteFetcher::~PoliteFetcher() = default;

void PoliteFetcher::Fetch(FetchRequest request, Done done) {
  Result<Url> url = Url::Parse(request.url);
  if (!url) {
    FetchOutcome outcome = Impl::Failed(ErrorKind::kPermanent, url.error().message);
    outcome.final_url = std::move(request.url);
    impl_->finished.emplace_back(std::move(done), std::move(outcome));
    return;
  }
  impl_->Enqueue(std::make_shared<Job>(std::move(request), std::move(done), std::move(*url)),
                 false);
}

std::optional<SteadyTime> PoliteFetcher::Pump() {
  impl_->Deliver();
  impl_->WakeDue();
  while (!impl_->ready.empty()) {
    const std::string domain = std::move(impl_->ready.front());
    impl_->ready.pop_front();
    if (const auto found = impl_->domains.find(domain); found != impl_->domains.end()) {
      found->second.ready = false;
      impl_->StartFrom(domain);
    }
  }
  impl_->Deliver();
  if (!impl_->finished.empty() || !impl_->ready.empty()) {
    return impl_->clock.Steady();
  }
  impl_->WakeDue();
  if (!impl_->ready.empty()) {
    return impl_->clock.Steady();
  }
  return impl_->timers.empty() ? std::nullopt : std::optional(impl_->timers.top().at);
}

size_t PoliteFetcher::waiting() const { return impl_->waiting; }

size_t PoliteFetcher::in_flight() const { return impl_->in_flight; }

}  // namespace newswire
