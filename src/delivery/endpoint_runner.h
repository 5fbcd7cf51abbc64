// What the deliverer does for one endpoint. Inside src/delivery/ only; on the driver's thread.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "delivery/deliverer.h"
#include "delivery/delivery_rows.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/event_reader.h"

namespace tidemark::delivery {

class EndpointRunner : public std::enable_shared_from_this<EndpointRunner> {
 public:
  EndpointRunner(Deliverer& deliverer, InstanceId instance);

  // Takes over the committed state. False: the endpoint is no more.
  Result<bool> load();
  // Sends what may be sent now, and says why not more.
  void pump();
  void events_arrived() { reader_.more_arrived(); }
  // Sends nothing more: its endpoint is gone.
  void retire() { loaded_ = false; }
  std::uint64_t used_today(WallTime now) const { return quota_.used(now); }
  // True when it was not in the queue for a place yet.
  bool queue_for_slot() { return !std::exchange(queued_for_slot_, true); }
  void leave_slot_queue() { queued_for_slot_ = false; }
  const InstanceId& instance() const { return instance_; }

 private:
  using Results = std::vector<std::pair<std::uint64_t, AttemptResult>>;  // with their generation

  // Something to send.
  struct Candidate {
    Position position;
    bool from_row = false;
    FeedLine line;
  };
  struct Sent {
    Position position;
    std::string event_id;
    std::string event_type;
    std::uint64_t generation = 0;
    bool from_row = false;
    bool probe = false;
  };

  void start_over();
  void load_retries();
  Result<std::optional<Candidate>> next(WallTime now);
  Result<std::optional<Candidate>> due_retry(WallTime now);
  Result<std::optional<Candidate>> fresh(WallTime now);
  Result<bool> has_own_row(Position position) const;
  bool wanted(const FeedLine& line);
  bool defer(const FeedLine& line, WallTime now);

  std::uint64_t most_waiting() const;
  Hold standing_hold(WallTime now) const;
  Hold limit_hold(WallTime now);
  bool admit(WallTime now, bool& probe, Hold& hold);
  void send(Candidate candidate, bool probe);
  void answered(const Sent& sent, Result<HttpResponse> answer, milliseconds latency);
  void count_for_breaker(const AttemptResult& result);
  void note(AttemptResult result, std::uint64_t generation);
  void settle(Position position);

  void flush();
  void submitted(Results results, std::uint64_t filtered, bool look_again, Result<Receipt> receipt);
  void act_on_receipt(Results results, std::uint64_t filtered, bool look_again,
                      Result<Receipt> receipt);
  void hold(Hold hold);
  void wake_at(WallTime when);

  Deliverer& deliverer_;
  const InstanceId instance_;
  const std::string tenant_;
  EndpointState state_;
  std::vector<SigningKey> keys_;
  std::optional<Error> no_key_;
  bool loaded_ = false;
  bool queued_for_slot_ = false;

  // Copies that are ahead of the state by what is on its way.
  Breaker breaker_;
  TokenBucket bucket_;
  DailyQuota quota_;
  bool probe_out_ = false;

  EventReader reader_;
  Position known_to_;                  // what comes later has no row of before this course
  Position scanned_;                   // everything up to here was sent, filtered or deferred
  Position settled_to_;                // the cursor that may be committed
  std::map<Position, bool> window_;    // from the cursor, sent: settled?
  std::set<Position> rows_in_flight_;  // until their results are stored
  std::vector<DueKey> retries_;        // the earliest of them
  std::size_t in_flight_ = 0;

  Results results_;
  std::shared_ptr<const Results> in_submission_;  // on its way to the store
  std::uint64_t attempts_stored_ = 0;             // that the store is known to have counted
  std::size_t failures_unstored_ = 0;  // results that are no success, noted and not yet stored
  std::uint64_t filtered_ = 0;
  bool submitting_ = false;
  std::optional<WallTime> store_again_;  // results could not be stored: not before
  std::optional<WallTime> wake_;         // the earliest wake-up asked for
};

}  // namespace tidemark::delivery
