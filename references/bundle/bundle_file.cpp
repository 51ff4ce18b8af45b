// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/bundle/bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

constexpr std::size_t max_folder_depth = 8;

class FolderReader {
 public:
  // `prefix` is "" or, like "eventlogs/", what stands in front of the names in `folder`.
  Status read(const Folder& folder, const std::string& prefix, std::size_t depth) {
    if (depth > max_folder_depth) return fail(ErrorCode::limit, "folders nested too deeply");
    TRY_ASSIGN(const auto entries, folder.entries());
    for (const FolderEntry& entry : entries) {
      const std::string path = prefix + entry.name;
      switch (entry.kind) {
        case FolderEntry::Kind::folder:
          TRY(read_folder(folder, entry.name, path, depth));
          break;
        case FolderEntry::Kind::file:
          TRY(read_file(folder, entry.name, path));
          break;
        case FolderEntry::Kind::other:
          return fail(ErrorCode::malformed, "'" + printable(path) + "' is neither file nor folder");
      }
    }
    return {};
  }

  Result<Bundle> take() {
    if (!have_manifest_) {
      return fail(ErrorCode::not_found, "no " + std::string(manifest_path));
    }
    return std::move(bundle_);
  }

 private:
  Status read_folder(const Folder& parent, const std::string& name, const std::string& path,
                     std::size_t depth) {
    if (!classify_path(path + "/a")) {
      return fail(ErrorCode::malformed, "'" + printable(path) + "/' has no place in a bundle");
    }
    TRY_ASSIGN(const Folder folder, parent.folder(name));
    return read(folder, path + "/", depth + 1);
  }

  Status read_file(const Folder& parent, const std::string& name, const std::string& path) {
    TRY_ASSIGN(const PathKind kind, classify_path(path));
    if (++count_ > max_bundle_files) return fail(ErrorCode::limit, "too many files");
    TRY_ASSIGN(Bytes content, parent.read_file(name, max_bundle_size - size_));
    size_ += content.size();
    if (kind == PathKind::manifest) {
      have_manifest_ = true;
      TRY_ASSIGN(bundle_.envelope,
                 in_file(crypto::parse_envelope(content), parent.path() + "/" + name));
    } else {
      bundle_.files.emplace(path, std::move(content));
    }
    return {};
  }

  Bundle bundle_;
  bool have_manifest_ = false;
  std::size_t count_ = 0;
  std::uint64_t size_ = 0;
};

Result<Bundle> read_folder(const std::string& path) {
  TRY_ASSIGN(const Folder folder, Folder::open(path));
  FolderReader reader;
  TRY(reader.read(folder, "", 0));
  return reader.take();
}

Status write_one(const std::string& folder, const std::string& name, ByteView content) {
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    TRY(make_folder(folder + "/" + name.substr(0, slash)));
  }
  return update_file_atomic(folder + "/" + name, content);
}

Status check_layout(const Bundle& bundle) {
  for (const auto& [path, content] : bundle.files) {
    TRY_ASSIGN(const PathKind kind, classify_path(path));
    if (kind == PathKind::manifest) return fail(ErrorCode::usage, "a second manifest");
  }
  return {};
}

// A folder is replaced with all it holds, so it has to be one that nobody misses: empty, or an
// earlier bundle. Only the top of it is looked at.
Status check_replaceable(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {};
  TRY_ASSIGN(const Folder folder, Folder::open(path));
  TRY_ASSIGN(const auto entries, folder.entries());
  const bool bundle = std::ranges::any_of(
      entries, [](const FolderEntry& entry) { return entry.name == manifest_path; });
  if (entries.empty() || bundle) return {};
  return in_file(Status(fail(ErrorCode::io, "cannot replace: holds files and is not a bundle")),
                 path);
}

Status write_folder(const std::string& path, const Bundle& bundle) {
  TRY(check_replaceable(path));
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
  return in_file(in(parse_bundle(content), "bundle"), path);
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
  TRY(in_file(check_layout(bundle), path));
  const std::string manifest = crypto::render_envelope(bundle.envelope);
  switch (form) {
    case Form::folder:
      break;
    case Form::manifest_only:
      return update_file_atomic(path, as_bytes(manifest));
    case Form::tar: {
      TRY_ASSIGN(const Bytes tar, in_file(encode_tar(bundle), path));
      return update_file_atomic(path, tar);
    }
  }
  const auto at = bundle.files.find(changed);
  if (at != bundle.files.end()) return write_one(path, changed, at->second);
  return write_one(path, std::string(manifest_path), as_bytes(manifest));
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

}  // namespace etalon::bundle
