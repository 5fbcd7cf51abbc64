#include "sim/fibers.h"

#include <algorithm>

namespace tidemark::sim {

void Fibers::spawn(milliseconds delay, std::function<void()> body) {
  if (killed_) return;
  stage_.agenda.after(delay, Agenda::Of::process, [this, body = std::move(body)]() mutable {
    fibers_.push_back(std::make_unique<Fiber>(std::move(body)));
    resume(fibers_.back().get());
  });
}

void Fibers::resume(const Fiber* fiber) {
  const auto found = std::find_if(fibers_.begin(), fibers_.end(),
                                  [&](const auto& one) { return one.get() == fiber; });
  if (found == fibers_.end()) return;  // woken twice, and over by now
  (*found)->resume();
  std::erase_if(fibers_, [](const auto& one) { return one->ended(); });
}

void Fibers::sleep(milliseconds how_long) {
  if (killed_) return;
  bool over = false;
  stage_.agenda.after(how_long, Agenda::Of::process, [&over, this, fiber = Fiber::current()] {
    over = true;
    resume(fiber);
  });
  while (!over && !killed_) Fiber::current()->wait();
}

void Fibers::wait_until(const std::function<bool()>& done) {
  while (!killed_ && !done()) Fiber::current()->wait();
}

std::function<void()> Fibers::waker() {
  return [this, fiber = Fiber::current()] {
    if (killed_) return;
    stage_.agenda.after(milliseconds{0}, Agenda::Of::process, [this, fiber] { resume(fiber); });
  };
}

void Fibers::kill() {
  killed_ = true;
  while (!fibers_.empty()) resume(fibers_.back().get());
}

}  // namespace tidemark::sim
