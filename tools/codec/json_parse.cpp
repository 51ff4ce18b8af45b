// SPDX-License-Identifier: Apache-2.0
// The SAX half of nlohmann-json drives our own value type, so that limits hold while the text is
// read and not after. This is the only file that sees the library.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "tools/base/assert.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon {
namespace {

constexpr std::int64_t max_integer = (std::int64_t{1} << 53U) - 1;

// Hands the text to the library and keeps how far it has read, which its SAX interface does not
// say.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(std::string_view text, std::size_t at, std::size_t& seen)
      : text_(text), at_(at), seen_(&seen) {}

  const char& operator*() const { return text_[at_]; }

  CountingIterator& operator++() {
    *seen_ = ++at_;
    return *this;
  }

  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  std::string_view text_;
  std::size_t at_;
  std::size_t* seen_;
};

bool is_of_number(char c) {
  return std::string_view("+-.0123456789eE").find(c) != std::string_view::npos;
}

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  Result<Json> parse() {
    (void)nlohmann::json::sax_parse(CountingIterator(text_, 0, seen_),
                                    CountingIterator(text_, text_.size(), seen_), this);
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(root_);
  }

  bool null() override { return add(Json()); }

  bool boolean(bool value) override { return add(Json(value)); }

  bool number_integer(std::int64_t value) override {
    if (value < -max_integer) return refuse(number_at(), "integer beyond 2^53");
    return add(Json(value));
  }

  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(max_integer))
      return refuse(number_at(), "integer beyond 2^53");
    return add(Json(value));
  }

  bool number_float(double /*value*/, const std::string& text) override {
    return refuse(number_at(), "number is not an integer: " + printable(text));
  }

  bool string(std::string& text) override { return add(Json(std::move(text))); }

  bool binary(nlohmann::json::binary_t& /*value*/) override {
    return refuse(seen_, "binary value");
  }

  bool start_object(std::size_t /*size*/) override { return open(Json(Json::Object{})); }

  bool key(std::string& name) override {
    const Json::Object* members = open_.back().object();
    ETALON_ASSERT(members != nullptr);
    if (members->contains(name)) {
      return refuse(name_at(), "member '" + printable(name) + "' appears twice");
    }
    names_.back() = std::move(name);
    return true;
  }

  bool end_object() override { return close(); }

  bool start_array(std::size_t /*size*/) override { return open(Json(Json::Array{})); }

  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    if (!error_) {
      error_ = fail_at(ErrorCode::malformed, "", position == 0 ? 0 : position - 1, "not valid JSON")
                   .value();
    }
    return false;
  }

 private:
  bool refuse(std::size_t at, std::string message, ErrorCode code = ErrorCode::malformed) {
    error_ = fail_at(code, "", at, std::move(message)).value();
    return false;
  }

  // Where the number starts of which at most one character more has been read.
  std::size_t number_at() const {
    std::size_t at = seen_;
    if (at > 0 && !is_of_number(text_[at - 1])) --at;
    while (at > 0 && is_of_number(text_[at - 1]))
      --at;
    return at;
  }

  // Where the member name starts whose last character has just been read: at the quote before that
  // no backslash stands, as before every quote within.
  std::size_t name_at() const {
    std::size_t at = seen_ - 1;
    do
      --at;
    while (at > 0 && (text_[at] != '"' || text_[at - 1] == '\\'));
    return at;
  }

  bool open(Json container) {
    if (open_.size() == max_json_depth) {
      return refuse(seen_ - 1, "nested deeper than " + std::to_string(max_json_depth),
                    ErrorCode::limit);
    }
    open_.push_back(std::move(container));
    names_.emplace_back();
    return true;
  }

  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    return add(std::move(done));
  }

  bool add(Json value) {
    if (++values_ > max_json_values) {
      return refuse(seen_ - 1, "more than " + std::to_string(max_json_values) + " values",
                    ErrorCode::limit);
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    if (Json::Array* array = open_.back().array()) {
      array->push_back(std::move(value));
      return true;
    }
    Json::Object* members = open_.back().object();
    ETALON_ASSERT(members != nullptr);
    members->emplace(std::move(names_.back()), std::move(value));
    return true;
  }

  std::string_view text_;
  std::size_t seen_ = 0;    // characters the library has read
  std::size_t values_ = 0;  // so far, of all kinds
  Json root_;
  std::vector<Json> open_;
  std::vector<std::string> names_;  // the pending member name of each open container
  std::optional<Error> error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  // The reader skips a byte order mark; RFC 8785 output has none, and neither may its input.
  if (text.starts_with("\xef\xbb\xbf")) {
    return in(Result<Json>(fail_at(ErrorCode::malformed, "", 0, "byte order mark")), "JSON");
  }
  return in(Builder(text).parse(), "JSON");
}

}  // namespace etalon
