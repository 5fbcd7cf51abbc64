#include "sync/page_sender.h"

#include <utility>

namespace tidemark::sync {

PageSender::PageSender(EffectHandle& handle, Sequence pull, bool threaded)
    : handle_(handle), threaded_(threaded) {
  chunk_.pull = pull;
}

PageSender::~PageSender() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

Result<void> PageSender::add(PageItem&& item) {
  ++items_;
  if (item.kind == PageItem::Kind::body) ++bodies_;
  if (item.kind == PageItem::Kind::quarantined) ++quarantined_;
  const bool has_bytes = !item.bytes.empty();
  // The item that would make the chunk too large begins the next one.
  if (!chunk_.items.empty() && chunk_bytes_ + item.bytes.size() > kMaxBytes) TM_TRY(send_chunk());
  chunk_bytes_ += item.bytes.size();
  chunk_events_ += item.events.size();
  chunk_bodies_ += has_bytes ? 1 : 0;
  chunk_.items.push_back(std::move(item));
  const bool full =
      chunk_bodies_ >= kMaxItems || chunk_events_ >= kMaxEvents || chunk_.items.size() >= kMaxMarks;
  return full ? send_chunk() : Result<void>{};
}

Result<void> PageSender::send_chunk() {
  if (chunk_.items.empty()) return {};
  std::string payload = encode(chunk_);
  chunk_.items.clear();
  chunk_bytes_ = chunk_bodies_ = chunk_events_ = 0;
  if (!threaded_) return handle_.progress(std::string(input_type::kPage), std::move(payload));
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.wait(lock, [this] { return error_ || waiting_.size() < kAhead; });
  if (error_) return fail(*error_);
  waiting_.push_back(std::move(payload));
  changed_.notify_all();
  return {};
}

void PageSender::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::string payload = std::move(waiting_.front());
    waiting_.pop_front();
    sending_ = true;
    lock.unlock();
    auto sent = handle_.progress(std::string(input_type::kPage), std::move(payload));
    lock.lock();
    sending_ = false;
    if (!sent) {
      error_ = std::move(sent).error();
      waiting_.clear();
    }
    changed_.notify_all();
  }
}

Result<void> PageSender::wait_until_sent() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return error_ || (waiting_.empty() && !sending_); });
  if (error_) return fail(*error_);
  return {};
}

Result<void> PageSender::flush() {
  TM_TRY(send_chunk());
  return wait_until_sent();
}

Result<std::vector<PageItem>> PageSender::finish() {
  TM_TRY(wait_until_sent());
  return std::exchange(chunk_.items, {});
}

}  // namespace tidemark::sync
