// SPDX-License-Identifier: Apache-2.0
// The commands that only look: fetch, inspect, schema, version.
#include <expected>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "daemon/commands/command_line.h"
#include "daemon/commands/command_tree.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/fetch.h"
#include "daemon/commands/inspect.h"
#include "daemon/commands/interrupt.h"
#include "daemon/commands/schema.h"
#include "daemon/config/checks.h"
#include "daemon/logging.h"
#include "daemon/version.h"
#include "fetchers/clock.h"
#include "transforms/text/language.h"

namespace newswire::commands {
namespace {

// The configuration that `fetch` works with: that of the file, which must be there when it was
// named or when a source is asked for; else defaults.
struct FetchWords {
  FetchOptions options;
  std::string config;
  std::string user_agent;
  std::vector<std::string> allow_networks;
};

// Or the exit code, after the reason was written.
std::expected<config::Config, int> ConfigForFetch(const FetchWords& words, const Streams& streams) {
  std::error_code ignored;
  config::Config config;
  const bool is_url = words.options.what.find("://") != std::string::npos;
  const std::string file = words.config.empty() ? kDefaultConfig : words.config;
  if (!words.config.empty() || !is_url || std::filesystem::exists(file, ignored)) {
    auto loaded = LoadConfig(file, streams.err);
    if (!loaded) {
      return std::unexpected(kExitConfig);
    }
    config = *std::move(loaded);
  }
  auto& engine = config.http.engine;
  if (!words.user_agent.empty()) {
    engine.user_agent = words.user_agent;
  }
  if (is_url && engine.user_agent.empty() && config::IsLoopback(words.options.what)) {
    engine.user_agent = Software();
  }
  if (is_url && !config::IsLoopback(words.options.what) &&
      !config::CarriesContact(engine.user_agent)) {
    streams.err
        << "newswired fetch: no contact in the user agent; give --user-agent \"newswire/1.0 "
           "(+mailto:you@example.org)\", or a configuration with http.user_agent\n";
    return std::unexpected(kExitUsage);
  }
  engine.allow_networks.insert(engine.allow_networks.end(), words.allow_networks.begin(),
                               words.allow_networks.end());
  return config;
}

}  // namespace

void AddFetch(CLI::App& app, const Streams& streams, Action& action) {
  auto words = std::make_shared<FetchWords>();
  CLI::App* command = AddCommand(
      app, "fetch", "Fetch a URL or a source once and print its events; stores nothing",
      "A URL is a page, or a feed: then the entries that it holds, or the pages that it links to.\n"
      "Without a configuration a URL needs --user-agent with a contact.\n"
      "\n"
      "Examples:\n"
      "  newswired fetch https://finews.example/2022/04/19/1.html | jq .title\n"
      "  newswired fetch finews --limit 3\n"
      "\n"
      "Exit codes: 0 at least one event, 1 none, 2 wrong usage, 3 configuration refused.");
  command->add_option("what", words->options.what, "A URL, or the id of a source")
      ->type_name("URL|SOURCE")
      ->required();
  AddConfigOption(*command, words->config);
  command->add_option("--limit", words->options.limit, "Posts to fetch at most, the newest first")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command
      ->add_option("--timezone", words->options.timezone,
                   "For times of a URL's page that are written without offset")
      ->type_name("ZONE");
  command->add_option("--user-agent", words->user_agent, "With a contact: a mailto: or a URL")
      ->type_name("TEXT")
      ->group("Network");
  command
      ->add_option("--allow-network", words->allow_networks,
                   "A network (CIDR) that is refused otherwise, such as 127.0.0.0/8")
      ->type_name("CIDR")
      ->take_all()
      ->allow_extra_args(false)
      ->group("Network");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      const auto config = ConfigForFetch(*words, streams);
      if (!config) {
        return config.error();
      }
      SetUpLogging("error");
      const Interrupt interrupt;
      return RunFetch(words->options, *config, streams.out, streams.err, SystemClock(),
                      interrupt.stop());
    };
  });
}

void AddInspect(CLI::App& app, const Streams& streams, Action& action) {
  struct Words {
    InspectRequest request;
    bool batch = false;
  };
  auto words = std::make_shared<Words>();
  words->request.agent = "newswire";
  CLI::App* command = AddCommand(
      app, "inspect", "Say as JSON what a file holds: feed, sitemap, robots, page, post, warc",
      "Times are RFC 3339 in UTC (a date alone is T00:00:00Z), those that cannot be read null; a\n"
      "post's are as in its event, with their offset. For times without offset a page is taken as\n"
      "UTC, a post as Asia/Shanghai, unless --timezone says otherwise. What is not of the kind is\n"
      "one line on standard error.\n"
      "\n"
      "--batch reads one JSON request a line, {\"kind\", \"file\", \"url\", \"content_type\", "
      "\"agent\",\n"
      "\"timezone\"}, and answers one JSON line each; for warc {\"records\": [...]}; what fails "
      "is\n"
      "{\"error\": \"...\"}.\n"
      "\n"
      "Examples:\n"
      "  newswired inspect feed feed.xml --url https://finews.example/feed.xml\n"
      "  newswired inspect page - --url https://finews.example/1.html < page.html\n"
      "  newswired inspect robots robots.txt --agent newswire --url /private/\n"
      "\n"
      "Exit codes: 0 done, 1 not of the kind or not readable, 2 wrong usage.");
  command->add_option("kind", words->request.kind, "What it is")
      ->type_name("KIND")
      ->check(CLI::IsMember({"feed", "sitemap", "robots", "page", "post", "warc"}));
  command->add_option("file", words->request.file, "The file, or - for standard input")
      ->type_name("FILE");
  command->add_option("--url", words->request.url, "Where it came from; robots: what is asked for");
  command->add_option("--content-type", words->request.content_type, "As a server sent it");
  command->add_option("--agent", words->request.agent, "robots: who asks")->capture_default_str();
  command->add_option("--timezone", words->request.timezone,
                      "page, post: for times without offset");
  command->add_flag("--batch", words->batch, "Answer requests of standard input, line by line");
  command->callback([&streams, &action, words] {
    if (!words->batch && (words->request.kind.empty() || words->request.file.empty())) {
      throw CLI::RequiredError("KIND and FILE (or --batch)");
    }
    action = [&streams, words] {
      return words->batch
                 ? RunInspectBatch(streams.in, streams.out, SystemClock())
                 : RunInspect(words->request, streams.in, streams.out, streams.err, SystemClock());
    };
  });
}

void AddSchema(CLI::App& app, const Streams& streams, Action& action) {
  auto which = std::make_shared<std::string>("event");
  CLI::App* command =
      AddCommand(app, "schema", "Print a JSON Schema: event or config",
                 "Examples:\n"
                 "  newswired schema event > post.v1.schema.json\n"
                 "  newswired schema config > newswired.schema.json\n"
                 "\n"
                 "`example` and `reference` print the whole configuration with its defaults, and\n"
                 "the tables of its documentation.");
  command->add_option("which", *which, "event, config, example or reference")
      ->capture_default_str();
  command->callback([&streams, &action, which] {
    action = [&streams, which] { return RunSchema(*which, streams.out, streams.err); };
  });
}

void AddVersion(CLI::App& app, const Streams& streams, Action& action) {
  CLI::App* command = AddCommand(app, "version", "Print the version", "");
  command->callback([&streams, &action] {
    action = [&streams] {
      streams.out << Software() << '\n' << text::LibraryVersions() << '\n';
      return kExitOk;
    };
  });
}

}  // namespace newswire::commands
