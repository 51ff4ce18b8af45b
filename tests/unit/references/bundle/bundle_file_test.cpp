// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle_file.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "references/bundle/bundle.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tests/support/source_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

using test::TempFolder;

Bundle signed_bundle() {
  Bundle bundle = test::fake_bundle();
  EXPECT_TRUE(crypto::sign(bundle.envelope, test::test_key("ed25519")).has_value());
  bundle.files.emplace("attachments/tsa/a.tsr", to_bytes("stamp"));
  return bundle;
}

struct stat status_of(const std::string& path) {
  struct stat info {};

  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info;
}

TEST(BundleFile, comes_back_from_each_form) {
  const TempFolder folder;
  const Bundle bundle = signed_bundle();
  for (const Form form : {Form::folder, Form::tar}) {
    const std::string path = folder / (form == Form::tar ? "b.etalon.tar" : "b");
    ASSERT_EQ(form_for(path), form);
    ASSERT_TRUE(write_bundle(path, bundle).has_value());
    const auto back = read_bundle(path);
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(back->form, form);
    EXPECT_EQ(back->bundle, bundle);
  }
  const auto lone = read_bundle(folder / "b/manifest.dsse.json");
  ASSERT_TRUE(lone.has_value());
  EXPECT_EQ(lone->form, Form::manifest_only);
  EXPECT_EQ(lone->bundle.envelope, bundle.envelope);
  EXPECT_TRUE(lone->bundle.files.empty());
}

TEST(BundleFile, is_the_same_bytes_whatever_the_umask) {
  const TempFolder folder;
  const Bundle bundle = signed_bundle();
  ASSERT_TRUE(write_bundle(folder / "a.tar", bundle).has_value());
  const mode_t before = ::umask(0077);
  const Status tar = write_bundle(folder / "b.tar", bundle);
  const Status plain = write_bundle(folder / "b", bundle);
  ::umask(before);
  ASSERT_TRUE(tar.has_value() && plain.has_value());
  EXPECT_EQ(*read_file(folder / "a.tar", 1 << 20), *read_file(folder / "b.tar", 1 << 20));
  EXPECT_EQ(status_of(folder / "b/attachments/tsa/a.tsr").st_mode & 07777U, 0644U);
  EXPECT_EQ(status_of(folder / "b/attachments/tsa").st_mode & 07777U, 0755U);
}

TEST(BundleFile, an_update_of_a_folder_touches_one_file) {
  const TempFolder folder;
  const std::string path = folder / "b";
  Bundle bundle = test::fake_bundle();
  ASSERT_TRUE(write_bundle(path, bundle).has_value());
  const auto files = status_of(path + "/files.json").st_ino;
  const auto manifest = status_of(path + "/manifest.dsse.json").st_ino;
  ASSERT_TRUE(crypto::sign(bundle.envelope, test::test_key("ed25519")).has_value());
  ASSERT_TRUE(update_bundle(path, Form::folder, bundle, "manifest.dsse.json").has_value());
  bundle.files.emplace("attachments/a", to_bytes("x"));
  ASSERT_TRUE(update_bundle(path, Form::folder, bundle, "attachments/a").has_value());
  EXPECT_EQ(status_of(path + "/files.json").st_ino, files);
  EXPECT_NE(status_of(path + "/manifest.dsse.json").st_ino, manifest);
  EXPECT_EQ(read_bundle(path)->bundle, bundle);
}

// A folder form that one more thing makes wrong.
class SpoiltFolder {
 public:
  SpoiltFolder() { EXPECT_TRUE(write_bundle(path(), test::fake_bundle()).has_value()); }

  std::string path() const { return folder_ / "b"; }

  std::string refusal(ErrorCode code = ErrorCode::malformed) const {
    const auto read = read_bundle(path());
    EXPECT_FALSE(read.has_value());
    if (read) return "";
    EXPECT_EQ(read.error().code, code);
    EXPECT_EQ(read.error().file, path());
    return read.error().message;
  }

 private:
  TempFolder folder_;
};

