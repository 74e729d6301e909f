// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace newswire::publish {

struct Ended {
  int code = -1;   // exit code; -1: killed by a signal
  int signal = 0;  // that killed it
  std::string out;
};

// Runs a program to its end with NAME=VALUE settings added to the environment.
Ended RunProgram(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment = {});

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A real Kafka started by deploy/kafka/kafka on free ports of loopback.
class LocalKafka {
 public:
  // The one that the whole test program (or the ctest fixture) shares; nullptr, with the reason in
  // `why_not`, when java or Maven is missing.
  static LocalKafka* Shared(std::string& why_not);
  // One of its own, for tests that hurt it.
  static std::unique_ptr<LocalKafka> Start(std::string& why_not, int nodes = 1);
  ~LocalKafka();

  const std::string& brokers() const { return brokers_; }
  Ended Script(std::vector<std::string> arguments) const;
  // What kcat prints for a topic from its beginning to its present end.
  std::string Kcat(const std::string& topic, const std::string& format,
                   const std::string& isolation = "read_committed") const;

 private:
  LocalKafka() = default;
  std::unique_ptr<TemporaryFolder> folder_;
  std::string run_, brokers_;
};

std::string KcatAt(const std::string& brokers, const std::string& topic, const std::string& format,
                   const std::string& isolation = "read_committed");

// A name that no other test uses.
std::string UniqueName();

}  // namespace newswire::publish
