#include "app/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tidemark::app::test {
namespace {

std::vector<char*> to_c(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// False at the end.
bool read_some(int file, std::string& into) {
  std::array<char, 65536> buffer{};
  const auto count = ::read(file, buffer.data(), buffer.size());
  if (count > 0) into.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& variables) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  auto texts = arguments;
  auto settings = variables;
  auto argv = to_c(texts);
  auto environment = to_c(settings);
  EXPECT_EQ(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

std::string Process::read_line() {
  while (unread_.find('\n') == std::string::npos && read_some(out_, unread_)) {
  }
  const auto end = unread_.find('\n');
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

void Process::close_out() {
  ::close(out_);
  out_ = -1;
}

void Process::signal(int number) const {
  ::kill(pid_, number);
}

Finished Process::wait() {
  Finished result;
  result.out = std::move(unread_);
  std::array<pollfd, 2> files{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  for (int open = out_ >= 0 ? 2 : 1; open > 0;) {
    if (::poll(files.data(), files.size(), 120'000) <= 0) break;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].fd < 0 || files[i].revents == 0) continue;
      if (read_some(files[i].fd, i == 0 ? result.out : result.err)) continue;
      files[i].fd = -1;
      --open;
    }
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Program::Program() {
  write_event("one", "First");
  write_event("two", "Second");
  write("tidemark.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\n[[account]]\nid = \"files\"\nprovider = \"ics\"\n"
        "path = \"home\"\npoll = \"1h\"\n");
  for (const char* name : {"PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) {
      variables_.push_back(std::string(name) + "=" + value);
    }
  }
}

void Program::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = directory_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void Program::write_event(const std::string& name, const std::string& title) const {
  write("home/" + name + ".ics",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:" + name +
            "@x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T090000Z\r\nDTEND:20260105T100000Z"
            "\r\nSUMMARY:" +
            title + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
}

std::vector<std::string> Program::command(std::vector<std::string> arguments) const {
  const char* binary = std::getenv("TIDEMARK_BINARY");
  arguments.insert(arguments.begin(), binary == nullptr ? "tidemark" : binary);
  arguments.insert(arguments.begin() + 1, {"--config", directory_ / "tidemark.toml"});
  return arguments;
}

Finished Program::run(std::vector<std::string> arguments) const {
  return Process(command(std::move(arguments)), variables_).wait();
}

Json Program::json(std::vector<std::string> arguments) const {
  const auto done = run(std::move(arguments));
  EXPECT_EQ(done.code, 0) << done.err;
  return parse_json(done.out).value_or(Json());
}

std::unique_ptr<Process> Program::serve() {
  auto process = std::make_unique<Process>(command({"serve"}), variables_);
  const std::string line = process->read_line();
  const auto at = line.find("http://");
  address_ = line.substr(at, line.find(',') - at);
  if (at == std::string::npos) ADD_FAILURE() << "serve said: " << line << process->wait().err;
  return process;
}

}  // namespace tidemark::app::test