TEST(BundleFile, refuses_folders_with_anything_out_of_place) {
  const SpoiltFolder stray;
  ASSERT_TRUE(write_file_atomic(stray.path() + "/stray", {}));
  EXPECT_EQ(stray.refusal(), "'stray' has no place in a bundle");
  const SpoiltFolder folder;
  ASSERT_TRUE(make_folder(folder.path() + "/policy/sub"));
  EXPECT_EQ(folder.refusal(), "'policy/sub/' has no place in a bundle");
  const SpoiltFolder linked;
  ASSERT_EQ(::symlink("../files.json", (linked.path() + "/exports/link").c_str()), 0);
  EXPECT_EQ(linked.refusal(), "'exports/link' is neither file nor folder");
  const SpoiltFolder fifo;
  ASSERT_EQ(::mkfifo((fifo.path() + "/policy/fifo").c_str(), 0600), 0);
  EXPECT_EQ(fifo.refusal(), "'policy/fifo' is neither file nor folder");
  const SpoiltFolder bare;
  ASSERT_EQ(::unlink((bare.path() + "/manifest.dsse.json").c_str()), 0);
  EXPECT_EQ(bare.refusal(ErrorCode::not_found), "no manifest.dsse.json");
  const SpoiltFolder deep;
  std::string path = deep.path() + "/attachments";
  for (int i = 0; i < 9; ++i, path += "/d")
    ASSERT_TRUE(make_folder(path));
  EXPECT_EQ(deep.refusal(ErrorCode::limit), "folders nested too deeply");
}

TEST(BundleFile, refuses_a_folder_of_too_many_files) {
  const SpoiltFolder full;
  const std::string attachments = full.path() + "/attachments";
  ASSERT_TRUE(make_folder(attachments));
  for (std::size_t i = test::fake_members().size(); i < max_bundle_files; ++i)
    std::ofstream(attachments + "/" + std::to_string(i));
  EXPECT_EQ(full.refusal(ErrorCode::limit), "too many files");
}

TEST(BundleFile, refuses_more_bytes_than_the_cap) {
  const TempFolder folder;
  const std::string file = folder / "b.tar";
  std::ofstream(file).flush();
  std::filesystem::resize_file(file, max_bundle_size + 1);
  const auto large = read_bundle(file);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ErrorCode::limit);
  EXPECT_EQ(large.error().text(), file + ": larger than 536870912 bytes");
  // In a folder, what was read before counts: here four bytes of event logs.
  ASSERT_TRUE(write_bundle(folder / "b", test::fake_bundle()).has_value());
  std::filesystem::resize_file(folder / "b/exports/rego/policy.rego", max_bundle_size - 3);
  const auto sum = read_bundle(folder / "b");
  ASSERT_FALSE(sum.has_value());
  EXPECT_EQ(sum.error().code, ErrorCode::limit);
  EXPECT_EQ(sum.error().text(),
            folder / "b/exports/rego/policy.rego: bundle: larger than 536870908 bytes");
}

TEST(BundleFile, refuses_a_file_that_is_neither_an_envelope_nor_a_tar_file) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "b", as_bytes("hello")).has_value());
  const auto text = read_bundle(folder / "b");
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, ErrorCode::truncated);
  EXPECT_EQ(text.error().text(), folder / "b: bundle: ustar: header at 0: need 512 bytes, 5 left");
  ASSERT_TRUE(write_file_atomic(folder / "b", as_bytes(std::string(2048, 'x'))).has_value());
  const auto block = read_bundle(folder / "b");
  ASSERT_FALSE(block.has_value());
  EXPECT_EQ(block.error().code, ErrorCode::malformed);
  EXPECT_EQ(block.error().text(),
            folder / "b: bundle: ustar: header at 0: not in the canonical form");
}

// So that a member that was removed is reported as missing, not its folder as out of place.
TEST(BundleFile, an_empty_folder_of_the_layout_means_nothing) {
  const TempFolder folder;
  ASSERT_TRUE(write_bundle(folder / "b", test::fake_bundle()).has_value());
  ASSERT_TRUE(make_folder(folder / "b/attachments").has_value());
  const auto read = read_bundle(folder / "b");
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(read->bundle, test::fake_bundle());
}

TEST(BundleFile, names_a_bundle_that_is_not_there) {
  const TempFolder folder;
  EXPECT_EQ(read_bundle(folder / "no").error().text(),
            folder / "no" + ": cannot open: No such file or directory");
}

Bytes tar_of(std::initializer_list<std::string> names) {
  const std::string envelope = crypto::render_envelope(test::fake_bundle().envelope);
  std::vector<UstarEntry> entries;
  for (const std::string& each : names)
    entries.push_back({.name = each, .content = as_bytes(envelope)});
  return *encode_ustar(entries);
}

