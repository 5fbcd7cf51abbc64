#include "engine/committer.h"

#include <pthread.h>

#include <utility>

namespace tidemark::engine {

Committed commit_timed(Store& store, WriteBatch&& batch, Sequence through) {
  const auto begun = std::chrono::steady_clock::now();
  auto result = store.commit(std::move(batch), through);
  return {std::move(result), std::chrono::steady_clock::now() - begun};
}

Committer::~Committer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Committer::start(WriteBatch&& batch, Sequence through) {
  if (!thread_.joinable()) {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "committer");  // for top, perf and core dumps
      run();
    });
  }
  {
    const std::lock_guard lock(mutex_);
    task_.emplace(Task{std::move(batch), through});
  }
  changed_.notify_one();
}

Committed Committer::take_result() {
  const std::lock_guard lock(mutex_);
  return *std::exchange(committed_, std::nullopt);
}

void Committer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || task_; });
    if (!task_) return;
    Task task = *std::exchange(task_, std::nullopt);
    lock.unlock();
    auto committed = commit_timed(store_, std::move(task.batch), task.through);
    lock.lock();
    committed_ = std::move(committed);
    lock.unlock();
    returned_();
    lock.lock();
  }
}

}  // namespace tidemark::engine
