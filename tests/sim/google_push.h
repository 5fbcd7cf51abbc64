// Google's notification channels in a world: how their messages come to the process, late, twice,
// out of order or never, among some that others have made up; and that a calendar in the list is
// watched without a gap and never by more than two.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/stage.h"
#include "support/google/fake_google.h"
#include "sync/sync_service.h"

namespace tidemark::sim {

class Process;

// What all of a world's accounts have in common.
struct PushSettings {
  std::string address;  // of ours; empty: nothing is watched
  std::function<Process*()> process;
};

class GooglePush {
 public:
  GooglePush(Stage& stage, test::FakeGoogle& google, const PushSettings& settings);

  bool is_on() const { return !settings_.address.empty(); }
  // For how long there has to be peace until every channel has been replaced.
  milliseconds renews_within() const { return is_on() && is_short_ ? 2 * life_ : milliseconds{0}; }
  // Around the request that makes a channel on the calendar.
  void before_watch(const std::string& calendar);
  void after_watch(const std::string& calendar, bool granted);
  // Around the request that stops one.
  void before_stop();
  void after_stop();
  // What is due goes on its way.
  void collect();
  // What is wrong when nothing else is.
  std::optional<std::string> difference(const std::string& calendar, bool listed) const;

 private:
  void send(PushNotice notice, bool forged);
  void arrive(const PushNotice& notice, bool forged);
  // A machine whose clock is wrong cannot know when a channel ends.
  bool can_be_held_to_it() const { return is_on() && !stage_.clock.was_ever_wrong(); }

  Stage& stage_;
  test::FakeGoogle& google_;
  const PushSettings& settings_;
  milliseconds life_{std::chrono::hours(7 * 24)};
  bool is_short_ = false;
  std::map<std::string, WallTime> granted_in_peace_;  // by calendar: the last one's end
  std::set<std::string> watched_before_stop_;
};

}  // namespace tidemark::sim
