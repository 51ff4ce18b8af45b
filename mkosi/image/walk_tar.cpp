// SPDX-License-Identifier: Apache-2.0
// The one place that speaks to libarchive, and only for tar: its readers of other formats are never
// enabled, and it gets unpacked bytes. What libarchive warns about is kept as a Finding; contents
// it is unsure of are errors.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <tl/expected.hpp>

#include "mkosi/image/hash_pool.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tar_source.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/tree_builder.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

struct FreeArchive {
  void operator()(archive* a) const { (void)archive_read_free(a); }
};

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

class TarWalk {
 public:
  TarWalk(ByteView image, HashPool& pool, const WalkOptions& options)
      : source_(image, options.max_unpacked),
        archive_(archive_read_new()),
        pool_(pool),
        max_unpacked_(options.max_unpacked),
        progress_(options.progress) {}

  Status open() {
    archive* a = archive_.get();
    (void)archive_read_support_format_tar(a);
    if (archive_read_open(a, this, nullptr, &TarWalk::read, nullptr) != ARCHIVE_OK) {
      return failure();
    }
    return {};
  }

  Status run() {
    archive_entry* entry = nullptr;
    while (true) {
      const int code = archive_read_next_header(archive_.get(), &entry);
      if (code == ARCHIVE_EOF) return source_.expect_nothing_behind(unpacked());
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return failure();
      const auto name = text_or_empty(archive_entry_pathname(entry));
      if (code == ARCHIVE_WARN) warn(name);
      TRY(in(place(entry, name), "entry '" + std::string(name) + "'"));
      TRY(check_size(0));
    }
  }

  const TreeBuilder& builder() const { return builder_; }

  std::vector<Finding> take_findings() { return std::move(findings_); }

 private:
  struct Block {
    std::uint64_t offset = 0;  // in the file
    ByteView data{};
  };

  // libarchive's callback: the next piece, or -1 with the error kept for failure().
  static la_ssize_t read(archive* /*archive*/, void* self, const void** data) {
    auto& walk = *static_cast<TarWalk*>(self);
    auto piece = walk.source_.next();
    if (!piece) {
      walk.source_error_ = std::move(piece).error();
      return -1;
    }
    *data = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }

  tl::unexpected<Error> failure() const {
    if (source_error_) return tl::unexpected(*source_error_);
    const auto text = text_or_empty(archive_error_string(archive_.get()));
    const bool truncated = text.find("runcated") != std::string_view::npos;
    return fail(truncated ? ErrorCode::truncated : ErrorCode::malformed,
                text.empty() ? "not a tar archive" : printable(text));
  }

  // Names are bytes here and arrive as such; that libarchive cannot show one in the current locale
  // does not matter.
  void warn(std::string_view name) {
    const auto text = text_or_empty(archive_error_string(archive_.get()));
    if (text.find("can't be converted") != std::string_view::npos) return;
    findings_.push_back(
        {.id = "tar-warning", .path = std::string(name), .message = printable(text)});
  }

  // Bytes of the archive that libarchive has taken.
  std::uint64_t unpacked() const {
    return static_cast<std::uint64_t>(
        std::max<la_int64_t>(0, archive_filter_bytes(archive_.get(), 0)));
  }

  Status check_size(std::uint64_t more) {
    zeros_ += more;
    if (unpacked() <= max_unpacked_ && zeros_ <= max_unpacked_ - unpacked()) return {};
    return fail(ErrorCode::limit, "unpacks to more than " + std::to_string(max_unpacked_) +
                                      " bytes; --max-unpacked raises the limit");
  }

  Status place(archive_entry* entry, std::string_view name) {
    TRY_ASSIGN(const ImagePath path, ImagePath::parse(name));
    if (path.is_root()) return {};
    const auto place = builder_.locate(path);
    if (!place) return fail(ErrorCode::malformed, std::string(place.error()));
    if (const char* old = archive_entry_hardlink(entry)) return hard_link(entry, *place, old);
    const auto type = type_of_mode(archive_entry_mode(entry));
    if (!type) return fail(ErrorCode::unsupported, "an entry of unknown type");
    const auto found = builder_.at(*place);
    if (found && *type == EntryType::directory &&
        builder_.node(*found).type == EntryType::directory) {
      take_attributes(builder_.node(*found), entry);
      return {};
    }
    if (const auto removed = builder_.remove(*place); !removed) {
      return fail(ErrorCode::malformed, std::string(removed.error()));
    }
    TRY_ASSIGN(const auto id, builder_.insert(*place, made(entry, *type)));
    return *type == EntryType::file ? content(entry, id) : Status{};
  }

