#include "sync/page_sender.h"

#include <utility>

namespace tidemark::sync {

PageSender::PageSender(EffectHandle& handle, Sequence pull, std::size_t ahead)
    : handle_(handle), ahead_(ahead) {
  chunk_.pull = pull;
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
  if (ahead_ == 0) return handle_.progress(std::string(input_type::kPage), std::move(payload));
  {
    std::unique_lock lock(sent_->mutex);
    sent_->changed.wait(lock, [this] { return sent_->error || sent_->chunks < ahead_; });
    if (sent_->error) return fail(*sent_->error);
    ++sent_->chunks;
  }
  handle_.progress(std::string(input_type::kPage), std::move(payload),
                   [sent = sent_](Result<void> durable) {
                     const std::lock_guard lock(sent->mutex);
                     --sent->chunks;
                     if (!durable && !sent->error) sent->error = std::move(durable).error();
                     sent->changed.notify_all();
                   });
  return {};
}

Result<void> PageSender::wait_until_sent() {
  std::unique_lock lock(sent_->mutex);
  sent_->changed.wait(lock, [this] { return sent_->chunks == 0; });
  if (sent_->error) return fail(*sent_->error);
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
