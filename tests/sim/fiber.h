// Code that blocks, in a world of one thread: a fiber runs until it waits for something, and goes
// on when that has happened. What blocks in a process (an HTTP client, a pull that waits for its
// pages to be durable) runs on one here.
#pragma once

#include <ucontext.h>

#include <exception>
#include <functional>
#include <memory>

namespace tidemark::sim {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();  // it must have ended
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs until it waits or ends, and throws what it threw. Not from within a fiber.
  void resume();
  bool ended() const { return ended_; }

  // The one that is running; null outside of all.
  static Fiber* current();
  // Within the current one: back to whoever resumed it.
  void wait();

 private:
  static void enter();

  std::function<void()> body_;
  char* const stack_;
  ucontext_t context_{};
  ucontext_t back_{};
  std::exception_ptr thrown_;
  bool ended_ = false;
};

}  // namespace tidemark::sim