TEST(BundleFile, refuses_tar_files_in_another_order_or_with_strays) {
  const auto refusal = [](std::initializer_list<std::string> names) {
    const auto refused = decode_tar(tar_of(names));
    EXPECT_EQ(refused.error().code, ErrorCode::malformed);
    return refused.error().text();
  };
  const std::string manifest(manifest_path);
  const std::string second = "at " + std::to_string(tar_of({manifest}).size() - 1024);
  const std::string third = "at " + std::to_string(tar_of({manifest, manifest}).size() - 1024);
  EXPECT_TRUE(decode_tar(tar_of({manifest, "attachments/a", "files.json"})).has_value());
  EXPECT_EQ(refusal({}), "at 0: does not start with manifest.dsse.json");
  EXPECT_EQ(refusal({"files.json", manifest}), "at 0: does not start with manifest.dsse.json");
  EXPECT_EQ(refusal({manifest, "files.json", "attachments/a"}),
            third + ": 'attachments/a' is out of order");
  EXPECT_EQ(refusal({manifest, "files.json", "files.json"}),
            third + ": 'files.json' is out of order");
  EXPECT_EQ(refusal({manifest, manifest}), second + ": 'manifest.dsse.json' is out of order");
  EXPECT_EQ(refusal({manifest, "stray"}), second + ": 'stray' has no place in a bundle");
}

TEST(BundleFile, never_writes_what_it_would_not_read) {
  const TempFolder folder;
  const auto refusal = [&](const char* file, const char* name, ErrorCode code) {
    Bundle bundle = test::fake_bundle();
    bundle.files.emplace(file, Bytes{});
    const Status written = write_bundle(folder / name, bundle);
    EXPECT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, code);
    EXPECT_FALSE(std::filesystem::exists(folder / name));
    return written.error().message;
  };
  for (const char* name : {"b", "b.tar"}) {
    EXPECT_EQ(refusal("stray", name, ErrorCode::malformed), "'stray' has no place in a bundle");
    EXPECT_EQ(refusal("manifest.dsse.json", name, ErrorCode::usage), "a second manifest");
  }
}

TEST(BundleFile, takes_the_place_of_an_empty_folder_and_of_an_earlier_bundle) {
  const TempFolder folder;
  Bundle bundle = test::fake_bundle();
  ASSERT_TRUE(make_folder(folder / "b").has_value());
  ASSERT_TRUE(write_bundle(folder / "b/", bundle).has_value());
  bundle.files.emplace("attachments/a", to_bytes("x"));
  ASSERT_TRUE(write_bundle(folder / "b/", bundle).has_value());
  EXPECT_EQ(read_bundle(folder / "b")->bundle, bundle);
}

TEST(BundleFile, takes_the_place_of_nothing_else) {
  const TempFolder folder;
  ASSERT_TRUE(make_folder(folder / "home").has_value());
  ASSERT_TRUE(write_file_atomic(folder / "home/thesis", as_bytes("years")).has_value());
  const auto refusal = [&](const std::string& path) {
    const Status written = write_bundle(path, Form::folder, test::fake_bundle());
    EXPECT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, ErrorCode::io);
    return written.error().text();
  };
  EXPECT_EQ(refusal(folder / "home"),
            folder / "home: cannot replace: holds files and is not a bundle");
  EXPECT_EQ(refusal(folder / "home/thesis"),
            folder / "home/thesis: cannot replace: Not a directory");
  EXPECT_EQ(as_text(*read_file(folder / "home/thesis", 10)), "years");
}

TEST(BundleFile, an_update_keeps_mode_and_link_of_a_file) {
  const TempFolder folder;
  Bundle bundle = test::fake_bundle();
  for (const auto& [name, form] : {std::pair{"b.tar", Form::tar}, {"m", Form::manifest_only}}) {
    ASSERT_TRUE(write_bundle(folder / name, form, bundle).has_value());
    ASSERT_EQ(::chmod((folder / name).c_str(), 0640), 0);
    ASSERT_EQ(::symlink(name, (folder / "link").c_str()), 0);
    ASSERT_TRUE(crypto::sign(bundle.envelope, test::test_key("ed25519")).has_value());
    ASSERT_TRUE(update_bundle(folder / "link", form, bundle, "manifest.dsse.json").has_value());
    EXPECT_EQ(status_of(folder / name).st_mode & 07777U, 0640U);
    EXPECT_EQ(read_bundle(folder / name)->bundle.envelope, bundle.envelope);
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    ASSERT_EQ(::unlink((folder / "link").c_str()), 0);
    bundle = test::fake_bundle();
  }
}

// Goldens, the oracle and the schema's test read committed files; they are this bundle.
TEST(BundleFile, the_committed_example_is_the_fake_bundle) {
  const auto committed = read_bundle(test::source_path("tests/data/bundle/demo"));
  ASSERT_TRUE(committed.has_value()) << committed.error().text();
  EXPECT_EQ(committed->bundle, test::fake_bundle());
  const Bytes example = test::source_file("references/schema/manifest.example.json");
  const auto json = parse_json(as_text(example));
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(), as_text(test::fake_bundle().envelope.payload));
  EXPECT_EQ(json->pretty(), as_text(example));
}

}  // namespace
}  // namespace etalon::bundle
