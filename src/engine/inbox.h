// Inputs waiting to be stepped. Fair: tenants take turns, within a tenant its instances take turns,
// within an instance the order of arrival is kept. Not thread-safe; the engine holds its mutex.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "engine/engine.h"

namespace tidemark::engine {

class Waiter;

// One input on its way through the engine.
struct Work {
  enum class Source : std::uint8_t {
    submitted,   // from outside
    progress,    // an executor's, its effect goes on
    completion,  // an executor's, its effect ends
    timer,
    message,
  };

  Source source = Source::submitted;
  Input input;
  std::optional<Sha256> payload_hash{};  // made by the thread that brought it, which may be idle
  std::string outbox_key{};              // progress, completion, message: the entry it reports on
  std::optional<WallTime> timer_due{};   // timer: with instance and name (payload), its key
  // Who is answered: nobody, or one of these.
  std::function<void(Result<Receipt>)> done{};
  Waiter* waiter = nullptr;
  bool answer_at_once = false;       // who waits is turning the loop and cannot be woken by another
  bool made_correlation_id = false;  // the stepper's, not the submitter's
  bool commit_failed = false;        // one that it was part of, and was tried again
  Result<Receipt> result{};
  std::unique_ptr<Work> next{};  // the inbox's link

  void answer(Result<Receipt> answer);
  std::size_t bytes() const;
  // The engine's own inputs cannot be submitted again by anyone, so it retries them itself; but not
  // when the loop's own thread is waiting for the answer.
  bool retried() const { return source != Source::submitted && !answer_at_once; }
};

struct InboxLimits {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

class Inbox {
 public:
  explicit Inbox(InboxLimits limits);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Errc::overloaded when full. A tenant with almost nothing waiting is still admitted into an
  // eighth of extra room, so that one busy tenant cannot lock the others out.
  Result<void> admit(std::unique_ptr<Work>& work);
  // The engine's own inputs, bounded by what caused them (running effects, timers in flight).
  void push(std::unique_ptr<Work> work);
  // Back to where they came from, in order, before everything else of their instances.
  void put_back(std::vector<std::unique_ptr<Work>> works);

  // The next inputs in fair order, at most so many and (after the first) at most so many bytes.
  std::vector<std::unique_ptr<Work>> take(std::size_t max_count, std::size_t max_bytes);

  // What waits behind something of the engine's own in this instance, and is to be refused.
  std::vector<std::unique_ptr<Work>> take_refusable(const InstanceId& instance);

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return count_ == 0; }

 private:
  struct Lane;  // one instance
  struct Tenant;

  Tenant& tenant_of(std::string_view name);
  void insert(std::unique_ptr<Work> work, bool at_front);
  std::unique_ptr<Work> take_one();

  InboxLimits limits_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Tenant>> tenants_;
  Tenant* first_ = nullptr;  // the ring of tenants that have something waiting
  Tenant* last_ = nullptr;
};

}  // namespace tidemark::engine
