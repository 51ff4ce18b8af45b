// SPDX-License-Identifier: Apache-2.0
// The SAX half of nlohmann-json drives our own value type, so that limits hold while the text is
// read and not after. This is the only file that sees the library.
#include <cstddef>
#include <cstdint>
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

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return add(Json()); }

  bool boolean(bool value) override { return add(Json(value)); }

  bool number_integer(std::int64_t value) override {
    if (value < -max_integer) return refuse("integer beyond 2^53");
    return add(Json(value));
  }

  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(max_integer)) return refuse("integer beyond 2^53");
    return add(Json(value));
  }

  bool number_float(double /*value*/, const std::string& text) override {
    return refuse("number is not an integer: " + printable(text));
  }

  bool string(std::string& text) override { return add(Json(std::move(text))); }

  bool binary(nlohmann::json::binary_t& /*value*/) override { return refuse("binary value"); }

  bool start_object(std::size_t /*size*/) override { return open(Json(Json::Object{})); }

  bool key(std::string& name) override {
    const Json::Object* members = open_.back().object();
    ETALON_ASSERT(members != nullptr);
    if (members->contains(name)) {
      return refuse("member '" + printable(name) + "' appears twice");
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

  Result<Json> take() {
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(root_);
  }

 private:
  bool refuse(std::string message) {
    error_ = fail(ErrorCode::malformed, std::move(message)).value();
    return false;
  }

  bool open(Json container) {
    if (open_.size() == max_json_depth) {
      error_ =
          fail(ErrorCode::limit, "nested deeper than " + std::to_string(max_json_depth)).value();
      return false;
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

  Json root_;
  std::vector<Json> open_;
  std::vector<std::string> names_;  // the pending member name of each open container
  std::optional<Error> error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Builder builder;
  // The reader skips a byte order mark; RFC 8785 output has none, and neither may its input.
  if (text.starts_with("\xef\xbb\xbf")) {
    return in(Result<Json>(fail_at(ErrorCode::malformed, "", 0, "byte order mark")), "JSON");
  }
  (void)nlohmann::json::sax_parse(text, &builder);
  return in(builder.take(), "JSON");
}

}  // namespace etalon
