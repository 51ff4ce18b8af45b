// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/list.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/ima/record.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

using test::fake_entry;
using test::FakeEntry;
using test::FakeList;

struct Read {
  std::vector<std::string> names;
  std::vector<Bytes> data;
  std::vector<std::uint64_t> offsets;
  ListKind kind;

  bool operator==(const Read&) const = default;
};

// In pieces of this size.
Result<Read> read_list(ByteView list, std::size_t piece) {
  ListDecoder decoder;
  Read read;
  const auto take = [&read](const Batch& batch) {
    EXPECT_EQ(batch.first, read.names.size());
    for (const Record& record : batch.records) {
      const auto entry = read_entry(record);
      read.names.emplace_back(entry ? entry->name : "?");
      read.data.push_back(to_bytes(record.data));
      read.offsets.push_back(record.offset);
    }
  };
  for (std::size_t at = 0; at < list.size(); at += piece) {
    TRY_ASSIGN(const Batch batch, decoder.add(list.subspan(at, std::min(piece, list.size() - at))));
    take(batch);
  }
  TRY_ASSIGN(const Batch batch, decoder.finish());
  take(batch);
  if (decoder.kind()) read.kind = *decoder.kind();
  return read;
}

Result<Read> read_list(ByteView list) {
  return read_list(list, std::max<std::size_t>(list.size(), 1));
}

FakeList three() {
  return {.entries = {fake_entry("boot_aggregate"), fake_entry("/usr/bin/a_b"),
                      fake_entry("/new\nline")}};
}

TEST(List, reads_binary_and_ascii_alike) {
  const Bytes list = three().binary();
  const auto binary = read_list(list);
  ASSERT_TRUE(binary.has_value()) << binary.error().text();
  const std::vector<std::string> names = {"boot_aggregate", "/usr/bin/a_b", "/new\nline"};
  EXPECT_EQ(binary->names, names);
  EXPECT_EQ(binary->offsets[1], three().entries[0].binary().size());
  const std::string text = three().ascii();
  const auto ascii = read_list(as_bytes(text));
  ASSERT_TRUE(ascii.has_value()) << ascii.error().text();
  EXPECT_EQ(ascii->names, names);
  EXPECT_EQ(ascii->data, binary->data);
}

TEST(List, tells_the_bank_by_the_first_entry) {
  for (const HashAlg alg : all_hash_algs) {
    const auto binary = read_list(three().binary(alg));
    ASSERT_TRUE(binary.has_value()) << name(alg);
    EXPECT_EQ(binary->kind, (ListKind{.form = ListForm::binary, .template_hash = alg}));
    const std::string text = three().ascii(alg);
    const auto ascii = read_list(as_bytes(text));
    ASSERT_TRUE(ascii.has_value()) << name(alg);
    EXPECT_EQ(ascii->kind, (ListKind{.form = ListForm::ascii, .template_hash = alg}));
  }
}

TEST(List, does_not_care_how_it_comes_in_pieces) {
  FakeList list = three();
  for (int i = 0; i < 6000; ++i)
    list.entries.push_back(fake_entry("/folder/" + std::to_string(i) + (i % 7 == 0 ? "\n\n" : "")));
  const Bytes binary = list.binary();
  const std::string text = list.ascii();
  ASSERT_GT(binary.size(), 2 * batch_bytes);
  const auto whole_binary = read_list(binary);
  const auto whole_ascii = read_list(as_bytes(text));
  ASSERT_TRUE(whole_binary.has_value() && whole_ascii.has_value());
  for (const std::size_t piece : {std::size_t{997}, std::size_t{65536}, batch_bytes + 1}) {
    EXPECT_EQ(*read_list(binary, piece), *whole_binary) << piece;
    EXPECT_EQ(*read_list(as_bytes(text), piece), *whole_ascii) << piece;
  }
}

TEST(List, reads_a_template_made_by_its_format) {
  FakeEntry entry = fake_entry("/a");
  entry.templ = "d-ng|n-ng|iuid|imode";
  entry.fields.push_back({std::byte{0xe9}, std::byte{3}, std::byte{0}, std::byte{0}});
  entry.fields.push_back({std::byte{0xed}, std::byte{0x81}});
  entry.text.insert(entry.text.end(), {"1001", "33261"});
  FakeEntry ownerless = entry;  // as boot_aggregate, which has no inode
  ownerless.fields[2].clear();
  ownerless.fields[3].clear();
  ownerless.text[2] = ownerless.text[3] = "";
  const FakeList list{.entries = {ownerless, entry}};
  const auto binary = read_list(list.binary());
  const std::string text = list.ascii();
  const auto ascii = read_list(as_bytes(text));
  ASSERT_TRUE(binary.has_value() && ascii.has_value());
  EXPECT_EQ(binary->names, (std::vector<std::string>{"/a", "/a"}));
  EXPECT_EQ(ascii->data, binary->data);
}

TEST(List, keeps_the_data_of_unknown_templates_of_binary_lists) {
  FakeEntry entry = fake_entry("/a");
  entry.templ = "vendor";
  const FakeList list{.entries = {fake_entry("boot_aggregate"), entry}};
  const auto read = read_list(list.binary());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->names[1], "?");
  EXPECT_EQ(read->data[1], entry.data());
}

TEST(List, the_last_line_break_may_be_missing) {
  std::string text = three().ascii();
  text.pop_back();
  const auto read = read_list(as_bytes(text));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->names.back(), "/new\nline");
}

