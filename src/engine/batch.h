// One batch on its way from its steps to its answers.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "engine/inbox.h"
#include "engine/stepper.h"

namespace tidemark::engine {

struct Batch {
  struct Item {
    std::unique_ptr<Work> work;
    Outcome outcome{};
    bool held = false;  // failed for what stands before it, without a step of its own
  };
  std::vector<Item> items{};
  std::chrono::steady_clock::duration stepping{};
  WallTime now{};
  BatchOutcome outcome{};  // once it is on its way to the store
};

}  // namespace tidemark::engine
