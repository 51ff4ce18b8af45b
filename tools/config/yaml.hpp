// SPDX-License-Identifier: Apache-2.0
// The YAML that configuration files may use: one document of maps, sequences and scalars. What
// makes such files ambiguous or explosive is refused: anchors and aliases, explicit tags, keys that
// are not scalars, repeated keys, several documents, depth and size beyond the caps. yaml-cpp stays
// behind this header, and so do its exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/result.hpp"

namespace etalon::config {

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };

  struct Key {
    std::string text{};
    std::size_t line = 0;
  };

  Kind kind = Kind::null;
  std::size_t line = 0;           // 1-based; where the node begins
  bool quoted = false;            // scalar: written in quotes
  std::string text{};             // scalar
  std::vector<Key> keys{};        // map: keys[i] belongs to items[i]
  std::vector<YamlNode> items{};  // sequence, map

  // The value of a key; nullptr when absent or not a map.
  const YamlNode* find(std::string_view key) const;
};

// "a map", "a list", …
std::string_view name(YamlNode::Kind kind);

inline constexpr std::size_t max_yaml_depth = 16;
inline constexpr std::size_t max_yaml_size = std::size_t{1} << 18U;  // bytes of text

// An empty text gives a null node. Errors name the line.
Result<YamlNode> parse_yaml(std::string_view text);

// An error about a key, or about a list item or a whole node when `key` says so: "boot at line 7".
tl::unexpected<Error> fail_line(ErrorCode code, std::string_view key, std::size_t line,
                                std::string message);

}  // namespace etalon::config
