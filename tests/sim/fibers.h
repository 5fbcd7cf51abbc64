// All fibers of one process, and their death with it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/fiber.h"
#include "sim/stage.h"

namespace tidemark::sim {

class Fibers {
 public:
  explicit Fibers(Stage& stage) : stage_(stage) {}
  ~Fibers() { kill(); }

  // Begins after a while.
  void spawn(milliseconds delay, std::function<void()> body);
  // On a fiber. Returns at once when the process has been killed.
  void sleep(milliseconds how_long);
  // On a fiber: until done() holds. Whoever makes it true calls the waker.
  void wait_until(const std::function<bool()>& done);
  std::function<void()> waker();
  // Every fiber runs to its end; all it waits for fails.
  void kill();
  bool killed() const { return killed_; }
  std::size_t count() const { return fibers_.size(); }

 private:
  void resume(const Fiber* fiber);

  Stage& stage_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::function<void()>> unborn_;
  std::uint64_t spawned_ = 0;
  bool killed_ = false;
};

}  // namespace tidemark::sim
