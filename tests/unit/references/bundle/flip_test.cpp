// SPDX-License-Identifier: Apache-2.0
// Every single bit of a small signed bundle, in both forms, and bits in every byte of its files on
// disk and of their names: a flip is refused or changes neither
// the payload nor anything that is said about it, and a flip in the payload, in a signature that
// counts or in a member is always refused.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "references/bundle/bundle.hpp"
#include "references/bundle/bundle_file.hpp"
#include "references/bundle/report.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
#include "tools/crypto/dsse.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::bundle {
namespace {

Questions asked() {
  return {.keys = {test::test_key("ed25519").public_key()},
          .time = *Utc::parse("2026-06-01T00:00:00Z"),
          .absent_members = AbsentMembers::refused};
}

Bundle small_bundle() {
  Bundle bundle = test::tiny_bundle();
  EXPECT_TRUE(crypto::sign(bundle.envelope, test::test_key("ed25519")).has_value());
  bundle.files.emplace("attachments/a", to_bytes("A"));
  return bundle;
}

// What a verifier answers to a bundle: nothing where it is refused, else all that it prints.
std::optional<std::string> answer(const Result<Bundle>& bundle, const Questions& questions) {
  if (!bundle) return std::nullopt;
  const auto report = check_bundle(*bundle, questions);
  if (!report || report->verdict != Verdict::pass) return std::nullopt;
  return report_json(*report).canonical() + std::string(as_text(bundle->envelope.payload));
}

// Byte ranges of `whole` that may never change: the base64 texts of payload and signature.
class Guarded {
 public:
  Guarded(std::string_view whole, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) {
      const std::size_t at = whole.find(part);
      EXPECT_NE(at, std::string_view::npos);
      ranges_.emplace_back(at, at + part.size());
    }
  }

  bool holds(std::size_t byte) const {
    for (const auto& [from, to] : ranges_) {
      if (byte >= from && byte < to) return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> ranges_;
};

template <class Read>
void flip_every_bit(Bytes bytes, const Guarded& guarded, Read read) {
  const Questions questions = asked();
  const auto before = answer(read(bytes), questions);
  ASSERT_TRUE(before.has_value());
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    const auto now = answer(read(bytes), questions);
    bytes[bit / 8] ^= mask;
    if (!now) ++refused;
    ASSERT_TRUE(!now || (*now == *before && !guarded.holds(bit / 8)))
        << "byte " << bit / 8 << " bit " << bit % 8;
  }
  EXPECT_GT(refused, bytes.size() * 4);
}

std::string between(const std::string& text, const std::string& from) {
  const std::size_t at = text.find(from) + from.size();
  return text.substr(at, text.find('"', at) - at);
}

TEST(BundleFlips, of_the_manifest_are_refused_or_change_nothing) {
  const Bundle bundle = small_bundle();
  const std::string envelope = crypto::render_envelope(bundle.envelope);
  const Guarded guarded(envelope,
                        {between(envelope, R"("payload":")"), between(envelope, R"("sig":")")});
  flip_every_bit(to_bytes(envelope), guarded, [&](const Bytes& bytes) -> Result<Bundle> {
    TRY_ASSIGN(auto parsed, crypto::parse_envelope(bytes));
    return Bundle{.envelope = std::move(parsed), .files = bundle.files};
  });
}

TEST(BundleFlips, of_the_tar_form_are_refused_or_change_nothing) {
  const Bundle bundle = small_bundle();
  const Bytes tar = *encode_tar(bundle);
  const std::string envelope = crypto::render_envelope(bundle.envelope);
  const Guarded guarded(
      as_text(tar), {between(envelope, R"("payload":")"), between(envelope, R"("sig":")"), "[]"});
  flip_every_bit(tar, guarded, [](const Bytes& bytes) { return decode_tar(bytes); });
}

// The files of a bundle on disk, by name, with the folders written as in a path.
std::vector<std::string> files_below(const std::string& root) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path().lexically_relative(root).generic_string());
    }
  }
  return files;
}

Result<Bundle> read_folder(const std::string& path) {
  TRY_ASSIGN(BundleFile file, read_bundle(path));
  return std::move(file.bundle);
}

// A byte a time: a file is written for each.
TEST(BundleFlips, of_the_files_of_a_folder_are_refused_or_change_nothing) {
  const test::TempFolder folder;
  const std::string path = folder / "b";
  ASSERT_TRUE(write_bundle(path, small_bundle()).has_value());
  const Questions questions = asked();
  const auto before = answer(read_folder(path), questions);
  ASSERT_TRUE(before.has_value());
  for (const std::string& file : files_below(path)) {
    const Bytes good = *read_file(path + "/" + file, crypto::max_envelope_size);
    for (std::size_t byte = 0; byte < good.size(); ++byte) {
      Bytes bytes = good;
      bytes[byte] ^= static_cast<std::byte>(1U << (byte % 8));
      std::ofstream(path + "/" + file) << as_text(bytes);
      const auto now = answer(read_folder(path), questions);
      ASSERT_TRUE(!now || (*now == *before && file != "files.json")) << file << " byte " << byte;
    }
    std::ofstream(path + "/" + file) << as_text(good);
  }
  EXPECT_EQ(answer(read_folder(path), questions), before);
}

// A member or manifest under another name is missing; an attachment may have any name it can have.
TEST(BundleFlips, of_the_names_in_a_folder_are_refused_but_for_attachments) {
  const test::TempFolder folder;
  const std::string path = folder / "b";
  ASSERT_TRUE(write_bundle(path, small_bundle()).has_value());
  const Questions questions = asked();
  const auto before = answer(read_folder(path), questions);
  for (const std::string& file : files_below(path)) {
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
      std::string name = file;
      name[bit / 8] = static_cast<char>(name[bit / 8] ^ (1U << (bit % 8)));
      if (name.find('\0') != std::string::npos) continue;
      const std::string to = path + "/" + name;
      std::filesystem::create_directories(std::filesystem::path(to).parent_path());
      std::filesystem::rename(path + "/" + file, to);
      const auto now = answer(read_folder(path), questions);
      ASSERT_TRUE(!now || (*now == *before && name.starts_with("attachments/"))) << name;
      std::filesystem::rename(to, path + "/" + file);
      for (std::string left = name; left.find('/') != std::string::npos;) {
        left.resize(left.rfind('/'));
        if (!file.starts_with(left + "/")) std::filesystem::remove(path + "/" + left);
      }
    }
  }
  EXPECT_EQ(answer(read_folder(path), questions), before);
}

TEST(BundleFlips, of_a_member_are_always_refused) {
  const Bundle bundle = small_bundle();
  const Questions questions = asked();
  for (const auto& [path, content] : bundle.files) {
    for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
      Bundle flipped = bundle;
      flipped.files[path][bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      EXPECT_EQ(answer(flipped, questions).has_value(), path == "attachments/a") << path;
    }
  }
}

}  // namespace
}  // namespace etalon::bundle
