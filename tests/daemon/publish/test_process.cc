// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/publish/test_process.h"

#include <array>
#include <cstdlib>
#include <random>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace newswire::publish {
namespace {

constexpr int kMissing = 77;
const char* const kScript = NEWSWIRE_SOURCE_DIR "/deploy/kafka/kafka";

}  // namespace

Ended RunProgram(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    envp.push_back(*entry);
  }
  for (const std::string& entry : environment) {
    envp.insert(envp.begin(), const_cast<char*>(entry.c_str()));  // the first of a name counts
  }
  envp.push_back(nullptr);
  std::array<int, 2> pipe_fds{};
  if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) {
    return {};
  }
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(pipe_fds[1], STDOUT_FILENO);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(pipe_fds[1]);
  Ended ended;
  std::array<char, 4096> buffer{};
  ssize_t n = 0;
  while ((n = read(pipe_fds[0], buffer.data(), buffer.size())) > 0) {
    ended.out.append(buffer.data(), static_cast<size_t>(n));
  }
  close(pipe_fds[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return ended;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "newswire-XXXXXX").string();
  path_ = mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Ended LocalKafka::Script(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), kScript);
  return RunProgram(arguments, {"KAFKA_RUN=" + run_, "KAFKA_PORT=0"});
}

std::unique_ptr<LocalKafka> LocalKafka::Start(std::string& why_not, int nodes) {
  std::unique_ptr<LocalKafka> kafka(new LocalKafka);
  kafka->folder_ = std::make_unique<TemporaryFolder>();
  kafka->run_ = (kafka->folder_->path() / "kafka").string();
  const Ended ended = kafka->Script({"start", std::to_string(nodes)});
  if (ended.code == kMissing) {
    why_not = "java or Maven is missing: deploy/install-dependencies test";
    return nullptr;
  }
  EXPECT_EQ(ended.code, 0) << "deploy/kafka/kafka start";
  kafka->brokers_ = ended.out.substr(0, ended.out.find('\n'));
  return kafka;
}

LocalKafka::~LocalKafka() {
  if (folder_) {
    Script({"wipe"});
  }
}

LocalKafka* LocalKafka::Shared(std::string& why_not) {
  static std::string missing;
  static const std::unique_ptr<LocalKafka> kShared = [] {
    const char* run = std::getenv("NEWSWIRE_TEST_KAFKA_RUN");  // of the ctest fixture
    if (run != nullptr) {
      std::unique_ptr<LocalKafka> kafka(new LocalKafka);
      kafka->run_ = run;
      const Ended ended = kafka->Script({"bootstrap"});
      if (ended.code == 0) {
        kafka->brokers_ = ended.out.substr(0, ended.out.find('\n'));
        return kafka;
      }
    }
    return Start(missing);
  }();
  why_not = missing;
  return kShared.get();
}

std::string KcatAt(const std::string& brokers, const std::string& topic, const std::string& format,
                   const std::string& isolation) {
  const Ended ended = RunProgram({"kcat", "-b", brokers, "-C", "-t", topic, "-o", "beginning", "-e",
                                  "-q", "-X", "isolation.level=" + isolation, "-f", format});
  EXPECT_EQ(ended.code, 0) << "kcat " << topic;
  return ended.out;
}

std::string LocalKafka::Kcat(const std::string& topic, const std::string& format,
                             const std::string& isolation) const {
  return KcatAt(brokers_, topic, format, isolation);
}

std::string UniqueName() {
  std::random_device random;
  std::string name = "t";
  for (int i = 0; i < 3; ++i) {
    name += std::to_string(random());
  }
  return name;
}

}  // namespace newswire::publish
