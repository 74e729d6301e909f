// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/yaml.h"

#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace newswire::config {
namespace {

// Thrown by the builder through yaml-cpp's parser and caught in ReadYaml.
struct Refused : std::runtime_error {
  Refused(const YAML::Mark& mark, const std::string& what)
      : std::runtime_error(what), line(mark.line + 1), column(mark.column + 1) {}
  int line, column;
};

size_t CountNodes(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) {
    count += CountNodes(item);
  }
  for (const auto* list : {&node.entries, &node.merged}) {
    for (const YamlEntry& entry : *list) {
      count += 1 + CountNodes(entry.value);
    }
  }
  return count;
}

// Builds the tree from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Finish(Start(mark, YamlNode::Kind::kNull), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = Start(mark, YamlNode::Kind::kScalar);
    node.plain = tag == "?";
    if (node.plain && (value.empty() || value == "~" || value == "null")) {
      node.kind = YamlNode::Kind::kNull;
    }
    node.scalar = value;
    node.written = value;
    Finish(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused(mark, "an alias within the node that it names");
    }
    nodes_ += CountNodes(found->second);
    YamlNode copy = found->second;
    copy.line = mark.line + 1;
    copy.column = mark.column + 1;
    Check(mark);
    Finish(std::move(copy), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kSequence, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kMapping, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

  YamlNode TakeRoot() { return std::move(root_); }

 private:
  struct Pending {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool have_key = false;
    YamlNode key;
  };

  YamlNode Start(const YAML::Mark& mark, YamlNode::Kind kind) {
    ++nodes_;
    Check(mark);
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void Check(const YAML::Mark& mark) const {
    if (nodes_ > kMaxYamlNodes) {
      throw Refused(mark, fmt::format("more than {} nodes with aliases expanded", kMaxYamlNodes));
    }
  }
  void Open(const YAML::Mark& mark, YamlNode::Kind kind, YAML::anchor_t anchor) {
    if (open_.size() >= static_cast<size_t>(kMaxYamlDepth)) {
      throw Refused(mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
    }
    open_.push_back(
        Pending{.node = Start(mark, kind), .anchor = anchor, .have_key = {}, .key = {}});
  }
  void Close() {
    Pending done = std::move(open_.back());
    open_.pop_back();
    Finish(std::move(done.node), done.anchor);
  }
  void Finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Pending& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.have_key) {
      parent.key = std::move(node);
      parent.have_key = true;
    } else {
      parent.have_key = false;
      if (parent.key.plain && parent.key.scalar == "<<") {
        Merge(parent.node, std::move(node));
      } else {
        parent.node.entries.push_back({std::move(parent.key), std::move(node)});
      }
    }
  }
  // `<<` takes a mapping or a list of them; of two that hold a key the first wins.
  static void Merge(YamlNode& target, YamlNode from) {
    if (from.kind == YamlNode::Kind::kMapping) {
      for (auto* list : {&from.entries, &from.merged}) {
        for (YamlEntry& entry : *list) {
          target.merged.push_back(std::move(entry));
        }
      }
    } else if (from.kind == YamlNode::Kind::kSequence) {
      for (YamlNode& item : from.items) {
        Merge(target, std::move(item));
      }
    }
  }

  YamlNode root_;
  std::vector<Pending> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0;
};

}  // namespace

bool ReadYaml(std::string_view text, YamlNode& root, YamlError& error) {
  if (text.size() > kMaxYamlBytes) {
    error = {1, 1, fmt::format("larger than {} MiB", kMaxYamlBytes >> 20)};
    return false;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) {
      root = YamlNode{};
      return true;
    }
    root = builder.TakeRoot();
    Builder second;
    if (parser.HandleNextDocument(second)) {
      error = {1, 1, "holds more than one YAML document"};
      return false;
    }
    return true;
  } catch (const Refused& refused) {
    error = {refused.line, refused.column, refused.what()};
  } catch (const YAML::Exception& exception) {
    error = {exception.mark.line + 1, exception.mark.column + 1, "not YAML: " + exception.msg};
  } catch (const std::exception& exception) {
    error = {1, 1, fmt::format("not YAML: {}", exception.what())};
  }
  return false;
}

}  // namespace newswire::config
