// SPDX-License-Identifier: Apache-2.0
// Walks an image and brings home what a booted system would find: every path with its type, owner,
// and for files the digests. Folders, tar archives, initramfs images and UKIs give the same
// ImageTree for the same tree. Nothing is mounted or unpacked, no FIFO or device is opened, nothing
// is left out in silence: what cannot be read is an error, what a kernel would pass over a Finding.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/initramfs.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/uki/uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

// Told how far a walk is: bytes of the image read so far, of `total` where that is known and not 0.
// May be called from several threads at once.
using ReadProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct WalkOptions {
  std::vector<HashAlg> algs{};  // none: contents are not hashed
  unsigned jobs = 1;            // changes the time it takes and nothing else
  // Every file entry gets `facts`, from the same pass over its content. Costs nothing when off.
  bool inspect = false;
  std::uint64_t max_unpacked = default_max_unpacked;
  ReadProgress progress{};  // optional
};

enum class Format : std::uint8_t { directory, initramfs, tar, uki };

// "directory", "initramfs", "tar", "uki"
std::string_view name(Format format);

// What the bytes of a file are, by magic: compressed ones by what they unpack to. unsupported when
// it is none of them.
Result<Format> detect_format(ByteView file);

// All a walk brings home.
struct Walked {
  Format format = Format::directory;
  ImageTree tree{};
  std::vector<Segment> segments{};  // of an initramfs
  std::vector<Finding> findings{};
};

// A folder, as it lies on disk. Symlinks are read, never followed; other file systems mounted below
// belong to it. io error for anything that cannot be read or changes meanwhile.
Result<Walked> walk_directory(const std::string& path, const WalkOptions& options);
// An initramfs, as the kernel unpacks it (initramfs.hpp). malformed for a name with "..".
Result<Walked> walk_initramfs(ByteView image, const WalkOptions& options);
// A tar archive (ustar, pax, GNU), plain or compressed as an initramfs may be. malformed for data
// behind the end of the archive: another archive there would be one that nobody unpacks.
Result<Walked> walk_tar(ByteView image, const WalkOptions& options);
// The initramfs in the .initrd section of a UKI's first profile; not_found when it has none. Its
// findings begin with those of the UKI itself.
Result<Walked> walk_uki(ByteView file, const WalkOptions& options);

// What is odd about the PE file of a UKI; for one without initramfs, which cannot be walked.
std::vector<Finding> uki_findings(const uki::Uki& image);

// Any of them. A file is mapped, and must not change meanwhile.
Result<Walked> walk_image(const std::string& path, const WalkOptions& options);

}  // namespace etalon::image
