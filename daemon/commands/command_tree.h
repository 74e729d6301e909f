// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/config/config.h"
#include "transforms/model/timestamp.h"

// How the commands are put on the command line (CLI11). Each Add function defines one command: its
// options, its help, and the action that runs when it was chosen.
namespace newswire::commands {

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// Chosen by the parse, run after it.
using Action = std::function<int()>;

void AddRun(CLI::App& app, const Streams& streams, Action& action);
void AddCheck(CLI::App& app, const Streams& streams, Action& action);
void AddReplay(CLI::App& app, const Streams& streams, Action& action);
void AddTail(CLI::App& app, const Streams& streams, Action& action);
void AddBroker(CLI::App& app, const Streams& streams, Action& action);
void AddFetch(CLI::App& app, const Streams& streams, Action& action);
void AddArchive(CLI::App& app, const Streams& streams, Action& action);
void AddInspect(CLI::App& app, const Streams& streams, Action& action);
void AddSchema(CLI::App& app, const Streams& streams, Action& action);
void AddVersion(CLI::App& app, const Streams& streams, Action& action);

// A command's frame: its description and what its help ends with.
CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& footer);
void AddConfigOption(CLI::App& command, std::string& file);

// The time that an option names; "" is none. What is no time is a usage error (CLI::ParseError).
std::optional<UtcMillis> TimeOption(const std::string& name, const std::string& text);

// The configuration, or nullopt after its errors were written; warnings are written too.
std::optional<config::Config> LoadConfig(const std::string& file, std::ostream& err);

}  // namespace newswire::commands
