// SPDX-License-Identifier: Apache-2.0
// A QEMU process that runs no guest code and is asked over the qtest protocol (QEMU,
// docs/devel/testing/qtest.rst): one line per command, answered by "OK", "OK VALUE" or "FAIL ...".
// The channel is a socket pair the child inherits, so nothing is left in the file system. The
// process gets a group of its own and is killed and reaped with the object, whatever has happened;
// it dies with this one, too. Every answer is untrusted: lines are capped and the session has one
// deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// A program with one descriptor that leads to it.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // `arguments` without the program's name. The channel is the child's descriptor `channel`;
  // standard input and, unless it is the channel, standard output are /dev/null.
  static Result<ChildProcess> start(const std::string& program,
                                    const std::vector<std::string>& arguments, int channel,
                                    Clock::time_point deadline);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) = delete;
  ~ChildProcess();

  Status send(std::string_view text);
  // A line without its end.
  Result<std::string> line(std::size_t max_size);

 private:
  ChildProcess() = default;

  Status wait_for(short events);
  // How the child ended, with the last line it wrote to standard error.
  tl::unexpected<Error> ended();

  std::string program_;
  pid_t pid_ = -1;
  FileHandle channel_;
  FileHandle errors_;
  Clock::time_point deadline_;
  std::string buffer_;
};

class Qtest {
 public:
  explicit Qtest(ChildProcess child) : child_(std::move(child)) {}

  // The descriptor QEMU must take the protocol from, as in `-chardev socket,fd=3`.
  static constexpr int channel = 3;

  Status out8(std::uint16_t port, std::uint8_t value);
  Status out16(std::uint16_t port, std::uint16_t value);
  Status out32(std::uint16_t port, std::uint32_t value);
  Status write(std::uint64_t address, ByteView bytes);
  Result<Bytes> read(std::uint64_t address, std::size_t size);

 private:
  // The value behind "OK".
  Result<std::string> command(const std::string& text);

  ChildProcess child_;
};

}  // namespace etalon::pipeline
