// SPDX-License-Identifier: Apache-2.0
// What Linux 6.12, init/initramfs.c, leaves behind, entry by entry: do_name(), do_symlink(),
// clean_path(), maybe_link(). Operations that fail there are passed over in silence; here each
// becomes a Finding. One difference: an entry whose folder is missing is kept, with a Finding.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "mkosi/image/hash_pool.hpp"
#include "mkosi/image/initramfs.hpp"
#include "mkosi/image/newc.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/tree_builder.hpp"
#include "mkosi/image/walk.hpp"
#include "mkosi/image/zstd_ring.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

// A crafted image can hold millions of odd entries; the count stays right beyond this.
constexpr std::size_t max_findings = 10'000;

// What the pool keeps to itself never makes the ring wait.
static_assert(HashPool::max_unshared * ZstdRing::max_piece_size < ZstdRing::slack);

class TreeSink final : public InitramfsSink {
 public:
  // `size` is the image's.
  TreeSink(HashPool& pool, const ReadProgress& progress, std::uint64_t size)
      : pool_(pool), progress_(progress), size_(size) {}

  Status entry(const NewcHeader& header, std::string_view name, std::string_view target) override {
    body_ = Body::drop;
    header_ = &header;
    auto path = ImagePath::parse(name);
    if (!path) {
      path.error().field = "name";
      path.error().offset = header.offset;
      return tl::unexpected(std::move(path).error());
    }
    path_ = *std::move(path);
    remember_link();
    if (path_.is_root()) return root();
    const auto place = builder_.locate(path_);
    if (!place) return pass_over(place.error());
    const auto type = type_of_mode(header.mode);
    if (!type) return no_type(*place);
    if (place->implied) {
      if (first_ != nullptr && is_first_) first_->no_folder = true;
      report_no_folder();
    }
    if (S_ISLNK(header.mode)) return symlink(*place, target);
    if (const auto found = builder_.at(*place); found && builder_.node(*found).type != *type) {
      if (const auto removed = builder_.remove(*place); !removed) {
        return pass_over(removed.error());
      }
    }
    if (*type == EntryType::file) return file(*place);
    if (*type == EntryType::directory) return directory(*place);
    return special(*place, *type);
  }

  Status data(ByteView part) override {
    if (body_ == Body::hash) pool_.update(part);
    return {};
  }

  Status end_of_file() override {
    if (body_ == Body::hash) pool_.end();
    return {};
  }

  Status trailer() override {
    links_.clear();
    return {};
  }

  Status skipped(const NewcHeader& header, std::string_view reason) override {
    add({.id = "skipped-entry",
         .message = "the kernel passes over this entry: " + std::string(reason),
         .offset = header.offset});
    return {};
  }

  std::span<std::byte> buffer() override { return pool_.buffer(); }

  void flush(std::shared_ptr<const void> keep) override { pool_.flush(std::move(keep)); }

  void reached(std::uint64_t position) override {
    if (progress_) progress_(position, size_);
  }

  std::vector<Finding> take_findings() {
    if (dropped_ > 0) {
      findings_.push_back({.id = "more-findings",
                           .message = std::to_string(dropped_) + " more entries like these"});
    }
    return std::move(findings_);
  }

  const TreeBuilder& builder() const { return builder_; }

 private:
  enum class Body : std::uint8_t { drop, hash };
  using LinkKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  struct FirstName {
    ImagePath path;
    bool no_folder = false;
  };

  // find_link(): the first name of a link group is remembered before anything is made for it, and
  // so also when nothing can be.
  void remember_link() {
    first_ = nullptr;
    is_first_ = true;
    const auto type = type_of_mode(header_->mode);
    if (header_->nlink < 2 || !type || *type == EntryType::directory ||
        *type == EntryType::symlink) {
      return;
    }
    const LinkKey key{header_->devmajor, header_->devminor, header_->ino, header_->mode & S_IFMT};
    const auto [first, fresh] = links_.try_emplace(key, FirstName{.path = path_});
    first_ = &first->second;
    is_first_ = fresh;
  }

  void add(Finding finding) {
    if (findings_.size() < max_findings)
      findings_.push_back(std::move(finding));
    else
      ++dropped_;
  }

  Status pass_over(std::string_view reason) {
    add({.id = "unplaced-entry",
         .path = path_.text(),
         .message = "the kernel cannot place this entry: " + std::string(reason),
         .offset = header_->offset});
    return {};
  }

  // The image may be one of several that a boot loader joins, so the entry is kept all the same.
  void report_no_folder() {
    add({.id = "no-folder",
         .path = path_.text(),
         .message = "no entry made its folder: the kernel passes over this entry, unless an image "
                    "before this one has the folder",
         .offset = header_->offset});
  }

  // Only its first name decides whether the file of a further name exists.
  void report_first_without_folder() {
    add({.id = "no-folder",
         .path = path_.text(),
         .message = "no entry made the folder of its first name, " + first_->path.text() +
                    ": the kernel passes over this entry, unless an image before this one has "
                    "that folder",
         .offset = header_->offset});
  }

