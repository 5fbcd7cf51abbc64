// Commits a batch on a thread of its own, so that the loop can step the next one meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "store/store.h"

namespace tidemark::engine {

struct Committed {
  Result<void> result{};
  std::chrono::steady_clock::duration took{};
};

// What commit() of the store says, and how long it took.
Committed commit_timed(Store& store, WriteBatch&& batch, Sequence through);

class Committer {
 public:
  // `returned` is called on the committer's thread after each commit.
  Committer(Store& store, std::function<void()> returned)
      : store_(store), returned_(std::move(returned)) {}
  ~Committer();  // waits for the commit that is going on
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // One at a time: the last one's result has been taken.
  void start(WriteBatch&& batch, Sequence through);
  // Once `returned` was called for it.
  Committed take_result();

 private:
  struct Task {
    WriteBatch batch;
    Sequence through = 0;
  };
  void run();

  Store& store_;
  const std::function<void()> returned_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Task> task_;
  std::optional<Committed> committed_;
  bool closing_ = false;
  std::thread thread_;  // from the first commit on
};

}  // namespace tidemark::engine
