// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "kernel/ima/cel_decode.hpp"
#include "kernel/ima/encode.hpp"
#include "kernel/ima/list.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::ima {
namespace {

Result<Bytes> converted(ByteView list, ListForm to, std::optional<HashAlg> alg = std::nullopt) {
  ListDecoder decoder;
  Bytes out;
  TRY_ASSIGN(const Batch first, decoder.add(list));
  TRY_ASSIGN(const Batch rest, decoder.finish());
  const HashAlg from = decoder.kind()->template_hash;
  ListEncoder encoder({.form = to, .template_hash = alg.value_or(from)}, from);
  for (const Batch* batch : {&first, &rest}) {
    for (const Record& record : batch->records)
      TRY(encoder.add(record, out));
  }
  encoder.finish(out);
  return out;
}

// Every captured list, through every form and back.
TEST(Cel, loses_nothing_of_real_lists) {
  std::size_t lists = 0;
  for (const auto& boot :
       std::filesystem::directory_iterator(test::source_path("tests/data/ima-lists"))) {
    if (!std::filesystem::exists(boot.path() / "binary")) continue;
    const std::string folder = "tests/data/ima-lists/" + boot.path().filename().string() + "/";
    const Bytes binary = test::source_file(folder + "binary");
    const Bytes ascii = test::source_file(folder + "ascii");
    for (const Bytes& list : {binary, ascii}) {
      for (const ListForm form :
           {ListForm::binary, ListForm::ascii, ListForm::cel_tlv, ListForm::cel_json}) {
        const auto there = converted(list, form);
        ASSERT_TRUE(there.has_value()) << folder << there.error().text();
        EXPECT_EQ(detect_list(*there)->form, form);
        EXPECT_TRUE(*converted(*there, ListForm::binary) == binary) << folder << name(form);
        EXPECT_TRUE(*converted(*there, ListForm::ascii) == ascii) << folder << name(form);
      }
    }
    ++lists;
  }
  EXPECT_EQ(lists, 19U);
}

TEST(Cel, makes_the_digests_of_another_bank) {
  const auto made = converted(test::source_file("tests/data/ima-lists/6.12-custom/ascii"),
                              ListForm::binary, HashAlg::sha384);
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(*made == test::source_file("tests/data/ima-lists/6.12-custom/binary_sha384"));
}

Bytes tlv(std::uint8_t type, const Bytes& value) {
  ByteWriter out;
  out.u8(type).u32_be(static_cast<std::uint32_t>(value.size())).bytes(value);
  return out.take();
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts)
    append(all, part);
  return all;
}

const Bytes recnum = tlv(0, {std::byte{0}});
const Bytes pcr = tlv(1, {std::byte{10}});

Bytes digests(std::uint8_t alg = 4, std::size_t size = 20) {
  return tlv(3, tlv(alg, Bytes(size, std::byte{0xaa})));
}

Bytes content(const std::string& templ = "ima-ng", const Bytes& data = Bytes(8)) {
  return tlv(7, joined({tlv(0, to_bytes(templ)), tlv(1, data)}));
}

TEST(Cel, tlv_is_laid_out_as_the_specification_has_it) {
  const test::FakeList list{.entries = {test::fake_entry("boot_aggregate")}};
  const Bytes data = list.entries[0].data();
  const Bytes expected =
      joined({tlv(0, {std::byte{0}}), tlv(1, {std::byte{10}}),
              tlv(3, tlv(4, to_bytes(hash(HashAlg::sha1, data).view()))), content("ima-ng", data)});
  EXPECT_EQ(*converted(list.binary(), ListForm::cel_tlv), expected);
}

TEST(Cel, says_what_a_binary_list_cannot_hold) {
  Bytes junk(276);
  junk[270] = std::byte{1};
  for (const Bytes& data : {Bytes(272), junk}) {
    const auto made =
        converted(joined({recnum, pcr, digests(), content("ima", data)}), ListForm::binary);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::unsupported);
    EXPECT_EQ(made.error().message,
              "a binary list has no place for what this entry of template 'ima' holds");
  }
  EXPECT_FALSE(
      converted(joined({recnum, pcr, digests(), content("vendor")}), ListForm::ascii).has_value());
}

TEST(Cel, numbers_have_as_many_bytes_as_they_need) {
  test::FakeList list;
  for (int i = 0; i < 300; ++i)
    list.entries.push_back(test::fake_entry("/" + std::to_string(i)));
  const auto made = converted(list.binary(), ListForm::cel_tlv);
  ASSERT_TRUE(made.has_value());
  EXPECT_NE(as_text(*made).find(std::string("\0\0\0\0\2\1\0", 7)), std::string_view::npos) << "256";
  EXPECT_TRUE(*converted(*made, ListForm::binary) == list.binary());
}

