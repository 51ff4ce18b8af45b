// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tar_xattr.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <tl/expected.hpp>

#include "mkosi/image/tar_source.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

struct FreeReader {
  void operator()(archive* a) const { (void)archive_read_free(a); }
};

struct FreeWriter {
  void operator()(archive* a) const { (void)archive_write_free(a); }
};

constexpr std::array<std::byte, 65536> zeros{};

tl::unexpected<Error> archive_failure(archive* a, ErrorCode code) {
  const char* text = archive_error_string(a);
  return fail(code, text == nullptr ? "not a tar archive" : printable(text));
}

bool is_file(archive_entry* entry) {
  return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
}

// One pass over the entries and their contents.
class Pass {
 public:
  Pass(ByteView image, std::uint64_t max_unpacked)
      : source_(image, max_unpacked), archive_(archive_read_new()), left_(max_unpacked) {}

  Status open() {
    (void)archive_read_support_format_tar(archive_.get());
    if (archive_read_open(archive_.get(), this, nullptr, &Pass::read, nullptr) != ARCHIVE_OK) {
      return failure();
    }
    return {};
  }

  // Nothing at the end.
  Result<archive_entry*> next() {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(archive_.get(), &entry);
    if (code == ARCHIVE_EOF) {
      TRY(source_.expect_nothing_behind(
          static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0))));
      return nullptr;
    }
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure();
    return entry;
  }

  // Holes come as zeros.
  Status content(archive_entry* entry, const WritePiece& take) {
    const auto size =
        static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
    std::uint64_t done = 0;
    while (true) {
      const void* data = nullptr;
      std::size_t length = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(archive_.get(), &data, &length, &offset);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK) return failure();
      const auto at = static_cast<std::uint64_t>(offset);
      if (offset < 0 || at < done || at > size || length > size - at) {
        return fail(ErrorCode::malformed, "data outside the file's size");
      }
      TRY(fill(at - done, take));
      TRY(pass_on({static_cast<const std::byte*>(data), length}, take));
      done = at + length;
    }
    return fill(size - done, take);
  }

 private:
  static la_ssize_t read(archive* /*archive*/, void* self, const void** data) {
    auto& pass = *static_cast<Pass*>(self);
    auto piece = pass.source_.next();
    if (!piece) {
      pass.source_error_ = std::move(piece).error();
      return -1;
    }
    *data = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }

  tl::unexpected<Error> failure() const {
    if (source_error_) return tl::unexpected(*source_error_);
    return archive_failure(archive_.get(), ErrorCode::malformed);
  }

  Status pass_on(ByteView piece, const WritePiece& take) {
    if (piece.size() > left_) {
      return fail(ErrorCode::limit, "its files are larger than --max-unpacked allows");
    }
    left_ -= piece.size();
    return take(piece);
  }

  Status fill(std::uint64_t size, const WritePiece& take) {
    while (size > 0) {
      const std::size_t part = std::min<std::uint64_t>(size, zeros.size());
      TRY(pass_on(ByteView(zeros).first(part), take));
      size -= part;
    }
    return {};
  }

  TarSource source_;
  std::optional<Error> source_error_{};
  std::unique_ptr<archive, FreeReader> archive_;
  std::uint64_t left_;
};

class Writer {
 public:
  explicit Writer(const WritePiece& write) : write_(write), archive_(archive_write_new()) {}

  Status open() {
    archive* a = archive_.get();
    const bool good =
        archive_write_set_format_pax_restricted(a) == ARCHIVE_OK &&
        archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY") == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(a, 10240) == ARCHIVE_OK &&
        archive_write_open(a, this, nullptr, &Writer::write, nullptr) == ARCHIVE_OK;
    return good ? Status() : failure();
  }

  Status header(archive_entry* entry) {
    const int code = archive_write_header(archive_.get(), entry);
    return code == ARCHIVE_OK || code == ARCHIVE_WARN ? Status() : failure();
  }

