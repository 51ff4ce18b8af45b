// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/path.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/result.hpp"

namespace etalon::image {

std::vector<std::string_view> path_components(std::string_view path) {
  std::vector<std::string_view> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, slash);
    if (!component.empty() && component != ".") components.push_back(component);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

Result<ImagePath> ImagePath::parse(std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    return fail(ErrorCode::malformed, "path holds a NUL byte");
  std::string text;
  for (const std::string_view component : path_components(name)) {
    if (component == "..") {
      return fail(ErrorCode::malformed, "path '" + printable(name) + "' holds '..'");
    }
    text += '/';
    text += component;
  }
  return text.empty() ? ImagePath() : ImagePath(std::move(text));
}

ImagePath ImagePath::child(std::string_view name) const {
  std::string text = is_root() ? std::string() : text_;
  text += '/';
  text += name;
  return ImagePath(std::move(text));
}

std::string ima_spelling(std::string_view path) {
  std::string spelling(path);
  std::ranges::replace(spelling, ' ', '_');
  return spelling;
}

}  // namespace etalon::image
