// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/base/assert.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

enum class Style : std::uint8_t { canonical, pretty };

class Renderer {
 public:
  explicit Renderer(Style style) : style_(style) {}

  void render(const Json& value) {
    if (value.is_null()) {
      out_ += "null";
    } else if (const bool* boolean = value.boolean()) {
      out_ += *boolean ? "true" : "false";
    } else if (const std::int64_t* integer = value.integer()) {
      out_ += std::to_string(*integer);
    } else if (const std::string* text = value.string()) {
      render_text(*text);
    } else if (const Json::Array* array = value.array()) {
      render_array(*array);
    } else if (const Json::Object* object = value.object()) {
      render_object(*object);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void render_array(const Json::Array& array) {
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const Json& item : array) {
      separate(first);
      render(item);
      first = false;
    }
    close(first, ']');
  }

  void render_object(const Json::Object& object) {
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const auto& [member, value] : object) {
      separate(first);
      render_text(member);
      out_ += style_ == Style::pretty ? ": " : ":";
      render(value);
      first = false;
    }
    close(first, '}');
  }

  void separate(bool first) {
    if (!first) out_ += ',';
    if (style_ == Style::pretty) new_line();
  }

  void close(bool empty, char bracket) {
    --depth_;
    if (!empty && style_ == Style::pretty) new_line();
    out_ += bracket;
  }

  void new_line() {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  // RFC 8785, section 3.2.2.2: the short escapes, \u00xx for other controls, all else verbatim.
  void render_text(std::string_view text) {
    out_ += '"';
    for (const char c : text)
      render_char(c);
    out_ += '"';
  }

  void render_char(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      default:
        break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) {
      out_ += c;
    } else {
      out_ += "\\u00";
      out_ += digits[byte >> 4U];
      out_ += digits[byte & 0xfU];
    }
  }

  Style style_;
  std::size_t depth_ = 0;
  std::string out_;
};

tl::unexpected<Error> member_error(ErrorCode code, std::string_view member, std::string message) {
  auto error = fail(code, std::move(message));
  error.value().field = member;
  return error;
}

Result<const Json*> member_of(const Json& object, std::string_view member) {
  const Json* value = object.find(member);
  if (value == nullptr) return member_error(ErrorCode::not_found, member, "missing");
  return value;
}

}  // namespace

// A code point above 0xffff (UTF-8 lead byte 0xf0..) has code units 0xd800.., which sort before
// 0xe000..0xffff (lead bytes 0xee, 0xef); everything else sorts as its bytes do.
bool JsonNameOrder::operator()(std::string_view a, std::string_view b) const {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && a[i] == b[i])
    ++i;
  if (i == b.size()) return false;
  if (i == a.size()) return true;
  const auto x = static_cast<unsigned char>(a[i]);
  const auto y = static_cast<unsigned char>(b[i]);
  const bool x_high = x >= 0xee;
  const bool y_high = y >= 0xee;
  if (x_high && y_high && (x >= 0xf0) != (y >= 0xf0)) return x >= 0xf0;
  return x < y;
}

Json::Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {
  ETALON_ASSERT(value < (std::uint64_t{1} << 53U));
}

const bool* Json::boolean() const {
  return std::get_if<bool>(&value_);
}

const std::int64_t* Json::integer() const {
  return std::get_if<std::int64_t>(&value_);
}

const std::string* Json::string() const {
  return std::get_if<std::string>(&value_);
}

const Json::Array* Json::array() const {
  return std::get_if<Array>(&value_);
}

const Json::Object* Json::object() const {
  return std::get_if<Object>(&value_);
}

Json::Array* Json::array() {
  return std::get_if<Array>(&value_);
}

Json::Object* Json::object() {
  return std::get_if<Object>(&value_);
}

const Json* Json::find(std::string_view member) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto at = members->find(member);
  return at == members->end() ? nullptr : &at->second;
}

std::string Json::canonical() const {
  Renderer renderer(Style::canonical);
  renderer.render(*this);
  return renderer.take();
}

std::string Json::pretty() const {
  Renderer renderer(Style::pretty);
  renderer.render(*this);
  return renderer.take() + '\n';
}

Result<std::string> json_text(const Json& object, std::string_view member) {
  TRY_ASSIGN(const Json* value, member_of(object, member));
  if (value->string() == nullptr) return member_error(ErrorCode::malformed, member, "not a string");
  return *value->string();
}

Result<std::int64_t> json_integer(const Json& object, std::string_view member) {
  TRY_ASSIGN(const Json* value, member_of(object, member));
  if (value->integer() == nullptr) {
    return member_error(ErrorCode::malformed, member, "not an integer");
  }
  return *value->integer();
}

Result<const Json::Array*> json_array(const Json& object, std::string_view member) {
  TRY_ASSIGN(const Json* value, member_of(object, member));
  if (value->array() == nullptr) return member_error(ErrorCode::malformed, member, "not an array");
  return value->array();
}

Result<const Json::Object*> json_object(const Json& object, std::string_view member) {
  TRY_ASSIGN(const Json* value, member_of(object, member));
  if (value->object() == nullptr) {
    return member_error(ErrorCode::malformed, member, "not an object");
  }
  return value->object();
}

Result<std::string> json_text_or(const Json& object, std::string_view member,
                                 std::string_view fallback) {
  if (object.find(member) == nullptr) return std::string(fallback);
  return json_text(object, member);
}

Result<std::vector<std::string>> json_texts(const Json& object, std::string_view member) {
  std::vector<std::string> texts;
  if (object.find(member) == nullptr) return texts;
  TRY_ASSIGN(const Json::Array* items, json_array(object, member));
  for (const Json& item : *items) {
    if (item.string() == nullptr) {
      return member_error(ErrorCode::malformed, member, "not an array of strings");
    }
    texts.push_back(*item.string());
  }
  return texts;
}

}  // namespace etalon
