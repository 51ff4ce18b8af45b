// SPDX-License-Identifier: Apache-2.0
// A UKI on disk, opened once for everything that is computed from it: its sections, the walked root
// in its .initrd, its digests, and what it says about itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mkosi/image/walk.hpp"
#include "mkosi/uki/uki.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::pipeline {

// What is computed from it is right only if file.check_unchanged() holds afterwards: measure() and
// predict_platforms() ask at their end.
struct UkiImage {
  MappedFile file;      // what the views in `uki` look at
  std::string name{};   // the file's name without its folder: how origins call it
  DigestSet digests{};  // of the file, SHA-256 and SHA-384
  uki::Uki uki{};
  image::Walked walked{};        // the root in .initrd, with the digests asked for
  std::string os{};              // PRETTY_NAME of .osrel, or its ID
  std::string kernel_release{};  // of .linux; empty when its header has none
  std::string cmdline{};         // of .cmdline, as the image's stub passes it on

  // What the root holds at this path, symlinked folders followed. A folder is `none`.
  PathKind kind_of(std::string_view path) const;
};

// What a UKI says about its kernel, read without its root.
struct UkiKernel {
  std::string release{};  // as above
  std::string cmdline{};
};

// Nothing for a folder or a file that is no UKI.
Result<std::optional<UkiKernel>> read_uki_kernel(const std::string& path);

// A path without its folder.
std::string file_name(std::string_view path);

// unsupported for an image that is no UKI, malformed when a text it is described by is not UTF-8;
// the UKI's own errors otherwise.
Result<UkiImage> open_uki_image(const std::string& path, const image::WalkOptions& options);

}  // namespace etalon::pipeline
