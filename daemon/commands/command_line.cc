// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.h"

#include <exception>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "daemon/commands/command_tree.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/config/values.h"
#include "daemon/version.h"
#include "transforms/text/dates.h"

namespace newswire::commands {
namespace {

constexpr const char* kDescription =
    "newswired: polls news sources, archives what it fetches, publishes one event per post to "
    "Kafka.";
constexpr const char* kFooter =
    "Examples:\n"
    "  newswired check --config newswired.yaml --probe\n"
    "  newswired run --config newswired.yaml\n"
    "  newswired tail --config newswired.yaml\n"
    "  newswired fetch https://finews.example/some/post.html\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration refused, 4 another instance "
    "owns\n"
    "the folder or fenced this one, 130 interrupted twice.\n"
    "`newswired COMMAND --help` says more about each command.";

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// The command whose words were being read when the parse ended.
const CLI::App* Innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
  }
  return at;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// "unknown option '--confg'; did you mean '--config'?"
std::string SayUnknown(const CLI::App& app, const std::string& word) {
  const CLI::App* command = Innermost(app);
  const bool is_option = word.starts_with('-');
  const std::string name = word.substr(0, word.find('='));
  const bool wants_command =
      !is_option && !command->get_require_subcommand_max() ? false : !is_option;
  const auto nearest =
      config::Nearest(name, is_option ? OptionNames(*command) : CommandNames(*command));
  std::string text =
      fmt::format("{} '{}'",
                  is_option                                          ? "unknown option"
                  : wants_command && !CommandNames(*command).empty() ? "unknown command"
                                                                     : "unexpected argument",
                  name);
  if (nearest) {
    text += fmt::format("; did you mean '{}'?", *nearest);
  }
  return text;
}

int Refuse(const CLI::App& app, const std::string& what, std::ostream& err) {
  const CLI::App* command = Innermost(app);
  std::string path;
  for (const CLI::App* at = command; at != nullptr; at = at->get_parent()) {
    path.insert(0, path.empty() ? at->get_name() : at->get_name() + " ");
  }
  err << path << ": " << what << "\nTry: " << path << " --help\n";
  return kExitUsage;
}

int ParseAndRun(int argc, const char* const* argv, const Streams& streams) {
  CLI::App app{kDescription, "newswired"};
  app.footer(kFooter);
  app.require_subcommand(1);
  bool version = false;
  app.add_flag("--version", version, "Print the version");
  Action action;
  AddRun(app, streams, action);
  AddCheck(app, streams, action);
  AddReplay(app, streams, action);
  AddTail(app, streams, action);
  AddBroker(app, streams, action);
  AddFetch(app, streams, action);
  AddArchive(app, streams, action);
  AddInspect(app, streams, action);
  AddSchema(app, streams, action);
  AddVersion(app, streams, action);
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    streams.out << Software() << '\n';
    return kExitOk;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    streams.out << Innermost(app)->help();
    return kExitOk;
  } catch (const CLI::CallForAllHelp&) {
    streams.out << app.help("", CLI::AppFormatMode::All);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    const auto words = Innermost(app)->remaining();
    const auto all_words = app.remaining();
    if (!words.empty() || !all_words.empty()) {
      return Refuse(app, SayUnknown(app, words.empty() ? all_words.front() : words.front()),
                    streams.err);
    }
    return Refuse(app, error.what(), streams.err);
  }
  return action ? action() : Refuse(app, "nothing to do", streams.err);
}

}  // namespace

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const std::string& footer) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer(footer);
  return command;
}

void AddConfigOption(CLI::App& command, std::string& file) {
  command
      .add_option("-c,--config", file, fmt::format("Configuration (default {})", kDefaultConfig))
      ->type_name("FILE")
      ->group("Configuration");
}

std::optional<UtcMillis> TimeOption(const std::string& name, const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto time = text::ParseDate(text);
  if (!time) {
    throw CLI::ValidationError(name,
                               fmt::format("'{}' is no time; expected one such as 2022-04-19 or "
                                           "2022-04-19T10:45:38+08:00",
                                           text));
  }
  return time->instant;
}

std::optional<config::Config> LoadConfig(const std::string& file, std::ostream& err) {
  auto config = config::Load(file);
  if (!config) {
    err << config.error().message << '\n';
    return std::nullopt;
  }
  for (const std::string& warning : config->warnings) {
    err << "warning: " << warning << '\n';
  }
  return *std::move(config);
}

int RunCommandLine(int argc, const char* const* argv, std::istream& in, std::ostream& out,
                   std::ostream& err) {
  try {
    return ParseAndRun(argc, argv, {in, out, err});
  } catch (const std::exception& exception) {
    err << "newswired: " << exception.what() << '\n';
    return kExitFailed;
  }
}

}  // namespace newswire::commands
