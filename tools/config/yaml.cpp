// SPDX-License-Identifier: Apache-2.0
// The one file that sees yaml-cpp. Its event interface is used rather than its node tree: events
// come before aliases are expanded, so a small text cannot become a large tree.
#include "tools/config/yaml.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "tools/base/result.hpp"

namespace etalon::config {
namespace {

std::size_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line) + 1;
}

// Builds the tree; after the first fault all further events are ignored.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!admit(mark, "", anchor)) return;
    YamlNode node;
    node.line = line_of(mark);
    place(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    reject(ErrorCode::unsupported, line_of(mark), "aliases are not accepted");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!admit(mark, tag, anchor)) return;
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.line = line_of(mark);
    node.quoted = tag == "!";  // yaml-cpp's mark of a quoted scalar
    node.text = value;
    place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::sequence, mark, tag, anchor);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }

  void OnMapEnd() override { close(); }

  Result<YamlNode> take() {
    if (error_) return tl::unexpected(*std::move(error_));
    return std::move(root_);
  }

  bool failed() const { return error_.has_value(); }

 private:
  void reject(ErrorCode code, std::size_t line, std::string message) {
    if (!error_) error_ = fail_line(code, "", line, std::move(message)).value();
  }

  bool admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) reject(ErrorCode::unsupported, line_of(mark), "anchors are not accepted");
    if (!tag.empty() && tag != "?" && tag != "!")
      reject(ErrorCode::unsupported, line_of(mark), "tags are not accepted");
    return !failed();
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (!admit(mark, tag, anchor)) return;
    if (open_.size() == max_yaml_depth) {
      reject(ErrorCode::limit, line_of(mark),
             "nested deeper than " + std::to_string(max_yaml_depth));
      return;
    }
    if (expects_key()) {
      reject(ErrorCode::malformed, line_of(mark), "a key must be text");
      return;
    }
    YamlNode node;
    node.kind = kind;
    node.line = line_of(mark);
    open_.push_back(std::move(node));
  }

  void close() {
    if (failed()) return;
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    place(std::move(node));
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::map &&
           open_.back().keys.size() == open_.back().items.size();
  }

  void place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (expects_key()) {
      place_key(node);
    } else {
      open_.back().items.push_back(std::move(node));
    }
  }

  void place_key(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) {
      reject(ErrorCode::malformed, node.line, "a key must be text");
      return;
    }
    auto& keys = open_.back().keys;
    const auto same = [&](const YamlNode::Key& key) { return key.text == node.text; };
    if (std::ranges::any_of(keys, same)) {
      error_ =
          fail_line(ErrorCode::malformed, printable(node.text), node.line, "the key appears twice")
              .value();
      return;
    }
    keys.push_back({.text = node.text, .line = node.line});
  }

  std::vector<YamlNode> open_;
  YamlNode root_;
  std::optional<Error> error_;
};

Result<YamlNode> parse(std::string_view text) {
  std::istringstream stream{std::string(text)};
  Builder builder;
  try {
    YAML::Parser parser(stream);
    (void)parser.HandleNextDocument(builder);
    Result<YamlNode> root = builder.take();
    if (!root) return root;
    Builder second;
    if (parser.HandleNextDocument(second))
      return fail(ErrorCode::malformed, "the file must hold one YAML document");
    return root;
  } catch (const YAML::Exception& error) {
    // The parser goes on after the builder has refused, and may give up for the same reason.
    if (builder.failed()) return builder.take();
    return fail_line(ErrorCode::malformed, "", line_of(error.mark), printable(error.msg));
  } catch (const std::exception& error) {
    return fail(ErrorCode::malformed, std::string("not YAML: ") + error.what());
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  if (kind != Kind::map) return nullptr;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].text == key) return &items[i];
  return nullptr;
}

std::string_view name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a value";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "unknown";
}

Result<YamlNode> parse_yaml(std::string_view text) {
  if (text.size() > max_yaml_size) {
    return fail(ErrorCode::limit, std::to_string(text.size()) + " bytes of YAML, at most " +
                                      std::to_string(max_yaml_size));
  }
  return parse(text);
}

tl::unexpected<Error> fail_line(ErrorCode code, std::string_view key, std::size_t line,
                                std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.field = key;
  if (line != 0) error.field += (key.empty() ? "line " : " at line ") + std::to_string(line);
  return tl::unexpected(std::move(error));
}

}  // namespace etalon::config
