// SPDX-License-Identifier: Apache-2.0
// Paths inside an image. They are bytes, not text: any byte but NUL and '/' may stand in a name.
// An ImagePath is absolute and normal: it starts with '/', has no empty, "." or ".." component and
// no '/' at its end, except the root itself, "/".
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/result.hpp"

namespace etalon::image {

class ImagePath {
 public:
  ImagePath() : text_("/") {}

  // A name as archives and people spell it: "usr/bin/x", "./usr/bin/x", "/usr//bin/x". A ".."
  // component and a NUL are malformed: no tool that packs a tree writes them, and following them
  // would let one entry stand for another.
  static Result<ImagePath> parse(std::string_view name);

  const std::string& text() const { return text_; }

  bool is_root() const { return text_.size() == 1; }

  // The path of `name`, one valid component, in this folder.
  ImagePath child(std::string_view name) const;

  auto operator<=>(const ImagePath&) const = default;

 private:
  explicit ImagePath(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// The components that matter to a walk: neither empty nor ".". ".." stays.
std::vector<std::string_view> path_components(std::string_view path);

// The path as an IMA list spells it: every 0x20 becomes '_', all other bytes stay (Linux 6.12,
// ima_template_lib.c).
std::string ima_spelling(std::string_view path);

}  // namespace etalon::image
