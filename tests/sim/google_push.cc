#include "sim/google_push.h"

#include "sim/process.h"

namespace tidemark::sim {

GooglePush::GooglePush(Stage& stage, test::FakeGoogle& google, const PushSettings& settings)
    : stage_(stage), google_(google), settings_(settings) {
  is_short_ = stage_.random.chance(300);
  if (is_short_) life_ = std::chrono::minutes(20 + 20 * stage_.random.below(3));
  google_.set_longest_channel_life(life_);
}

void GooglePush::before_watch(const std::string& calendar) {
  const auto last = granted_in_peace_.find(calendar);
  if (last == granted_in_peace_.end() || !can_be_held_to_it()) return;
  if (last->second > stage_.clock.true_time() || !google_.live_channels(calendar).empty()) return;
  stage_.violated("channels", "the last channel on " + calendar + " was not replaced in time");
}

void GooglePush::after_watch(const std::string& calendar, bool granted) {
  if (!is_on()) stage_.violated("channels", calendar + " is watched, and nobody wanted that");
  const auto live = google_.live_channels(calendar);
  if (live.size() > 2 && can_be_held_to_it()) {
    stage_.violated("channels", calendar + " is watched by " + std::to_string(live.size()));
  }
  if (!granted || !stage_.faults.ceased()) return;
  auto& last = granted_in_peace_[calendar];
  for (const auto& channel : live) last = std::max(last, channel.expiration);
}

void GooglePush::before_stop() {
  watched_before_stop_.clear();
  for (const auto& [calendar, end] : granted_in_peace_) {
    if (!google_.live_channels(calendar).empty()) watched_before_stop_.insert(calendar);
  }
}

// Whose last channel is stopped is not to be watched any more.
void GooglePush::after_stop() {
  for (const auto& calendar : watched_before_stop_) {
    if (google_.live_channels(calendar).empty()) granted_in_peace_.erase(calendar);
  }
}

void GooglePush::collect() {
  if (!is_on()) return;
  for (const auto& request : google_.take_pushes()) {
    const auto header = [&](std::string_view name) {
      return std::string(find_header(request.headers, name).value_or(""));
    };
    PushNotice notice{header("X-Goog-Channel-ID"), header("X-Goog-Channel-Token"),
                      header("X-Goog-Resource-ID"), header("X-Goog-Resource-State")};
    if (!stage_.faults.ceased() && stage_.random.chance(50)) {
      PushNotice forged = notice;
      (stage_.random.chance(500) ? forged.token : forged.channel) += "x";
      send(std::move(forged), true);
    }
    if (stage_.faults.strikes(Fault::request_lost)) continue;
    if (stage_.faults.strikes(Fault::request_doubled)) send(notice, false);
    send(std::move(notice), false);
  }
}

void GooglePush::send(PushNotice notice, bool forged) {
  const bool late = stage_.faults.strikes(Fault::answer_late);
  const milliseconds most = late ? milliseconds(std::chrono::minutes(5)) : milliseconds(500);
  stage_.agenda.after(stage_.random.delay(most), Agenda::Of::world,
                      [this, notice = std::move(notice), forged] { arrive(notice, forged); });
}

void GooglePush::arrive(const PushNotice& notice, bool forged) {
  Process* process = settings_.process();
  if (process == nullptr || process->dead()) return;
  const auto outcome = process->take_push(notice);
  if (!outcome) return;  // a disk that fails
  stage_.say("a notification of " + notice.channel + " is " + std::string(to_text(*outcome)));
  const bool unknown = *outcome == PushOutcome::unknown_channel;
  if (forged && !unknown && *outcome != PushOutcome::wrong_token) {
    stage_.violated("channels", "a forged notification was taken");
  }
  const bool good = *outcome == PushOutcome::accepted || *outcome == PushOutcome::sync;
  if (!forged && !unknown && !good) {
    stage_.violated("channels", "a notification was refused: " + std::string(to_text(*outcome)));
  }
}

std::optional<std::string> GooglePush::difference(const std::string& calendar, bool listed) const {
  if (!can_be_held_to_it()) return std::nullopt;
  const auto live = google_.live_channels(calendar);
  if (listed && live.empty()) return calendar + " is not watched";
  if (!listed && !live.empty()) return calendar + " is still watched";
  return std::nullopt;
}

}  // namespace tidemark::sim