  static void take_attributes(Node& node, archive_entry* entry) {
    node.mode = archive_entry_mode(entry) & 07777U;
    node.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
    node.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
    node.implied = false;
  }

  static Node made(archive_entry* entry, EntryType type) {
    Node node{.type = type};
    take_attributes(node, entry);
    if (type == EntryType::symlink) node.target = text_or_empty(archive_entry_symlink(entry));
    if (type == EntryType::character || type == EntryType::block) {
      node.device = {.major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry)),
                     .minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry))};
    }
    return node;
  }

  std::optional<TreeBuilder::NodeId> find(const ImagePath& path) {
    if (path.is_root()) return std::nullopt;
    const auto place = builder_.locate(path);
    return place ? builder_.at(*place) : std::nullopt;
  }

  // The old name must stand before; a body, which pax allows, is the file's content once more.
  Status hard_link(archive_entry* entry, const TreeBuilder::Place& place, std::string_view old) {
    TRY_ASSIGN(const ImagePath old_path, ImagePath::parse(old));
    const auto id = find(old_path);
    if (!id || builder_.node(*id).type == EntryType::directory) {
      return fail(ErrorCode::malformed, "hard link to '" + printable(old) + "', which is no file");
    }
    if (builder_.at(place) != id) {
      if (const auto removed = builder_.remove(place); !removed) {
        return fail(ErrorCode::malformed, std::string(removed.error()));
      }
      TRY(builder_.link(place, *id));
    }
    const bool has_body = archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > 0;
    return has_body && builder_.node(*id).type == EntryType::file ? content(entry, *id) : Status{};
  }

  // libarchive hands out the stored parts of a sparse file; what lies between them, and behind the
  // last, reads as zeros.
  Status content(archive_entry* entry, TreeBuilder::NodeId id) {
    const auto size =
        static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
    builder_.node(id).size = size;
    if (size == 0) return {};
    builder_.node(id).content = pool_.begin();
    std::uint64_t done = 0;
    while (true) {
      TRY_ASSIGN(const auto block, next_block(size, done));
      if (!block) break;
      TRY(zeros(block->offset - done));
      pool_.update_copy(block->data);
      done = block->offset + block->data.size();
      TRY(check_size(0));
      report(block->data.size());
    }
    TRY(zeros(size - done));
    pool_.end();
    return {};
  }

  void report(std::size_t more) {
    read_ += more;
    if (progress_) progress_(read_, 0);
  }

  // The next stored part of a file of `size` bytes, of which `done` are behind; nothing at its end.
  Result<std::optional<Block>> next_block(std::uint64_t size, std::uint64_t done) {
    const void* data = nullptr;
    std::size_t length = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(archive_.get(), &data, &length, &offset);
    if (code == ARCHIVE_EOF) return std::nullopt;
    if (code != ARCHIVE_OK) return failure();
    const auto at = static_cast<std::uint64_t>(offset);
    if (offset < 0 || at < done || at > size || length > size - at) {
      return fail(ErrorCode::malformed, "data outside the file's size");
    }
    return Block{.offset = at, .data = {static_cast<const std::byte*>(data), length}};
  }

  Status zeros(std::uint64_t size) {
    TRY(check_size(size));
    pool_.update_zeros(size);
    return {};
  }

  TarSource source_;
  std::optional<Error> source_error_;
  std::unique_ptr<archive, FreeArchive> archive_;
  TreeBuilder builder_;
  HashPool& pool_;
  std::uint64_t max_unpacked_;
  const ReadProgress& progress_;
  std::uint64_t zeros_ = 0;  // bytes of holes
  std::uint64_t read_ = 0;   // bytes of content
  std::vector<Finding> findings_;
};

}  // namespace

Result<Walked> walk_tar(ByteView image, const WalkOptions& options) {
  HashPool pool(options.algs, options.jobs, options.inspect ? elf::Inspect::yes : elf::Inspect::no);
  TarWalk walk(image, pool, options);
  TRY(in(walk.open(), "tar"));
  TRY(in(walk.run(), "tar"));
  const std::vector<DigestSet> digests = pool.finish();
  TRY_ASSIGN(const InspectedContents inspected, pool.inspected());
  return Walked{.format = Format::tar,
                .tree = walk.builder().build(digests, pool.heads(), pool.empty(), inspected),
                .findings = walk.take_findings()};
}

}  // namespace etalon::image
