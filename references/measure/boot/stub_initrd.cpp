// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/stub_initrd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/stub_cpio.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::measure {
namespace {

constexpr std::size_t alignment = 4;
constexpr std::uint32_t section_mode = 0444;

// A section as it is, or an archive.
struct Member {
  std::string name{};
  uki::Content section{};
  std::optional<StubArchive> archive{};
  Bytes content{};  // of the file in an archive of one section

  std::size_t size() const { return archive ? archive->size() : section.size(); }
};

// A copy would leave the archive looking at the content it was copied from.
static_assert(std::is_nothrow_move_constructible_v<Member>);

Member section_member(const InitrdMember& row, const uki::Content& section) {
  Member member{.name = std::string(row.path.empty() ? row.section : row.path), .section = section};
  if (row.path.empty()) return member;
  member.content = section.copy();
  const std::size_t slash = row.path.rfind('/');
  member.archive.emplace(row.path.substr(0, slash));
  member.archive->add(row.path.substr(slash + 1), section_mode, member.content);
  return member;
}

std::vector<Member> collect(const StubProfile& stub, const uki::Uki& image,
                            std::span<const Sidecar> sidecars) {
  std::vector<Member> members;
  for (const InitrdMember& row : stub.initrd) {
    if (row.sidecar != SidecarKind::none) {
      const auto found = std::ranges::find(sidecars, row.sidecar, &Sidecar::kind);
      if (found == sidecars.end()) continue;
      members.push_back(
          {.name = std::string(shape_of(row.sidecar).folder), .archive = archive_of(*found)});
      continue;
    }
    const uki::Content* section = image.find(row.section);
    if (section != nullptr && section->size() != 0)
      members.push_back(section_member(row, *section));
  }
  return members;
}

void feed(MultiHasher& hasher, const Member& member) {
  if (member.archive)
    member.archive->feed(hasher);
  else
    update(hasher, member.section);
}

}  // namespace

StubArchive archive_of(const Sidecar& sidecar) {
  const SidecarShape& shape = shape_of(sidecar.kind);
  StubArchive archive(shape.folder, shape.folder_mode);
  for (const EspFile* file : sidecar.files)
    archive.add(esp_file_name(*file), shape.file_mode, file->bytes);
  return archive;
}

std::optional<StubInitrd> hash_stub_initrd(const StubProfile& stub, const uki::Uki& image,
                                           std::span<const Sidecar> sidecars,
                                           std::span<const HashAlg> algs) {
  const std::vector<Member> members = collect(stub, image, sidecars);
  if (members.empty()) return std::nullopt;
  static constexpr std::array<std::byte, alignment> zeros{};
  StubInitrd initrd;
  MultiHasher hasher(algs);
  for (const Member& each : members) {
    feed(hasher, each);
    const std::size_t over = each.size() % alignment;
    if (members.size() > 1 && over != 0) hasher.update(ByteView(zeros).first(alignment - over));
    initrd.members.push_back(each.name);
  }
  initrd.digests = hasher.finish();
  return initrd;
}

}  // namespace etalon::measure
