// SPDX-License-Identifier: Apache-2.0
// Grammar: "#!" blank* interpreter (blank+ argument)? blank* newline
//   blank        0x20 | 0x09
//   interpreter  bytes but blank, newline, NUL
//   argument     bytes but newline, NUL: all the rest of the line is one argument
// The kernel looks at 256 bytes, padded with NULs where the file is shorter. Without a newline
// before the first NUL in them, the line may be cut off: the interpreter must then be followed by a
// blank or NUL, and the line ends at byte 255. A file that ends in a blank behind the interpreter
// and has no newline gets an empty argument: there the blank is followed by the NUL of the padding.
#include "mkosi/image/elf/shebang.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

constexpr std::string_view magic = "#!";
constexpr std::size_t last = script_head_size - 1;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The file's first bytes, with the kernel's two ways to look for something from one byte up to and
// including another.
class Head {
 public:
  explicit Head(ByteView file) {
    const auto text = as_text(file.first(std::min(file.size(), bytes_.size())));
    std::ranges::copy(text, bytes_.begin());
  }

  char at(std::size_t i) const { return bytes_[i]; }

  std::optional<std::size_t> not_blank(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i <= to; ++i) {
      if (!is_blank(bytes_[i])) return i;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> blank_or_nul(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i <= to; ++i) {
      if (is_blank(bytes_[i]) || bytes_[i] == '\0') return i;
    }
    return std::nullopt;
  }

  // The newline before any NUL.
  std::optional<std::size_t> newline() const {
    const std::string_view text(bytes_.data(), bytes_.size());
    const std::size_t found = text.substr(0, text.find('\0')).find('\n');
    return found == std::string_view::npos ? std::nullopt : std::optional(found);
  }

  // From `from` to before `to`, or to a NUL.
  std::string text(std::size_t from, std::size_t to) const {
    const std::string_view part = std::string_view(bytes_.data(), bytes_.size()).substr(0, to);
    return std::string(part.substr(from, part.find('\0', from) - from));
  }

 private:
  std::array<char, script_head_size> bytes_{};
};

// Where the line ends: at its newline, or at the last byte when it need not be whole.
Result<std::size_t> line_end(const Head& head) {
  if (const auto newline = head.newline()) return *newline;
  const auto name = head.not_blank(magic.size(), last);
  if (!name) return fail(ErrorCode::malformed, "only blanks behind #!");
  if (!head.blank_or_nul(*name, last)) {
    return fail(ErrorCode::malformed, "an interpreter that does not end in the first " +
                                          std::to_string(script_head_size) + " bytes");
  }
  return last;
}

}  // namespace

bool is_script(ByteView file) {
  return as_text(file).starts_with(magic);
}

Result<Shebang> read_shebang(ByteView file) {
  if (!is_script(file)) return fail(ErrorCode::malformed, "does not begin with #!");
  const Head head(file);
  TRY_ASSIGN(std::size_t end, line_end(head));
  while (is_blank(head.at(end - 1)))  // ends at the '!' at the latest
    --end;
  const auto name = head.not_blank(magic.size(), end);
  if (!name || *name == end) return fail(ErrorCode::malformed, "no interpreter behind #!");
  const auto separator = head.blank_or_nul(*name, end);
  Shebang line{.interpreter = head.text(*name, separator.value_or(end))};
  // The kernel would go on to open "", which leads to a folder at best.
  if (line.interpreter.empty()) return fail(ErrorCode::malformed, "an empty interpreter behind #!");
  if (!separator || head.at(*separator) == '\0') return line;
  const auto argument = head.not_blank(*separator, end);
  if (argument) line.argument = head.text(*argument, end);
  return line;
}

}  // namespace etalon::elf
