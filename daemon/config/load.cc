// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>
#include <utility>

#include "daemon/config/checks.h"
#include "daemon/config/config.h"
#include "daemon/config/references.h"
#include "daemon/version.h"

namespace newswire::config {
namespace {

constexpr size_t kMaxSources = 100'000;
constexpr size_t kMaxFiles = 20'000;

// Reads one configuration with all the files that it names.
class Loader {
 public:
  Result<Config> Run(std::string_view yaml, const std::filesystem::path& name) {
    YamlNode root;
    const Context context = ContextFor(name, config_.references);
    Places places;
    if (ReadTree(yaml, context.file, root)) {
      ReadRoot(context, root, places);
    }
    config_.warnings = diagnostics_.TakeWarnings();
    if (diagnostics_.errors() > 0) {
      return Fail(ErrorKind::kConfig, diagnostics_.ErrorText());
    }
    return std::move(config_);
  }

 private:
  Context ContextFor(const std::filesystem::path& file,
                     std::map<std::string, std::string>& references) {
    return Context{.file = file.string(),
                   .base = file.parent_path(),
                   .diagnostics = diagnostics_,
                   .references = references};
  }

  bool ReadTree(std::string_view yaml, const std::string& file, YamlNode& root) {
    YamlError error;
    if (!ReadYaml(yaml, root, error)) {
      YamlNode at;
      at.line = error.line;
      at.column = error.column;
      diagnostics_.Error(file, at, {.key = {}, .what = error.what});
      return false;
    }
    ExpandTree(root);
    return true;
  }

  void ReadRoot(const Context& context, const YamlNode& root, Places& places) {
    YamlNode mapping = root;
    if (root.kind == YamlNode::Kind::kNull) {
      mapping.kind = YamlNode::Kind::kMapping;
      mapping.line = mapping.column = 1;
    } else if (root.kind != YamlNode::Kind::kMapping) {
      diagnostics_.Error(context.file, root,
                         {.what = "is not a mapping", .expected = "key: value"});
      return;
    }
    const YamlNode* sources = nullptr;
    ReadMapping(context, ConfigKeys(), config_, mapping, "", "", places,
                [&](const std::string& name, const YamlEntry& entry) {
                  if (name != "sources") {
                    return false;
                  }
                  sources = &entry.value;
                  return true;
                });
    if (sources != nullptr) {
      places["sources"] = {sources, true};
      ReadSources(context, *sources, "sources", /*paths=*/true);
    }
    if (config_.archive.dir.empty()) {
      config_.archive.dir = config_.data_dir / "archive";
    }
    CheckConfig(context, config_, places, mapping);
    if (config_.http.engine.user_agent.empty()) {
      config_.http.engine.user_agent = Software();  // only with sources on this machine
    }
  }

  // A list of mappings and (in the main file) of paths.
  void ReadSources(const Context& context, const YamlNode& node, const std::string& name,
                   bool paths) {
    if (node.kind == YamlNode::Kind::kNull) {
      return;
    }
    if (node.kind != YamlNode::Kind::kSequence) {
      diagnostics_.Error(context.file, node,
                         {.key = name,
                          .what = "is not a list",
                          .expected = "a list of sources, files and folders"});
      return;
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      const std::string place = fmt::format("{}[{}]", name, i);
      if (item.kind == YamlNode::Kind::kMapping) {
        ReadSource(context, item, place + ".");
      } else if (item.kind == YamlNode::Kind::kScalar && paths) {
        ReadPath(context, item, place);
      } else {
        diagnostics_.Error(
            context.file, item,
            {.key = place,
             .what = "is not a source",
             .expected = paths ? "a mapping, or the path of a file or folder" : "a mapping"});
      }
    }
  }

