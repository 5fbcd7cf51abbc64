// Hands page items to the engine in chunks that fit a step, while the caller goes on downloading
// and parsing. A few chunks are on their way at a time, so that the engine steps one while it
// commits another.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/effect.h"
#include "sync/calendar_inputs.h"

namespace tidemark::sync {

class PageSender {
 public:
  // ahead: how many chunks may be on their way; 0: each add() that fills a chunk waits for it, for
  // callers that run on the engine's own thread.
  PageSender(EffectHandle& handle, Sequence pull, std::size_t ahead);
  PageSender(const PageSender&) = delete;
  PageSender& operator=(const PageSender&) = delete;

  // Blocks while `ahead` chunks are on their way. An error is the engine's refusal: stop.
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

  // Measured: a step of 50 new resources takes 1.6 ms, of 50 changed ones 4.3 ms.
  static constexpr std::size_t kMaxItems = 32;
  static constexpr std::size_t kMaxMarks = 400;  // items without bytes are cheap
  static constexpr std::size_t kMaxBytes = 256U << 10;
  static constexpr std::size_t kMaxEvents = 64;

  // Outlives the sender when the engine answers late.
  struct OnTheirWay {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t chunks = 0;
    std::optional<Error> error;  // the first one
  };

  EffectHandle& handle_;
  const std::size_t ahead_;
  Page chunk_;
  std::size_t chunk_bytes_ = 0;
  std::size_t chunk_bodies_ = 0;
  std::size_t chunk_events_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t bodies_ = 0;
  std::uint64_t quarantined_ = 0;

  const std::shared_ptr<OnTheirWay> sent_ = std::make_shared<OnTheirWay>();
};

}  // namespace tidemark::sync
