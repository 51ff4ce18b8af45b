// SPDX-License-Identifier: Apache-2.0
// A small UKI with the inputs of a prediction, shared by the tests of uki_boot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tests/support/fake_gpt.hpp"
#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/registers.hpp"

namespace etalon::measure::test {

inline etalon::test::FakePe uki_of(std::string_view stub,
                                   std::string_view kernel = "6.12.95 (builder)") {
  etalon::test::FakePe fake = etalon::test::fake_uki(stub);
  fake.add(".osrel", "ID=demo\n").add(".cmdline", "console=ttyS0\n").add(".initrd", "initrd");
  fake.add(".linux", as_text(etalon::test::fake_kernel(kernel)));
  return fake;
}

// Inputs together with the bytes they view.
struct Case {
  Bytes uki;
  Bytes gpt = etalon::test::FakeGpt{}.build();
  UkiBootInputs inputs{};

  explicit Case(const etalon::test::FakePe& fake) : uki(fake.build()) {
    inputs.uki = {.name = "demo.efi", .bytes = uki};
    inputs.gpt = NamedBytes{.name = "disk.raw", .bytes = gpt};
    inputs.secure_boot = false;
  }

  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  Case& tdx() {
    inputs.tee = Tee::tdx;
    return *this;
  }

  Prediction predict() const {
    auto prediction = predict_uki_boot(inputs);
    EXPECT_TRUE(prediction) << prediction.error().text();
    return prediction ? *prediction : Prediction{};
  }
};

inline std::vector<eventlog::Event> of(const Prediction& prediction, RegisterId reg) {
  std::vector<eventlog::Event> events;
  for (const eventlog::Event& each : prediction.events) {
    if (each.reg == reg) events.push_back(each);
  }
  return events;
}

inline std::vector<std::string> summaries(const Prediction& prediction, RegisterId reg) {
  std::vector<std::string> list;
  for (const eventlog::Event& each : of(prediction, reg))
    list.push_back(each.summary);
  return list;
}

}  // namespace etalon::measure::test
