// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/esp_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

constexpr std::size_t max_name = 255;

std::string lower(std::string_view text) {
  std::string folded(text);
  for (char& each : folded) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  return folded;
}

// "+3" or "+3-1" before the suffix: systemd-boot counts the attempts of a boot there.
std::string without_counter(std::string path) {
  const std::size_t dot = path.rfind('.');
  const std::size_t plus = path.rfind('+');
  if (dot == std::string::npos || plus == std::string::npos || plus > dot) return path;
  const std::string_view counter = std::string_view(path).substr(plus + 1, dot - plus - 1);
  const bool counts = !counter.empty() && std::ranges::all_of(counter, [](char each) {
    return (each >= '0' && each <= '9') || each == '-';
  });
  return counts ? path.erase(plus, dot - plus) : path;
}

enum class Place : std::uint8_t { beside, credentials, extensions, addons, elsewhere };

struct Folders {
  std::string beside;  // of the UKI, in lower case

  Place place(const EspFile& file) const {
    const std::size_t slash = file.path.rfind('/');
    const std::string folder = lower(file.path.substr(0, slash == std::string::npos ? 0 : slash));
    if (folder == beside) return Place::beside;
    if (folder == "loader/credentials") return Place::credentials;
    if (folder == "loader/extensions") return Place::extensions;
    if (folder == "loader/addons") return Place::addons;
    return Place::elsewhere;
  }
};

bool is_candidate(std::string_view name) {
  const bool ascii =
      std::ranges::all_of(name, [](char each) { return static_cast<unsigned char>(each) < 0x80; });
  return ascii && name.size() <= max_name && !name.empty() && name.front() != '.';
}

SidecarKind extension(const std::string& name, bool global, const StubProfile& stub) {
  if (!name.ends_with(".raw")) return SidecarKind::none;
  // before there were configuration extensions they were as good as any other
  if (!stub.confext || !name.ends_with(".confext.raw"))
    return global ? SidecarKind::global_sysext : SidecarKind::sysext;
  return global ? SidecarKind::global_confext : SidecarKind::confext;
}

SidecarKind kind_of(Place place, std::string_view file_name, const StubProfile& stub) {
  const std::string name = lower(file_name);
  switch (place) {
    case Place::beside:
      return name.ends_with(".cred") ? SidecarKind::credentials : extension(name, false, stub);
    case Place::credentials:
      return name.ends_with(".cred") ? SidecarKind::global_credentials : SidecarKind::none;
    case Place::extensions:
      return extension(name, true, stub);
    case Place::addons:
    case Place::elsewhere:
      break;
  }
  return SidecarKind::none;
}

// By UTF-16 code unit, which for ASCII is by byte.
void sort_by_name(std::vector<const EspFile*>& files) {
  std::ranges::sort(files, {}, [](const EspFile* file) { return esp_file_name(*file); });
}

Folders folders_of(std::string_view uki_path) {
  return {.beside = lower(without_counter(std::string(uki_path))) + ".extra.d"};
}

}  // namespace

bool may_matter_to_stub(std::string_view path) {
  const std::string folded = lower(path);
  return folded.starts_with("loader/") || folded.find(".extra.d/") != std::string::npos;
}

std::string_view esp_file_name(const EspFile& file) {
  const std::string_view path = file.path;
  return path.substr(path.rfind('/') + 1);
}

Result<std::vector<Sidecar>> select_sidecars(std::span<const EspFile> files,
                                             std::string_view uki_path, const StubProfile& stub) {
  const Folders folders = folders_of(uki_path);
  std::vector<Sidecar> sidecars;
  for (const InitrdMember& member : stub.initrd) {
    if (member.sidecar != SidecarKind::none) sidecars.push_back({.kind = member.sidecar});
  }
  for (const EspFile& each : files) {
    const std::string_view name = esp_file_name(each);
    if (!is_candidate(name)) continue;
    const SidecarKind kind = kind_of(folders.place(each), name, stub);
    const auto at = std::ranges::find(sidecars, kind, &Sidecar::kind);
    if (at == sidecars.end()) continue;
    if (each.bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::limit,
                  printable(each.path) + " is too large for the archive that the stub makes");
    }
    at->files.push_back(&each);
  }
  std::erase_if(sidecars, [](const Sidecar& each) { return each.files.empty(); });
  for (Sidecar& each : sidecars)
    sort_by_name(each.files);
  return sidecars;
}

AddonFiles select_addons(std::span<const EspFile> files, std::string_view uki_path,
                         const StubProfile& stub) {
  AddonFiles addons;
  if (stub.addons == Addons::ignored) return addons;
  const Folders folders = folders_of(uki_path);
  for (const EspFile& each : files) {
    const std::string_view name = esp_file_name(each);
    if (!is_candidate(name) || !lower(name).ends_with(".addon.efi")) continue;
    const Place place = folders.place(each);
    if (place == Place::addons) addons.global.push_back(&each);
    if (place == Place::beside) addons.own.push_back(&each);
  }
  sort_by_name(addons.global);
  sort_by_name(addons.own);
  return addons;
}

}  // namespace etalon::measure
