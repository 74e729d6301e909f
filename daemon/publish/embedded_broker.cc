// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/embedded_broker.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/publish/kafka_admin.h"
#include "transforms/text/json.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::seconds kProbeTime{2};
constexpr std::chrono::seconds kStartTime{15};
constexpr std::chrono::seconds kEndTime{3};
constexpr std::chrono::milliseconds kLook{10};
constexpr int kLifelineFd = 3;
constexpr size_t kMaxFileBytes = 64 << 10;
constexpr std::string_view kLoopback = "127.0.0.1:";

// Attributes and actions of posix_spawn.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

std::filesystem::path BrokerFilePath(const std::filesystem::path& data_dir) {
  return data_dir / "broker.json";
}

Status WriteBrokerFile(const std::filesystem::path& data_dir, const BrokerFile& file) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("brokers").String(file.brokers);
  json.Key("pid").Int(file.pid);
  json.Key("instance").String(file.instance);
  json.Key("cluster").String(file.cluster);
  json.EndObject();
  out += '\n';
  return ReplaceFile(BrokerFilePath(data_dir), out);
}

std::optional<BrokerFile> ReadBrokerFile(const std::filesystem::path& data_dir) {
  auto content = ReadSmallFile(BrokerFilePath(data_dir), kMaxFileBytes);
  if (!content || !*content) {
    return std::nullopt;
  }
  auto document = text::JsonDocument::Parse(**content);
  if (!document) {
    return std::nullopt;
  }
  const text::JsonValue root = document->root();
  BrokerFile file{.brokers = std::string(root["brokers"].string_or("")),
                  .cluster = std::string(root["cluster"].string_or("")),
                  .instance = std::string(root["instance"].string_or("")),
                  .pid = static_cast<pid_t>(root["pid"].integer().value_or(0))};
  if (!file.brokers.starts_with(kLoopback) || file.pid <= 0) {
    return std::nullopt;
  }
  return file;
}

EmbeddedBroker::EmbeddedBroker(std::filesystem::path data_dir, std::filesystem::path executable,
                               const Clock& clock)
    : data_dir_(std::move(data_dir)), executable_(std::move(executable)), clock_(clock) {}

EmbeddedBroker::~EmbeddedBroker() { End(); }

bool EmbeddedBroker::Running() {
  if (child_ > 0) {
    int status = 0;
    if (::waitpid(child_, &status, WNOHANG) == 0) {
      return true;
    }
    child_ = 0;
    lifeline_.Reset();
    return false;
  }
  return current_ && (::kill(current_->pid, 0) == 0 || errno == EPERM);
}

// The port may belong to somebody else by now: its cluster id tells.
bool EmbeddedBroker::Answers(const BrokerFile& file, const std::stop_token& stop) const {
  if (::kill(file.pid, 0) != 0 && errno == ESRCH) {
    return false;
  }
  KafkaOptions options;
  options.brokers = file.brokers;
  auto client = KafkaClient::Make(options, ClientRole::kReadUncommitted, {}, clock_);
  if (!client) {
    return false;
  }
  auto id = KafkaAdmin(**client, clock_).ClusterId(clock_.Steady() + kProbeTime, stop);
  return id && *id == file.cluster;
}

Result<BrokerFile> EmbeddedBroker::Ensure(std::stop_token stop) {
  if (current_ && Running()) {
    return *current_;
  }
  current_.reset();
  if (auto file = ReadBrokerFile(data_dir_); file && Answers(*file, stop)) {
    current_ = file;
    return *file;
  }
  if (auto ok = Spawn(); !ok) {
    return std::unexpected(ok.error());
  }
  const SteadyTime deadline = clock_.Steady() + kStartTime;
  while (true) {
    if (auto file = ReadBrokerFile(data_dir_); file && file->pid == child_) {
      current_ = file;
      return *file;
    }
    if (!Running()) {
      return Fail(ErrorKind::kTransient, "the embedded broker ended at its start");
    }
    if (auto error = OutOfTime(clock_, deadline, stop, "starting the embedded broker", "")) {
      End();
      return std::unexpected(*error);
    }
    std::this_thread::sleep_for(kLook);
  }
}

Status EmbeddedBroker::Spawn() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Fail(ErrorKind::kTransient, "starting the embedded broker: no file descriptors left");
  }
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);

  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, reading.get(), kLifelineFd);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  // A process group of its own: Ctrl-C must reach the daemon alone, which then drains into it.
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::string program = executable_.string();
  std::string folder = data_dir_.string();
  std::string command = "broker";
  std::string option = "--data-dir";
  std::array<char*, 5> argv = {program.data(), command.data(), option.data(), folder.data(),
                               nullptr};
  std::string lifeline = fmt::format("{}={}", kLifelineVariable, kLifelineFd);
  std::vector<char*> envp = {lifeline.data()};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    envp.push_back(*entry);
  }
  envp.push_back(nullptr);

  const int code = ::posix_spawn(&child_, program.c_str(), &settings.actions, &settings.attributes,
                                 argv.data(), envp.data());
  if (code != 0) {
    child_ = 0;
    return Fail(ErrorKind::kTransient,
                fmt::format("starting the embedded broker {}: {}", program,
                            std::error_code(code, std::generic_category()).message()));
  }
  lifeline_ = std::move(writing);
  return {};
}

void EmbeddedBroker::End() {
  current_.reset();
  if (child_ <= 0) {
    return;
  }
  lifeline_.Reset();
  ::kill(child_, SIGTERM);
  const SteadyTime deadline = clock_.Steady() + kEndTime;
  while (Running()) {
    if (clock_.Steady() >= deadline) {
      ::kill(child_, SIGKILL);
      int status = 0;
      ::waitpid(child_, &status, 0);
      child_ = 0;
      return;
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace newswire::publish
