// SPDX-License-Identifier: Apache-2.0
// Folders whose content is not to be trusted: one is held open while it is read, and what is below
// it is opened by its name in there and never through a link, so that nobody who swaps a file or a
// folder for a link in the meantime leads the reader elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon {

struct FolderEntry {
  enum class Kind : std::uint8_t { file, folder, other };  // other: links, devices, sockets, FIFOs
  std::string name{};
  Kind kind = Kind::other;

  bool operator==(const FolderEntry&) const = default;
};

class Folder {
 public:
  // `path` itself may be a link.
  static Result<Folder> open(const std::string& path);

  const std::string& path() const { return path_; }

  // What it holds, sorted by name, without "." and "..".
  Result<std::vector<FolderEntry>> entries() const;
  // A folder in it; io error where the name is a link.
  Result<Folder> folder(const std::string& name) const;
  // The content of a regular file in it; io error where the name is a link or anything else, limit
  // error beyond max_size bytes.
  Result<Bytes> read_file(const std::string& name, std::uint64_t max_size) const;

 private:
  Folder(std::string path, FileHandle handle)
      : path_(std::move(path)), handle_(std::move(handle)) {}

  std::string path_;
  FileHandle handle_;
};

// Whether `path`, through links, is a folder; io error where nothing is there.
Result<bool> is_folder(const std::string& path);
// Whether anything, be it a broken link, has this path.
bool is_there(const std::string& path);
// A symbolic link in the place of whatever link or file is there.
Status make_link(const std::string& path, const std::string& target);
// A folder of mode 0755 whatever the umask; one that is there already stays as it is.
Status make_folder(const std::string& path);

}  // namespace etalon
