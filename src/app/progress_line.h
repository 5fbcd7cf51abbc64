// One line on the terminal that rewrites itself, once the work takes longer than two seconds.
#pragma once

#include <chrono>
#include <string>

namespace tidemark::app {

// On standard error, and only when that is a terminal. The line goes with the object.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // "<text>, 12 s"
  void update(const std::string& text);

 private:
  std::chrono::steady_clock::time_point begun_;
  bool terminal_;
  bool shown_ = false;
};

}  // namespace tidemark::app