struct Refused {
  Bytes list;
  ErrorCode code;
  std::string text;
};

TEST(Cel, refuses_tlv_that_is_none) {
  const Bytes good = joined({recnum, pcr, digests(), content()});
  const auto second = [&good](std::initializer_list<Bytes> parts) {
    return joined({good, joined(parts)});
  };
  const Bytes one = tlv(0, {std::byte{1}});
  const std::string at = "entry 1: ";
  const Refused all[] = {
      {second({tlv(0, {std::byte{2}}), pcr, digests(), content()}), ErrorCode::malformed,
       at + "recnum at 71: 2 does not follow 0"},
      {second({one, tlv(2, {std::byte{1}}), digests(), content()}), ErrorCode::unsupported,
       at + "pcr at 78: type 2 instead of 1"},
      {second({one, tlv(1, Bytes(9)), digests(), content()}), ErrorCode::limit,
       at + "pcr at 82: 9 bytes are more than 8"},
      {second({one, tlv(1, Bytes(5, std::byte{1})), digests(), content()}), ErrorCode::malformed,
       at + "pcr at 87: is no number of 32 bits"},
      {second({one, pcr, digests(11, 32), content()}), ErrorCode::malformed,
       at + "digests at 83: no sha1 digest, as those before have"},
      {second({one, pcr, digests(4, 19), content()}), ErrorCode::malformed,
       at + "digest size at 112: 19 is not that of sha1"},
      {second({one, pcr, tlv(3, Bytes(1025)), content()}), ErrorCode::limit,
       at + "digests at 88: 1025 bytes are more than 1024"},
      {second({one, pcr, digests(), tlv(5, Bytes(1))}), ErrorCode::unsupported,
       at + "content at 114: type 5 instead of 7"},
      {second({one, pcr, digests(), content(std::string(256, 'a'))}), ErrorCode::limit,
       at + "template name at 123: 256 bytes are more than 255"},
      {second({one, pcr, digests(), tlv(7, joined({tlv(0, to_bytes("x")), tlv(1, {}), Bytes(1)}))}),
       ErrorCode::malformed, at + "content at 129: 1 trailing bytes"},
      {second({one, pcr}), ErrorCode::truncated, at + "digests at 83: need 1 bytes, 0 left"},
  };
  for (const Refused& each : all) {
    const auto made = converted(each.list, ListForm::binary);
    ASSERT_FALSE(made.has_value()) << each.text;
    EXPECT_EQ(made.error().code, each.code) << each.text;
    EXPECT_EQ(made.error().text(), each.text);
  }
}

std::string json_entry(const std::string& changed = "", const std::string& to = "") {
  std::string text =
      R"({"recnum":0,"pcr":10,"digests":[{"hashAlg":"sha1","digest":")" + std::string(40, 'a') +
      R"("}],"content_type":"ima_template","content":{"template_name":"ima-ng","template_data":"00"}})";
  if (!changed.empty()) text.replace(text.find(changed), changed.size(), to);
  return text;
}

TEST(Cel, refuses_json_that_is_none) {
  const std::pair<std::string, std::string> all[] = {
      {"[" + json_entry() + "," + json_entry() + "]",
       "entry 1: recnum 0 does not follow the one before"},
      {"[" + json_entry(R"("pcr":10)", R"("pcr":-1)") + "]",
       "entry 0: pcr is no number of 32 bits"},
      {"[" + json_entry("ima_template", "cel") + "]",
       "entry 0: content of type 'cel', not ima_template"},
      {"[" + json_entry(R"("ima-ng")", R"("")") + "]",
       "entry 0: template_name is not within 1 to 255 characters"},
      {"[" + json_entry(R"("00")", R"("0")") + "]", "entry 0: hex text has an odd length"},
      {"[" + json_entry(R"("aaaa)", R"("aa)") + "]",
       "entry 0: sha1 digest must have 20 bytes, not 19"},
      {"[" + json_entry() + "," + json_entry(R"("sha1")", R"("sha256")") + "]",
       "entry 1: no sha1 digest, as those before have"},
  };
  for (const auto& [text, message] : all) {
    const auto entries = parse_cel_json(text, HashAlg::sha1);
    ASSERT_FALSE(entries.has_value()) << message;
    EXPECT_EQ(entries.error().text(), message);
  }
  EXPECT_EQ(parse_cel_json("{}", HashAlg::sha1).error().message, "is no array of entries");
  EXPECT_FALSE(hash_of_cel_json(as_bytes("{\"hashAlg\":\"sha1\"}")).has_value());
}

}  // namespace
}  // namespace etalon::ima
