// Hands page items to the engine in chunks that fit a step, one commit after the other, while the
// caller goes on downloading and parsing: at most two chunks are ahead of the engine.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/effect.h"
#include "sync/calendar_inputs.h"

namespace tidemark::sync {

class PageSender {
 public:
  // threaded: chunks are submitted by a thread of its own, begun with the first full chunk.
  PageSender(EffectHandle& handle, Sequence pull, bool threaded);
  ~PageSender();
  PageSender(const PageSender&) = delete;
  PageSender& operator=(const PageSender&) = delete;

  // Blocks while two chunks wait. An error is the engine's refusal: stop.
  Result<void> add(PageItem&& item);
  // Everything added so far is durable, or the error says why not.
  Result<void> flush();
  // The same for full chunks only; what is left belongs into the pull's last input.
  Result<std::vector<PageItem>> finish();

  std::uint64_t items() const { return items_; }
  std::uint64_t bodies() const { return bodies_; }
  std::uint64_t quarantined() const { return quarantined_; }

 private:
  Result<void> send_chunk();
  Result<void> wait_until_sent();
  void run();

  // Measured: a step of 50 new resources takes 1.6 ms, of 50 changed ones 4.3 ms.
  static constexpr std::size_t kMaxItems = 32;
  static constexpr std::size_t kMaxMarks = 400;  // items without bytes are cheap
  static constexpr std::size_t kMaxBytes = 256U << 10;
  static constexpr std::size_t kMaxEvents = 64;
  static constexpr std::size_t kAhead = 2;

  EffectHandle& handle_;
  const bool threaded_;
  Page chunk_;
  std::size_t chunk_bytes_ = 0;
  std::size_t chunk_bodies_ = 0;
  std::size_t chunk_events_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t bodies_ = 0;
  std::uint64_t quarantined_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool sending_ = false;
  bool closing_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace tidemark::sync
