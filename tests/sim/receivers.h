// Those who are sent webhooks, and what they may hold us to: limits, order, the same words for the
// same id.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "delivery/signature.h"
#include "engine/machine.h"
#include "net/http.h"
#include "sim/stage.h"
#include "store/store.h"

namespace tidemark::delivery {
struct EndpointState;
}

namespace tidemark::sim {

// An event of the feed, as the journal's records tell of it.
struct ToldEvent {
  Position position;
  std::string id;
  std::string type;
  std::string from;  // the instance that tells
};
using ToldEvents = std::map<std::string, std::vector<ToldEvent>, std::less<>>;  // by tenant

struct EndpointPlan {
  std::string tenant;
  std::string id;
  std::string types;  // the beginning of what it wants, "" for all
  bool ordered = false;
  std::optional<std::uint32_t> per_second;
  std::uint32_t burst = 1;
  std::optional<std::uint64_t> daily_quota;

  std::string url() const { return "http://" + id + "." + tenant + ".example/hook"; }
  Json config() const;
  bool wants(std::string_view type) const;
};

class Receiver {
 public:
  Receiver(Stage& stage, EndpointPlan plan, const ToldEvents& told)
      : stage_(stage), plan_(std::move(plan)), told_(told) {}

  const EndpointPlan& plan() const { return plan_; }
  InstanceId instance() const;
  bool created() const { return created_.sequence != 0; }
  bool down() const;
  void go_down(milliseconds how_long) { down_until_ = stage_.clock.world() + how_long; }
  std::uint64_t received() const { return received_; }

  // A request arrives; what it is answered, and whether that gets back.
  struct Reaction {
    int status = 200;
    bool answered = true;
  };
  Reaction receive(const HttpRequest& request, const StoreView& store);

  // On our side: something is sent, something was answered. As what it was sent is given back with
  // the answer.
  enum class Sent : std::uint8_t {
    plain,
    maybe_probe,  // the breaker may have been open, and this its probe
    probe,        // the breaker is open: it can be nothing else
  };
  Sent sent(const std::string& id, WallTime now);
  void answered(Sent as, bool good);
  // A new process reads what it knows of its limits from the store; a clock that steps changes what
  // is due.
  void process_begins(const StoreView& store, WallTime now);
  void limits_begin_anew();

  // Everything it wants, as far as its quota of the day goes, has been accepted or is a dead
  // letter; what is missing, in words.
  std::optional<std::string> missing(const StoreView& store);

 private:
  void check_words(const std::string& id, const std::string& body);
  void check_order(const std::string& id, const StoreView& store);
  void check_rate();
  void check_quota(WallTime now);
  void check_quota_is_kept(const delivery::EndpointState& state, WallTime now);
  void check_breaker();
  // To be sent to it: what it wants, but no news of itself.
  bool is_due(const ToldEvent& event) const;
  bool settled(const ToldEvent& event, const StoreView& store);

  Stage& stage_;
  const EndpointPlan plan_;
  const ToldEvents& told_;
  Position created_;
  milliseconds down_until_{0};

  std::map<std::string, std::size_t> words_;      // id -> hash of the body
  std::map<std::string, std::int64_t> accepted_;  // id -> the day on which it was sent
  struct Attempts {
    int count = 0;
    std::int64_t day = 0;  // of the last one, on the machine's clock
  };
  std::map<std::string, Attempts> attempts_;  // by id
  std::uint64_t received_ = 0;
  Position newest_;           // of all that was seen
  std::size_t in_order_ = 0;  // of told_: everything before was settled when it was looked at

  std::deque<milliseconds> sends_;  // since its limits began anew
  std::int64_t day_ = 0;
  std::uint64_t left_today_ = 0;

  // Of the breaker's window. What failed before it began anew is not counted, what succeeded may
  // be.
  struct Ended {
    milliseconds at;
    bool good;
    bool certain = true;  // that the breaker still knows it
  };
  void forget_failures();
  std::deque<Ended> results_;
  bool time_is_uncertain_ = false;  // of results_: the clock may have stepped since the last one
  std::optional<milliseconds> last_send_;  // none since it began anew: anything may be a probe
  // Set while the breaker must be open.
  std::optional<milliseconds> must_be_open_since_;
  int failed_probes_ = 0;  // that it was opened again by
  int sent_while_open_ = 0;
};

// The key that all endpoints sign with.
const std::vector<delivery::SigningKey>& signing_keys();

}  // namespace tidemark::sim
