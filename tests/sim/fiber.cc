#include "sim/fiber.h"

#include <cstdlib>
#include <utility>
#include <vector>

namespace tidemark::sim {
namespace {

constexpr std::size_t kStackBytes = 512U << 10;  // ICU, expat and libical run on it

Fiber* running = nullptr;

// Kept, because a fresh stack costs its page faults every time.
std::vector<char*>& spare_stacks() {
  static std::vector<char*> stacks;
  return stacks;
}

char* take_stack() {
  auto& spare = spare_stacks();
  if (spare.empty()) return static_cast<char*>(std::malloc(kStackBytes));
  char* stack = spare.back();
  spare.pop_back();
  return stack;
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(take_stack()) {
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = &back_;
  makecontext(&context_, &Fiber::enter, 0);
}

Fiber::~Fiber() {
  if (!ended_) std::abort();  // what lies on its stack would never be destroyed
  spare_stacks().push_back(stack_);
}

Fiber* Fiber::current() {
  return running;
}

void Fiber::enter() {
  Fiber* self = running;
  try {
    self->body_();
  } catch (...) {
    self->thrown_ = std::current_exception();
  }
  self->body_ = nullptr;
  self->ended_ = true;
}

void Fiber::resume() {
  running = this;
  swapcontext(&back_, &context_);
  running = nullptr;
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Fiber::wait() {
  swapcontext(&context_, &back_);
}

}  // namespace tidemark::sim