  void ReadSource(const Context& outer, const YamlNode& mapping, const std::string& prefix) {
    if (config_.sources.size() >= kMaxSources) {
      diagnostics_.Error(outer.file, mapping,
                         {.key = prefix, .what = fmt::format("more than {} sources", kMaxSources)});
      return;
    }
    std::map<std::string, std::string> references;
    const Context context{.file = outer.file,
                          .base = outer.base,
                          .diagnostics = diagnostics_,
                          .references = references};
    Source source = DefaultSource();
    Places places;
    ReadMapping(context, SourceKeys(), source, mapping, prefix, "", places,
                [](const std::string&, const YamlEntry&) { return false; });
    CheckSource(context, source, places, mapping, prefix);

    const YamlNode& at = places.contains("id") ? *places["id"].node : mapping;
    const std::string here = fmt::format("{}:{}", context.file, at.line);
    const auto [first, is_new] = ids_.emplace(source.id, here);
    if (!is_new && !source.id.empty()) {
      diagnostics_.Error(context.file, at,
                         {.key = prefix + "id",
                          .what = fmt::format("another source has the id '{}' ({})",
                                              at.referenced ? Shown(at) : source.id, first->second),
                          .expected = "an id of its own"});
    }
    for (auto& [name, written] : references) {
      config_.references[fmt::format("sources.{}.{}", source.id, name.substr(prefix.size()))] =
          std::move(written);
    }
    config_.sources.push_back(std::move(source));
  }

  void ReadPath(const Context& context, const YamlNode& node, const std::string& name) {
    if (!node.problem.empty()) {
      diagnostics_.Error(context.file, node, {.key = name, .what = node.problem});
      return;
    }
    const std::filesystem::path path = context.base / node.scalar;
    std::error_code error;
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path, error)) {
      for (std::filesystem::directory_iterator at(path, error), end; !error && at != end;
           at.increment(error)) {
        const auto extension = at->path().extension();
        if ((extension == ".yaml" || extension == ".yml") &&
            !at->path().filename().string().starts_with(".")) {
          files.push_back(at->path());
        }
      }
      std::ranges::sort(files);
    } else {
      files.push_back(path);
    }
    if (error) {
      diagnostics_.Error(context.file, node,
                         {.key = name,
                          .what = fmt::format("'{}' {}", Shown(node), error.message()),
                          .expected = "a readable file or folder"});
      return;
    }
    for (const std::filesystem::path& file : files) {
      if (++files_read_ > kMaxFiles) {
        diagnostics_.Error(context.file, node,
                           {.key = name, .what = fmt::format("more than {} files", kMaxFiles)});
        return;
      }
      ReadFile(context, node, name, file);
    }
  }

  void ReadFile(const Context& context, const YamlNode& node, const std::string& name,
                const std::filesystem::path& file) {
    auto yaml = ReadSmallFile(file, kMaxYamlBytes);
    if (!yaml) {
      diagnostics_.Error(
          context.file, node,
          {.key = name,
           .what = fmt::format("'{}' {}", file.filename().string(), yaml.error().message),
           .expected = "a readable YAML file of at most 1 MiB"});
      return;
    }
    std::map<std::string, std::string> unused;
    const Context inside = ContextFor(file, unused);
    YamlNode root;
    if (!ReadTree(*yaml, inside.file, root)) {
      return;
    }
    if (root.kind != YamlNode::Kind::kMapping) {
      ReadSources(inside, root, "", /*paths=*/false);
      return;
    }
    const bool holds_list =
        root.entries.size() == 1 && root.entries.front().key.scalar == "sources";
    if (holds_list) {
      ReadSources(inside, root.entries.front().value, "sources", /*paths=*/false);
    } else {
      ReadSource(inside, root, "");
    }
  }

  Config config_;
  Diagnostics diagnostics_;
  std::map<std::string, std::string> ids_;  // where each id was first given
  size_t files_read_ = 0;
};

}  // namespace

Result<Config> Parse(const std::string& yaml, const std::filesystem::path& name) {
  return Loader().Run(yaml, name);
}

Result<Config> Load(const std::filesystem::path& file) {
  auto yaml = ReadSmallFile(file, kMaxYamlBytes);
  if (!yaml) {
    return Fail(ErrorKind::kConfig, fmt::format("{}: {}", file.string(), yaml.error().message));
  }
  return Parse(*yaml, file);
}

}  // namespace newswire::config
