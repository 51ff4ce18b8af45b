// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle_file.hpp"

#include <filesystem>
#include <initializer_list>
#include <string>
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

  std::string refusal() const {
    const auto read = read_bundle(path());
    EXPECT_FALSE(read.has_value());
    return read ? "" : read.error().message;
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
  EXPECT_EQ(bare.refusal(), "no manifest.dsse.json");
  const SpoiltFolder deep;
  std::string path = deep.path() + "/attachments";
  for (int i = 0; i < 9; ++i, path += "/d")
    ASSERT_TRUE(make_folder(path));
  EXPECT_EQ(deep.refusal(), "folders nested too deeply");
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
    return decode_tar(tar_of(names)).error().message;
  };
  const std::string manifest(manifest_path);
  EXPECT_TRUE(decode_tar(tar_of({manifest, "attachments/a", "files.json"})).has_value());
  EXPECT_EQ(refusal({}), "does not start with manifest.dsse.json");
  EXPECT_EQ(refusal({"files.json", manifest}), "does not start with manifest.dsse.json");
  EXPECT_EQ(refusal({manifest, "files.json", "attachments/a"}), "'attachments/a' is out of order");
  EXPECT_EQ(refusal({manifest, "files.json", "files.json"}), "'files.json' is out of order");
  EXPECT_EQ(refusal({manifest, manifest}), "'manifest.dsse.json' is out of order");
  EXPECT_EQ(refusal({manifest, "stray"}), "'stray' has no place in a bundle");
}

TEST(BundleFile, never_writes_what_it_would_not_read) {
  const TempFolder folder;
  Bundle bundle = test::fake_bundle();
  bundle.files.emplace("stray", Bytes{});
  for (const char* name : {"b", "b.tar"}) {
    const Status written = write_bundle(folder / name, bundle);
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().message, "'stray' has no place in a bundle");
    EXPECT_FALSE(std::filesystem::exists(folder / name));
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
