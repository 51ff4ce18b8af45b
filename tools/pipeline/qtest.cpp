// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/qtest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::size_t max_stray_lines = 16;  // interrupts QEMU may report between answers
constexpr std::size_t piece = 4096;          // of memory, read by one command
constexpr std::size_t max_line = 2 * piece + 64;

struct Pair {
  FileHandle ours;
  FileHandle childs;
};

Result<Pair> make_pair(const std::string& program) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return io_error(program, "make a channel to", errno);
  return Pair{.ours = FileHandle(ends[0]), .childs = FileHandle(ends[1])};
}

struct Ends {
  int channel = -1;
  int errors = -1;
  int started = -1;  // told the reason when the program cannot be started
  int null = -1;
  int channel_number = -1;
  pid_t parent = -1;
};

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const Ends& ends, const char* program, char* const* arguments) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != ends.parent) ::_exit(127);
  ::dup2(ends.null, STDIN_FILENO);
  ::dup2(ends.null, STDOUT_FILENO);
  ::dup2(ends.errors, STDERR_FILENO);
  ::dup2(ends.channel, ends.channel_number);
  ::execvp(program, arguments);
  const int reason = errno;
  (void)!::write(ends.started, &reason, sizeof reason);
  ::_exit(127);
}

// A descriptor above those that the child's are moved to.
FileHandle moved_up(FileHandle handle) {
  return FileHandle(::fcntl(handle.get(), F_DUPFD_CLOEXEC, 10));
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  const std::size_t at = text.rfind('\n');
  return printable(at == std::string_view::npos ? text : text.substr(at + 1));
}

std::string number(std::uint64_t value) {
  return hex_number(value);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::string& program,
                                         const std::vector<std::string>& arguments, int channel,
                                         Clock::time_point deadline) {
  TRY_ASSIGN(Pair talk, make_pair(program));
  TRY_ASSIGN(Pair errors, make_pair(program));
  TRY_ASSIGN(Pair started, make_pair(program));
  const FileHandle null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const FileHandle talk_end = moved_up(std::move(talk.childs));
  const FileHandle error_end = moved_up(std::move(errors.childs));
  FileHandle started_end = moved_up(std::move(started.childs));
  if (!null || !talk_end || !error_end || !started_end)
    return io_error(program, "make a channel to", errno);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const Ends ends{.channel = talk_end.get(),
                  .errors = error_end.get(),
                  .started = started_end.get(),
                  .null = null.get(),
                  .channel_number = channel,
                  .parent = ::getpid()};
  ChildProcess child;
  child.program_ = program;
  child.deadline_ = deadline;
  child.pid_ = ::fork();
  if (child.pid_ < 0) return io_error(program, "start", errno);
  if (child.pid_ == 0) become(ends, program.c_str(), pointers.data());
  ::setpgid(child.pid_, child.pid_);
  child.channel_ = std::move(talk.ours);
  child.errors_ = std::move(errors.ours);
  started_end = FileHandle();
  int reason = 0;
  if (::read(started.ours.get(), &reason, sizeof reason) == sizeof reason)
    return io_error(program, "start", reason);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : program_(std::move(other.program_)),
      pid_(std::exchange(other.pid_, -1)),
      channel_(std::move(other.channel_)),
      errors_(std::move(other.errors_)),
      deadline_(other.deadline_),
      buffer_(std::move(other.buffer_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Status ChildProcess::wait_for(short events) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0)
      return in_file(Status(fail(ErrorCode::limit, "does not answer in time")), program_);
    pollfd poll{.fd = channel_.get(), .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min<long long>(left, 1000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return io_error(program_, "wait for", errno);
  }
}

tl::unexpected<Error> ChildProcess::ended() {
  std::array<char, 4096> text{};
  std::string all;
  for (;;) {
    const ssize_t got = ::recv(errors_.get(), text.data(), text.size(), MSG_DONTWAIT);
    if (got <= 0) break;
    all.append(text.data(), static_cast<std::size_t>(got));
    if (all.size() > 16 * text.size()) break;
  }
  Error error;
  error.code = ErrorCode::io;
  error.message = "ended before it answered";
  if (!all.empty()) error.message += ": " + last_line(all);
  error.file = program_;
  return tl::unexpected(std::move(error));
}

Status ChildProcess::send(std::string_view text) {
  while (!text.empty()) {
    TRY(wait_for(POLLOUT));
    const ssize_t sent =
        ::send(channel_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return ended();
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> ChildProcess::line(std::size_t max_size) {
  std::array<char, 16384> bytes{};
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end > max_size && buffer_.size() > max_size)
      return in_file(
          Result<std::string>(
              fail(ErrorCode::limit, "a line of more than " + std::to_string(max_size) + " bytes")),
          program_);
    if (end != std::string::npos) {
      std::string found = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return found;
    }
    TRY(wait_for(POLLIN));
    const ssize_t got = ::recv(channel_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return ended();
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> Qtest::command(const std::string& text) {
  TRY(child_.send(text + "\n"));
  for (std::size_t stray = 0; stray < max_stray_lines; ++stray) {
    TRY_ASSIGN(const std::string answer, child_.line(max_line));
    if (answer.starts_with("IRQ ")) continue;
    if (answer == "OK") return std::string();
    if (answer.starts_with("OK ")) return answer.substr(3);
    return fail(ErrorCode::malformed, "answers '" + printable(answer.substr(0, 60)) + "' to '" +
                                          text.substr(0, 60) + "'");
  }
  return fail(ErrorCode::limit, "answers nothing but interrupts");
}

Status Qtest::out8(std::uint16_t port, std::uint8_t value) {
  TRY(command("outb " + number(port) + " " + number(value)));
  return {};
}

Status Qtest::out16(std::uint16_t port, std::uint16_t value) {
  TRY(command("outw " + number(port) + " " + number(value)));
  return {};
}

Status Qtest::out32(std::uint16_t port, std::uint32_t value) {
  TRY(command("outl " + number(port) + " " + number(value)));
  return {};
}

Status Qtest::write(std::uint64_t address, ByteView bytes) {
  TRY(command("write " + number(address) + " " + number(bytes.size()) + " 0x" + to_hex(bytes)));
  return {};
}

Result<Bytes> Qtest::read(std::uint64_t address, std::size_t size) {
  Bytes all;
  while (all.size() < size) {
    const std::size_t next = std::min(piece, size - all.size());
    const Result<std::string> answer =
        command("read " + number(address + all.size()) + " " + number(next));
    TRY(answer);
    const std::string_view text = *answer;
    if (!text.starts_with("0x") || text.size() != 2 + 2 * next || !append_hex(all, text.substr(2)))
      return fail(ErrorCode::malformed, "answers '" + printable(text.substr(0, 60)) + "' where " +
                                            std::to_string(next) + " bytes of memory are due");
  }
  return all;
}

}  // namespace etalon::pipeline