  // clean_path() runs for any mode; nothing is made behind it.
  Status no_type(const TreeBuilder::Place& place) {
    const bool taken = builder_.at(place).has_value();
    if (const auto removed = builder_.remove(place); !removed) return pass_over(removed.error());
    return pass_over(taken ? "a mode that is no type; what had its name is gone"
                           : "a mode that is no type");
  }

  // mkdir("/") fails and does not matter; nothing else can take the root's place.
  Status root() { return S_ISDIR(header_->mode) ? Status{} : pass_over("the root is a folder"); }

  Node made(EntryType type) const {
    return {.type = type, .mode = header_->mode & 07777U, .uid = header_->uid, .gid = header_->gid};
  }

  void take_attributes(Node& node) const {
    node.mode = header_->mode & 07777U;
    node.uid = header_->uid;
    node.gid = header_->gid;
    node.implied = false;
  }

  // Whatever was there goes, also a symlink. An empty target, which symlink(2) refuses, is taken by
  // init_symlink(); such a link leads to its own folder.
  Status symlink(const TreeBuilder::Place& place, std::string_view target) {
    if (const auto removed = builder_.remove(place); !removed) return pass_over(removed.error());
    Node node = made(EntryType::symlink);
    node.target = target;
    return placed(builder_.insert(place, std::move(node)));
  }

  // An existing folder stays and takes the new owner and mode.
  Status directory(const TreeBuilder::Place& place) {
    if (const auto found = builder_.at(place)) {
      take_attributes(builder_.node(*found));
      return {};
    }
    return placed(builder_.insert(place, made(EntryType::directory)));
  }

  enum class Linked : std::uint8_t { no, yes, failed };

  // Later names of a link group become links to what the first name is by now, and take the place
  // of what has their name.
  Result<Linked> maybe_link(const TreeBuilder::Place& place) {
    if (is_first_) return Linked::no;
    if (const auto removed = builder_.remove(place); !removed) return Linked::failed;
    if (first_->path.is_root()) return Linked::failed;
    const auto old_place = builder_.locate(first_->path);
    const auto old = old_place ? builder_.at(*old_place) : std::nullopt;
    if (!old || builder_.node(*old).type == EntryType::directory) return Linked::failed;
    TRY(builder_.link(place, *old));
    if (first_->no_folder && !place.implied) report_first_without_folder();
    return Linked::yes;
  }

  Status file(const TreeBuilder::Place& place) {
    TRY_ASSIGN(const Linked linked, maybe_link(place));
    if (linked == Linked::failed) return pass_over("the file it is a hard link to is gone");
    auto id = builder_.at(place);
    if (!id) {
      TRY_ASSIGN(id, builder_.insert(place, made(EntryType::file)));
    }
    Node& node = builder_.node(*id);
    if (node.type != EntryType::file) return pass_over("the name it is a hard link to is no file");
    take_attributes(node);
    // Opened with O_TRUNC, except as a further link: there only a body truncates.
    if (linked == Linked::no || header_->filesize > 0) {
      node.size = header_->filesize;
      node.content.reset();
    }
    if (header_->filesize > 0) {
      node.content = pool_.begin();
      body_ = Body::hash;
    }
    return {};
  }

  // mknod() does not replace: a node of the same type stays as it is, but for owner and mode.
  Status special(const TreeBuilder::Place& place, EntryType type) {
    TRY_ASSIGN(const Linked linked, maybe_link(place));
    if (linked == Linked::failed) return pass_over("the entry it is a hard link to is gone");
    if (linked == Linked::yes) return {};
    if (const auto found = builder_.at(place)) {
      take_attributes(builder_.node(*found));
      return {};
    }
    Node node = made(type);
    if (type == EntryType::character || type == EntryType::block) {
      node.device = {.major = header_->rdevmajor, .minor = header_->rdevminor};
    }
    return placed(builder_.insert(place, std::move(node)));
  }

  static Status placed(const Result<TreeBuilder::NodeId>& id) {
    if (!id) return tl::unexpected(id.error());
    return {};
  }

  TreeBuilder builder_;
  HashPool& pool_;
  const ReadProgress& progress_;
  std::uint64_t size_;
  std::map<LinkKey, FirstName> links_;
  FirstName* first_ = nullptr;  // of the entry's link group, when it has one
  bool is_first_ = true;        // the entry is that first name, or in no group
  std::vector<Finding> findings_;
  std::size_t dropped_ = 0;
  const NewcHeader* header_ = nullptr;
  ImagePath path_;
  Body body_ = Body::drop;
};

}  // namespace

Result<Walked> walk_initramfs(ByteView image, const WalkOptions& options) {
  HashPool pool(options.algs, options.jobs, options.inspect ? elf::Inspect::yes : elf::Inspect::no);
  TreeSink sink(pool, options.progress, image.size());
  TRY_ASSIGN(auto segments, unpack_initramfs(image, sink, options.max_unpacked, options.jobs));
  const std::vector<DigestSet> digests = pool.finish();
  TRY_ASSIGN(const InspectedContents inspected, pool.inspected());
  return Walked{.format = Format::initramfs,
                .tree = sink.builder().build(digests, pool.heads(), pool.empty(), inspected),
                .segments = std::move(segments),
                .findings = sink.take_findings()};
}

}  // namespace etalon::image
