// SPDX-License-Identifier: Apache-2.0
// Result<T> is how every function that can fail on input answers: a value or an Error that knows
// the file, the structure, the field and the offset. An Error is built where the fault is seen and
// gains context while it travels up; only programs print it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace etalon {

enum class ErrorCode : std::uint8_t {
  malformed,    // the bytes contradict their format
  truncated,    // the bytes end too early
  unsupported,  // well formed, but a version or feature we do not know
  limit,        // larger than a cap we set ourselves
  not_found,    // something asked for is absent
  mismatch,     // two things that must be equal are not
  crypto,       // a signature or key is bad
  io,           // the operating system refused
  usage,        // the caller asked for something impossible
};

// The name of a code in JSON output: "malformed", "truncated", …
std::string_view name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::malformed;
  std::string message;
  std::string field;                    // the field being read, may be empty or the input's name
  std::optional<std::uint64_t> offset;  // bytes from the start of the file or structure
  std::vector<std::string> context;     // structures, innermost first; may hold names of the input
  std::string file;                     // may be empty

  // The structures, outermost first, joined by ": " and made printable.
  std::string structure() const;
  // "FILE: STRUCTURE: FIELD at OFFSET: message", leaving out what is not known. One line whatever
  // the input calls its parts; what a message quotes is the message's to make printable.
  std::string text() const;
};

template <class T>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;
  using Base::Base;

  // NOLINTNEXTLINE(google-explicit-constructor): a plain expected is a Result, as in monadic chains
  Result(Base base) : Base(std::move(base)) {}
};

using Status = Result<void>;

// Builds the failure branch of any Result.
tl::unexpected<Error> fail(ErrorCode code, std::string message);
tl::unexpected<Error> fail_at(ErrorCode code, std::string_view field, std::uint64_t offset,
                              std::string message);

// Adds the enclosing structure, raw where the input names it, to a failure on its way up.
template <class T>
Result<T> in(Result<T> result, std::string_view structure) {
  if (!result) result.error().context.emplace_back(structure);
  return result;
}

// Names the file of a failure that does not name one yet.
template <class T>
Result<T> in_file(Result<T> result, std::string_view file) {
  if (!result && result.error().file.empty()) result.error().file = file;
  return result;
}

// Text that came from input, made fit for one line of a message: bytes outside printable ASCII and
// the backslash become \xNN.
std::string printable(std::string_view text);

}  // namespace etalon

// NOLINTBEGIN(bugprone-macro-parentheses): declarations cannot stand in parentheses
#define ETALON_TRY_NAME2(line) try_result_##line
#define ETALON_TRY_NAME(line) ETALON_TRY_NAME2(line)
#define ETALON_TRY_ASSIGN(decl, expr, name)                  \
  auto name = (expr);                                        \
  if (!name) return tl::unexpected(std::move(name).error()); \
  decl = *std::move(name)
// NOLINTEND(bugprone-macro-parentheses)

// TRY(status_expression); returns the error to the caller.
#define TRY(expr)                                           \
  do {                                                      \
    if (auto try_status = (expr); !try_status)              \
      return tl::unexpected(std::move(try_status).error()); \
  } while (false)
// TRY_ASSIGN(const auto x, result_expression); declares x or returns the error to the caller.
#define TRY_ASSIGN(decl, expr) ETALON_TRY_ASSIGN(decl, expr, ETALON_TRY_NAME(__LINE__))