  Status data(ByteView piece) {
    while (!piece.empty()) {
      const la_ssize_t took = archive_write_data(archive_.get(), piece.data(), piece.size());
      if (took <= 0) return failure();
      piece = piece.subspan(static_cast<std::size_t>(took));
    }
    return {};
  }

  Status close() {
    return archive_write_close(archive_.get()) == ARCHIVE_OK ? Status() : failure();
  }

 private:
  static la_ssize_t write(archive* /*archive*/, void* self, const void* data, std::size_t size) {
    auto& writer = *static_cast<Writer*>(self);
    auto done = writer.write_({static_cast<const std::byte*>(data), size});
    if (done) return static_cast<la_ssize_t>(size);
    writer.error_ = std::move(done).error();
    return -1;
  }

  tl::unexpected<Error> failure() const {
    if (error_) return tl::unexpected(*error_);
    return archive_failure(archive_.get(), ErrorCode::unsupported);
  }

  const WritePiece& write_;
  std::optional<Error> error_{};
  std::unique_ptr<archive, FreeWriter> archive_;
};

void set_xattr(archive_entry* entry, const std::string& name, const Bytes& value) {
  std::vector<std::pair<std::string, Bytes>> others;
  const char* found = nullptr;
  const void* data = nullptr;
  std::size_t size = 0;
  (void)archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &found, &data, &size) == ARCHIVE_OK) {
    if (found != nullptr && found != name) {
      others.emplace_back(found, to_bytes(ByteView(static_cast<const std::byte*>(data), size)));
    }
  }
  archive_entry_xattr_clear(entry);
  others.emplace_back(name, value);
  std::ranges::sort(others);
  for (const auto& [other, content] : others)
    archive_entry_xattr_add_entry(entry, other.c_str(), content.data(), content.size());
}

Result<std::vector<Bytes>> values_of(ByteView image, const TarXattr& how, ContentSum& sum) {
  Pass pass(image, how.max_unpacked);
  TRY(pass.open());
  std::vector<Bytes> values;
  while (true) {
    TRY_ASSIGN(archive_entry * entry, pass.next());
    if (entry == nullptr) return values;
    if (!is_file(entry)) continue;
    TRY(pass.content(entry, [&sum](ByteView piece) {
      sum.update(piece);
      return Status();
    }));
    TRY_ASSIGN(Bytes value, sum.value());
    values.push_back(std::move(value));
  }
}

using Values = std::span<const Bytes>;

// The next of the values goes to a file.
Status give_value(archive_entry* entry, const std::string& name, Values& left) {
  if (!is_file(entry)) return {};
  if (left.empty()) return fail(ErrorCode::io, "the archive changed meanwhile");
  set_xattr(entry, name, left.front());
  left = left.subspan(1);
  return {};
}

Status copy_entry(Pass& pass, Writer& writer, archive_entry* entry) {
  archive_entry_sparse_clear(entry);
  TRY(writer.header(entry));
  return pass.content(entry, [&writer](ByteView piece) { return writer.data(piece); });
}

Status copy(ByteView image, const TarXattr& how, Values values, const WritePiece& write) {
  Pass pass(image, how.max_unpacked);
  Writer writer(write);
  TRY(pass.open());
  TRY(writer.open());
  while (true) {
    TRY_ASSIGN(archive_entry * entry, pass.next());
    if (entry == nullptr) return writer.close();
    Status done = give_value(entry, how.name, values);
    if (done) done = copy_entry(pass, writer, entry);
    if (!done) return done;
  }
}

}  // namespace

Result<std::uint64_t> copy_tar_with_xattr(ByteView image, const TarXattr& how, ContentSum& sum,
                                          const WritePiece& write) {
  TRY_ASSIGN(const std::vector<Bytes> values, in(values_of(image, how, sum), "tar"));
  TRY(in(copy(image, how, values, write), "tar"));
  return std::uint64_t{values.size()};
}

}  // namespace etalon::image
