// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle_file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/bundle/bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

constexpr std::size_t max_folder_depth = 8;

// "" or "eventlogs/" in front of a name.
using Prefix = std::string;

class FolderReader {
 public:
  explicit FolderReader(std::string root) : root_(std::move(root)) {}

  Status read(const Prefix& prefix, std::size_t depth) {
    if (depth > max_folder_depth) return fail(ErrorCode::limit, "folders nested too deeply");
    TRY_ASSIGN(const auto entries, list_folder(root_ + "/" + prefix));
    for (const FolderEntry& entry : entries)
      TRY(read_entry(prefix + entry.name, entry.kind, depth));
    return {};
  }

  Result<Bundle> take() {
    if (!have_manifest_) {
      return fail(ErrorCode::not_found, "no " + std::string(manifest_path));
    }
    return std::move(bundle_);
  }

 private:
  Status read_entry(const std::string& path, FolderEntry::Kind kind, std::size_t depth) {
    if (kind == FolderEntry::Kind::folder) {
      if (!classify_path(path + "/a")) {
        return fail(ErrorCode::malformed, "'" + printable(path) + "/' has no place in a bundle");
      }
      return read(path + "/", depth + 1);
    }
    if (kind != FolderEntry::Kind::file) {
      return fail(ErrorCode::malformed, "'" + printable(path) + "' is neither file nor folder");
    }
    TRY_ASSIGN(const PathKind path_kind, classify_path(path));
    if (++count_ > max_bundle_files) return fail(ErrorCode::limit, "too many files");
    TRY_ASSIGN(Bytes content, read_file(root_ + "/" + path, max_bundle_size - size_));
    size_ += content.size();
    if (path_kind == PathKind::manifest) {
      have_manifest_ = true;
      TRY_ASSIGN(bundle_.envelope, in_file(crypto::parse_envelope(content), root_ + "/" + path));
    } else {
      bundle_.files.emplace(path, std::move(content));
    }
    return {};
  }

  std::string root_;
  Bundle bundle_;
  bool have_manifest_ = false;
  std::size_t count_ = 0;
  std::uint64_t size_ = 0;
};

Result<Bundle> read_folder(const std::string& path) {
  FolderReader reader(path);
  TRY(reader.read("", 0));
  return reader.take();
}

// The first byte tells the two kinds of files apart: a manifest is a JSON object, and no path of a
// bundle starts with a brace.
Result<BundleFile> parse_file(ByteView content) {
  if (!content.empty() && content.front() == std::byte{'{'}) {
    TRY_ASSIGN(crypto::Envelope envelope, crypto::parse_envelope(content));
    return BundleFile{.form = Form::manifest_only,
                      .bundle = {.envelope = std::move(envelope), .files = {}}};
  }
  TRY_ASSIGN(Bundle bundle, decode_tar(content));
  return BundleFile{.form = Form::tar, .bundle = std::move(bundle)};
}

Status write_one(const std::string& root, const std::string& path, ByteView content) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    TRY(make_folder(root + "/" + path.substr(0, slash)));
  }
  return write_file_atomic(root + "/" + path, content);
}

Status check_layout(const Bundle& bundle) {
  for (const auto& [path, content] : bundle.files) {
    TRY_ASSIGN(const PathKind kind, classify_path(path));
    if (kind == PathKind::manifest) return fail(ErrorCode::usage, "a second manifest");
  }
  return {};
}

Status write_folder(const std::string& path, const Bundle& bundle) {
  return write_directory_atomic(path, [&](const std::string& folder) -> Status {
    for (const auto& [name, content] : bundle.files)
      TRY(write_one(folder, name, content));
    const std::string manifest = crypto::render_envelope(bundle.envelope);
    return write_one(folder, std::string(manifest_path), as_bytes(manifest));
  });
}

}  // namespace

Result<BundleFile> read_bundle(const std::string& path) {
  TRY_ASSIGN(const bool folder, is_folder(path));
  if (folder) {
    TRY_ASSIGN(Bundle bundle, in_file(in(read_folder(path), "bundle"), path));
    return BundleFile{.form = Form::folder, .bundle = std::move(bundle)};
  }
  TRY_ASSIGN(const Bytes content, read_file(path, max_bundle_size));
  return in_file(in(parse_file(content), "bundle"), path);
}

Form form_for(std::string_view path) {
  return path.ends_with(".tar") ? Form::tar : Form::folder;
}

Status write_bundle(const std::string& path, Form form, const Bundle& bundle) {
  TRY(in_file(check_layout(bundle), path));
  switch (form) {
    case Form::folder:
      return write_folder(path, bundle);
    case Form::manifest_only:
      return write_file_atomic(path, as_bytes(crypto::render_envelope(bundle.envelope)));
    case Form::tar:
      break;
  }
  TRY_ASSIGN(const Bytes tar, in_file(encode_tar(bundle), path));
  return write_file_atomic(path, tar);
}

Status update_bundle(const std::string& path, Form form, const Bundle& bundle,
                     const std::string& changed) {
  if (form != Form::folder) return write_bundle(path, form, bundle);
  TRY(in_file(check_layout(bundle), path));
  const auto at = bundle.files.find(changed);
  if (at != bundle.files.end()) return write_one(path, changed, at->second);
  return write_one(path, std::string(manifest_path),
                   as_bytes(crypto::render_envelope(bundle.envelope)));
}

Result<Bytes> encode_tar(const Bundle& bundle) {
  TRY(check_layout(bundle));
  const std::string manifest = crypto::render_envelope(bundle.envelope);
  std::vector<UstarEntry> entries = {
      {.name = std::string(manifest_path), .content = as_bytes(manifest)}};
  for (const auto& [path, content] : bundle.files)
    entries.push_back({.name = path, .content = content});
  return encode_ustar(entries);
}

// The manifest comes first, so that a reader of a stream may stop there; the rest is sorted.
Result<Bundle> decode_tar(ByteView tar) {
  TRY_ASSIGN(const auto entries, decode_ustar(tar, max_bundle_files));
  if (entries.empty() || entries.front().name != manifest_path) {
    return fail(ErrorCode::malformed, "does not start with " + std::string(manifest_path));
  }
  Bundle bundle;
  TRY_ASSIGN(bundle.envelope, in(crypto::parse_envelope(entries.front().content), manifest_path));
  std::string_view before;
  for (const UstarEntry& entry : std::span(entries).subspan(1)) {
    TRY_ASSIGN(const PathKind kind, classify_path(entry.name));
    if (kind == PathKind::manifest || entry.name <= before) {
      return fail(ErrorCode::malformed, "'" + entry.name + "' is out of order");
    }
    bundle.files.emplace(entry.name, to_bytes(entry.content));
    before = entry.name;
  }
  return bundle;
}

}  // namespace etalon::bundle
