// SPDX-License-Identifier: Apache-2.0
// The commands that work with a configuration or an output: run, check, replay, tail, broker.
#include <memory>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "daemon/commands/broker.h"
#include "daemon/commands/check.h"
#include "daemon/commands/command_line.h"
#include "daemon/commands/command_tree.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/interrupt.h"
#include "daemon/commands/replay.h"
#include "daemon/commands/run.h"
#include "daemon/commands/tail.h"
#include "daemon/logging.h"
#include "fetchers/clock.h"

namespace newswire::commands {
void AddRun(CLI::App& app, const Streams& streams, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto config = std::make_shared<std::string>(kDefaultConfig);
  CLI::App* command =
      AddCommand(app, "run", "Run the daemon in the foreground",
                 "SIGTERM and SIGINT drain and end it, SIGHUP reads the configuration again.\n"
                 "Under systemd it speaks sd_notify: deploy/systemd/newswired.service.\n"
                 "\n"
                 "Exit codes: 0 stopped, 1 failed, 3 configuration refused, 4 another instance,\n"
                 "5 the output does not know the position, 130 a second signal.");
  AddConfigOption(*command, *config);
  command->add_flag("--once", options->once,
                    "End when every source is drained and everything is committed");
  command->callback([&streams, &action, options, config] {
    action = [&streams, options, config] {
      options->config = *config;
      return Run(*options, streams.err);
    };
  });
}

void AddCheck(CLI::App& app, const Streams& streams, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  auto config = std::make_shared<std::string>(kDefaultConfig);
  CLI::App* command =
      AddCommand(app, "check", "Validate the configuration; with --probe reach what it names",
                 "Examples:\n"
                 "  newswired check --config newswired.yaml\n"
                 "  newswired check --probe\n"
                 "\n"
                 "Exit codes: 0 valid (and all reached), 1 something cannot be reached,\n"
                 "3 configuration refused.");
  AddConfigOption(*command, *config);
  command->add_flag("--probe", options->probe,
                    "Reach the output and each source once, a line each");
  command->add_flag("--effective", options->effective,
                    "Print the effective configuration as JSON, without secrets");
  command->callback([&streams, &action, options, config] {
    action = [&streams, options, config] {
      options->config = *config;
      SetUpLogging("error");
      const Interrupt interrupt;
      return RunCheck(*options, streams.out, streams.err, SystemClock(), interrupt.stop());
    };
  });
}

void AddReplay(CLI::App& app, const Streams& streams, Action& action) {
  struct Words {
    ReplayRequest request;
    std::string config = kDefaultConfig;
    std::vector<std::string> from;
    std::string position, since, until, by = "published", to;
    double rate = 0;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      app, "replay", "Publish events again, from the archive or from other inputs",
      "Examples:\n"
      "  newswired replay --dry-run > events.jsonl\n"
      "  newswired replay --since 2022-04-01 --until 2022-05-01 --to history.\n"
      "  newswired replay --from other.warc.gz --source finews --to trial. --rate 500\n"
      "  newswired replay --diff --source finews\n"
      "\n"
      "Exit codes: 0 done, or --diff found nothing, 1 failed or interrupted (--resume goes on),\n"
      "or --diff found a difference, 2 the options contradict each other, 3 configuration "
      "refused.");
  AddConfigOption(*command, words->config);
  command
      ->add_option("--from", words->from,
                   "WARC files, tars of posts, Markdown posts, folders of these")
      ->type_name("PATH...")
      ->group("Input");
  command->add_option("--position", words->position, "Begin at this position of the own archive")
      ->type_name("HEX")
      ->group("Input");
  command
      ->add_flag("--as-archived", words->request.as_archived,
                 "Each capture under the configuration that archived it")
      ->group("Input");
  command->add_option("--since", words->since, "Events from this time on")->type_name("TIME");
  command->add_option("--until", words->until, "Events before this time")->type_name("TIME");
  command->add_option("--by", words->by, "What --since and --until look at")
      ->check(CLI::IsMember({"published", "fetched"}))
      ->capture_default_str();
  command->add_option("--source", words->request.filter.source, "Events of this source")
      ->type_name("ID");
  command->add_option("--category", words->request.filter.category, "Events of this category")
      ->type_name("SLUG");
  command
      ->add_option("--url", words->request.filter.url,
                   "Events of posts whose URL matches; * ? [...] as in a shell, * also for /")
      ->type_name("GLOB");
  command->add_option("--to", words->to, "Topics <PREFIX><category> instead of the live ones")
      ->type_name("PREFIX")
      ->group("Output");
  command->add_option("--rate", words->rate, "Events a second, at most")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->group("Output");
  command
      ->add_flag("--dry-run", words->request.dry_run,
                 "Print the events as JSON Lines, publish nothing")
      ->group("Output");
  command
      ->add_flag("--diff", words->request.diff,
                 "Compare with what the topics hold now, publish nothing")
      ->group("Output");
  command
      ->add_flag("--resume", words->request.resume,
                 "Go on where the last replay of this input stopped")
      ->group("Output");
  command->add_option("--threads", words->request.threads, "Of the transforms (0: as configured)")
      ->check(CLI::Range(0, 1024))
      ->group("Output");
  for (const char* name : {"--since", "--until", "--by", "--source", "--category", "--url"}) {
    command->get_option(name)->group("Selection");
  }
  command->callback([&streams, &action, words] {
    ReplayRequest& request = words->request;
    request.from.assign(words->from.begin(), words->from.end());
    if (!words->position.empty()) {
      request.position = Position::FromHex(words->position);
      if (!request.position) {
        throw CLI::ValidationError("--position", fmt::format("'{}' is no position; expected up to "
                                                             "16 hexadecimal digits",
                                                             words->position));
      }
    }
    request.filter.since = TimeOption("--since", words->since);
    request.filter.until = TimeOption("--until", words->until);
    request.filter.by =
        words->by == "fetched" ? ReplayFilter::By::kFetched : ReplayFilter::By::kPublished;
    if (!words->to.empty()) {
      request.to = words->to;
    }
    if (words->rate > 0) {
      request.rate = words->rate;
    }
    action = [&streams, words] {
      const auto config = LoadConfig(words->config, streams.err);
      if (!config) {
        return kExitConfig;
      }
      SetUpLogging("warn");
      const Interrupt interrupt;
      return Replay(words->request, *config, SystemClock(), streams.out, streams.err,
                    isatty(STDERR_FILENO) == 1, interrupt.stop());
    };
  });
}

void AddTail(CLI::App& app, const Streams& streams, Action& action) {
  struct Words {
    TailOptions options;
    std::string config = kDefaultConfig, from = "end";
    std::vector<std::string> topics;
    uint64_t count = 0;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command =
      AddCommand(app, "tail", "Show events as they are committed",
                 "Examples:\n"
                 "  newswired tail --config newswired.yaml\n"
                 "  newswired tail news.emnews --from beginning --count 5 --json\n"
                 "\n"
                 "Exit codes: 0 ended by --count or a signal, 1 no output answers,\n"
                 "3 configuration refused.");
  AddConfigOption(*command, words->config);
  command
      ->add_option("topics", words->topics,
                   "Topics, with * and ?; default: every topic of kafka.topic")
      ->type_name("TOPIC...");
  command->add_option("--from", words->from, "Where to begin")
      ->check(CLI::IsMember({"beginning", "end"}))
      ->capture_default_str();
  command->add_option("--count", words->count, "End after so many events")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", words->options.json, "One JSON object a line");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      const auto config = LoadConfig(words->config, streams.err);
      if (!config) {
        return kExitConfig;
      }
      SetUpLogging("error");
      TailOptions& options = words->options;
      options.output = config->output;
      options.kafka = config->kafka;
      options.data_dir = config->data_dir;
      options.topics = words->topics;
      options.from =
          words->from == "beginning" ? publish::ReadFrom::kBeginning : publish::ReadFrom::kEnd;
      options.colour = isatty(STDOUT_FILENO) == 1;
      if (words->count > 0) {
        options.count = words->count;
      }
      const Interrupt interrupt;
      const Status status = RunTail(options, streams.out, SystemClock(), interrupt.stop());
      if (!status) {
        streams.err << "newswired tail: " << status.error().message << '\n';
        return kExitFailed;
      }
      return kExitOk;
    };
  });
}

void AddBroker(CLI::App& app, const Streams&, Action& action) {
  struct Words {
    BrokerOptions options;
    std::string data_dir = "/var/lib/newswired", port_file;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      app, "broker", "Run the embedded trial broker: in memory, on loopback, not for production",
      "Any Kafka client can read from it; its address stands in <data_dir>/broker.json. It keeps\n"
      "5 MiB a partition and has no transactions. `run` starts one with output: embedded.\n"
      "\n"
      "Exit codes: 0 stopped, 1 failed.");
  command->add_option("--data-dir", words->data_dir, "Where broker.json goes")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option("--port-file", words->port_file, "Gets the port number when the broker answers")
      ->type_name("FILE");
  command->callback([&action, words] {
    action = [words] {
      words->options.data_dir = words->data_dir;
      if (!words->port_file.empty()) {
        words->options.port_file = words->port_file;
      }
      SetUpLogging("info");
      return RunBroker(words->options);
    };
  });
}

}  // namespace newswire::commands