void expect_refusal(const Result<Read>& read, ErrorCode code, const std::string& text) {
  ASSERT_FALSE(read.has_value()) << text;
  EXPECT_EQ(read.error().code, code) << text;
  EXPECT_EQ(read.error().text(), text);
}

TEST(List, refuses_what_is_no_list) {
  for (const std::string text : {"", "x", "hello, world\n", "10 \n", "10 abc ima-ng x\n"}) {
    if (text.empty()) continue;
    expect_refusal(
        read_list(as_bytes(text)), ErrorCode::malformed,
        "entry at 0: no measurement list begins like this, be it binary, ASCII or canonical");
  }
}

TEST(List, refuses_a_binary_list_that_ends_inside_an_entry) {
  const Bytes list = three().binary();
  const std::size_t second = three().entries[0].binary().size();
  for (std::size_t size = second + 1; size < second + three().entries[1].binary().size(); ++size) {
    const auto read = read_list(ByteView(list).first(size));
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::truncated) << size;
    EXPECT_EQ(read.error().structure(), "entry 1");
  }
}

TEST(List, refuses_sizes_that_no_kernel_writes) {
  const std::size_t second = three().entries[0].binary().size();
  FakeList named = three();
  named.entries[1].name_size = 256;
  expect_refusal(read_list(named.binary()), ErrorCode::limit,
                 "entry 1: template name length at " + std::to_string(second + 28) +
                     ": 256 is not within 1 to 255");
  named.entries[1].name_size = 0;
  EXPECT_FALSE(read_list(named.binary()).has_value());
  FakeList large = three();
  large.entries[1].data_size = max_template_data + 1;
  expect_refusal(read_list(large.binary()), ErrorCode::limit,
                 "entry 1: template data length at " + std::to_string(second + 38) +
                     ": 4194305 is more than 4194304");
  FakeList old = three();
  old.entries[1].templ = "ima";
  old.entries[1].fields = {Bytes(300)};
  Bytes list = old.entries[0].binary();
  ByteWriter entry;
  entry.u32(10).bytes(Bytes(20)).u32(3).text("ima").bytes(Bytes(20)).u32(256).bytes(Bytes(256));
  append(list, entry.view());
  expect_refusal(read_list(list), ErrorCode::limit,
                 "entry 1: n length at " + std::to_string(second + 55) + ": 256 is more than 255");
}

struct BadLine {
  const char* templ;
  std::vector<std::string> text;
  ErrorCode code;
  const char* message;
};

TEST(List, refuses_lines_whose_fields_are_not_their_template) {
  const BadLine bad[] = {
      {"ima-ng", {"sha256:00"}, ErrorCode::malformed, "n-ng at OFFSET: is missing"},
      {"ima-ng",
       {"sha256:00", "/a", "x"},
       ErrorCode::malformed,
       "line at OFFSET: has more fields than template ima-ng"},
      {"ima-ng",
       {"sha256", "/a"},
       ErrorCode::malformed,
       "d-ng at OFFSET: has no algorithm and ':'"},
      {"ima-ng",
       {"sha256:0g", "/a"},
       ErrorCode::malformed,
       "d-ng at OFFSET: is not hexadecimal behind its ':'"},
      {"ima-sig",
       {"sha256:00", "/a", "030"},
       ErrorCode::malformed,
       "sig at OFFSET: is not hexadecimal"},
      {"d-ng|imode",
       {"sha256:00", "65536"},
       ErrorCode::malformed,
       "imode at OFFSET: '65536' is no number of its size"},
      {"ima", {std::string(40, '0')}, ErrorCode::malformed, "n at OFFSET: is missing"},
      {"ima", {"0g", "/a"}, ErrorCode::malformed, "d at OFFSET: is not hexadecimal"},
      {"ima",
       {std::string(40, '0'), std::string(256, 'a')},
       ErrorCode::limit,
       "n at OFFSET: is longer than 255 characters"},
      {"vendor",
       {"x"},
       ErrorCode::unsupported,
       "template name at OFFSET: the data of template 'vendor' cannot be told from text; read the "
       "binary list"},
  };
  for (const BadLine& each : bad) {
    FakeList list = three();
    list.entries[1].templ = each.templ;
    list.entries[1].text = each.text;
    std::string expected = "entry 1: " + std::string(each.message);
    expected.replace(expected.find("OFFSET"), 6, std::to_string(list.entries[0].ascii().size()));
    const std::string text = list.ascii();
    expect_refusal(read_list(as_bytes(text)), each.code, expected);
  }
}

TEST(List, refuses_a_line_of_another_bank_as_part_of_a_name) {
  // It cannot begin an entry of this list, so it belongs to the name before it.
  FakeList list = three();
  std::string text = list.entries[0].ascii();
  text += list.entries[1].ascii(HashAlg::sha256);
  const auto read = read_list(as_bytes(text));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message, "has more fields than template ima-ng");
}

TEST(List, refuses_lines_longer_than_any_entry) {
  FakeList list = three();
  list.entries[1] = fake_entry("/" + std::string(max_line, 'a'));
  const std::string text = list.ascii();
  const auto read = read_list(as_bytes(text), batch_bytes);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::limit);
  EXPECT_EQ(read.error().message, "is longer than 8392704 characters");
}

}  // namespace
}  // namespace etalon::ima
