// The real binary on a folder of a test's own: a configuration, calendar files, a data directory.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "support/temporary_directory.h"

namespace tidemark::app::test {

struct Finished {
  int code = -1;
  std::string out;
  std::string err;
};

// A running process whose output is read as it comes. Killed with the object.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::vector<std::string>& variables);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::string read_line();  // of standard output; empty at its end
  void close_out();         // like a reader that goes away
  void signal(int number) const;
  Finished wait();  // reads the rest of both outputs

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string unread_;
};

class Program : public ::testing::Test {
 protected:
  Program();

  void write(const std::string& name, const std::string& text) const;
  void write_event(const std::string& name, const std::string& title) const;
  std::vector<std::string> command(std::vector<std::string> arguments) const;
  Finished run(std::vector<std::string> arguments) const;
  // Of a command that must succeed.
  Json json(std::vector<std::string> arguments) const;
  // Starts `serve`; returns once it has said where it listens.
  std::unique_ptr<Process> serve();

  tidemark::test::TemporaryDirectory directory_;
  std::vector<std::string> variables_;
  std::string address_;  // of the server that serve() started
};

}  // namespace tidemark::app::test
