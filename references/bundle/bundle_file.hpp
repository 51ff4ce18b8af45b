// SPDX-License-Identifier: Apache-2.0
// Bundles on disk. Reading takes every file once, under a cap, and checks the layout before it
// looks at a content; nothing here trusts or verifies. Writing is atomic in both forms and gives
// the same bytes for the same bundle.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "references/bundle/bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::bundle {

enum class Form : std::uint8_t {
  folder,
  tar,            // one deterministic ustar file
  manifest_only,  // manifest.dsse.json by itself
};

struct BundleFile {
  Form form = Form::folder;
  Bundle bundle{};
};

inline constexpr std::uint64_t max_bundle_size = std::uint64_t{512} << 20U;
inline constexpr std::size_t max_bundle_files = 65536;

// A folder, a ustar file or a manifest.dsse.json. Errors name the file at fault.
Result<BundleFile> read_bundle(const std::string& path);

// tar where the name ends in ".tar", else a folder.
Form form_for(std::string_view path);

// Writes the whole bundle; what was at `path` is replaced in one step. As a folder it takes the
// place of an empty folder or of an earlier bundle only, as a file that of a regular file only;
// anything else is an io error and stays.
Status write_bundle(const std::string& path, Form form, const Bundle& bundle);

inline Status write_bundle(const std::string& path, const Bundle& bundle) {
  return write_bundle(path, form_for(path), bundle);
}

// Writes a bundle that was read from `path` back there, where only the file named `changed` is
// different: a folder is left as it is but for that file, and every file keeps its mode.
Status update_bundle(const std::string& path, Form form, const Bundle& bundle,
                     const std::string& changed);

// The tar form as bytes, and back.
Result<Bytes> encode_tar(const Bundle& bundle);
Result<Bundle> decode_tar(ByteView tar);

// The content of a file that is a bundle: the tar form or a lone envelope.
Result<BundleFile> parse_bundle(ByteView content);

}  // namespace etalon::bundle
