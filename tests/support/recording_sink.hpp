// SPDX-License-Identifier: Apache-2.0
// Writes down what an initramfs reader hands on, one line per call, so that a test compares text.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mkosi/image/initramfs.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {

class RecordingSink final : public image::InitramfsSink {
 public:
  explicit RecordingSink(std::size_t buffer_size = 4096) : buffer_(buffer_size) {}

  Status entry(const image::NewcHeader& header, std::string_view name,
               std::string_view target) override {
    text_ += octal(header.mode) + " " + printable(name);
    if (!target.empty()) text_ += " -> " + printable(target);
    text_ += "\n";
    return {};
  }

  Status data(ByteView part) override {
    body_ += as_text(part);
    return {};
  }

  Status end_of_file() override {
    text_ += "  " + (body_.size() > 40 ? std::to_string(body_.size()) + " bytes" : body_) + "\n";
    body_.clear();
    return {};
  }

  Status trailer() override {
    text_ += "trailer\n";
    return {};
  }

  Status skipped(const image::NewcHeader& header, std::string_view reason) override {
    text_ += "skipped at " + std::to_string(header.offset) + ": " + std::string(reason) + "\n";
    return {};
  }

  std::span<std::byte> buffer() override { return buffer_; }

  void flush(std::shared_ptr<const void> /*keep*/) override {}

  const std::string& text() const { return text_; }

 private:
  static std::string octal(unsigned mode) {
    std::string digits;
    for (; mode != 0; mode >>= 3U)
      digits.insert(digits.begin(), static_cast<char>('0' + (mode & 7U)));
    return digits.empty() ? "0" : digits;
  }

  Bytes buffer_;
  std::string body_;
  std::string text_;
};

}  // namespace etalon::test
