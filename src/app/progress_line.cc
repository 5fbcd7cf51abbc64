#include "app/progress_line.h"

#include <unistd.h>

#include <cstdio>

#include "app/output.h"

namespace tidemark::app {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kProgressAfter{2};
constexpr std::size_t kColumns = 78;

}  // namespace

ProgressLine::ProgressLine() : begun_(Steady::now()), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::update(const std::string& text) {
  const auto took = Steady::now() - begun_;
  if (!terminal_ || took < kProgressAfter) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(took);
  const std::string line =
      "\r\x1b[K" + fit(text + ", " + std::to_string(seconds.count()) + " s", kColumns);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace tidemark::app
