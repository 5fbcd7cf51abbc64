#include "sync/push_receiver.h"

#include <string>

#include "base/mutation.h"
#include "base/random.h"
#include "engine/journal.h"
#include "sync/calendar_inputs.h"
#include "sync/push_key.h"
#include "sync/rows.h"
#include "sync/watch_machine.h"

namespace tidemark {

std::string_view to_text(PushOutcome outcome) {
  switch (outcome) {
    case PushOutcome::accepted: return "accepted";
    case PushOutcome::sync: return "sync";
    case PushOutcome::malformed: return "malformed";
    case PushOutcome::unknown_channel: return "unknown_channel";
    case PushOutcome::wrong_token: return "wrong_token";
    case PushOutcome::wrong_resource: return "wrong_resource";
  }
  return "malformed";
}

namespace sync {
namespace {

constexpr auto kNotifications = "calendar_push_notifications_total";
constexpr std::size_t kMaxChannelBytes = 64;

bool is_state(std::string_view state) {
  return state == "sync" || state == "exists" || state == "not_exists";
}

}  // namespace

Result<PushOutcome> PushReceiver::take(const PushNotice& notice) {
  auto outcome = verify_and_submit(notice);
  metrics_.add(kNotifications,
               {{"outcome", outcome ? std::string(to_text(*outcome)) : std::string("failed")}});
  return outcome;
}

Result<PushOutcome> PushReceiver::verify_and_submit(const PushNotice& notice) {
  if (notice.channel.empty() || notice.channel.size() > kMaxChannelBytes ||
      !is_state(notice.state)) {
    return PushOutcome::malformed;
  }
  const auto watch = calendars_.find(calendar_of_channel(notice.channel));
  if (!watch) return PushOutcome::unknown_channel;
  TM_ASSIGN(const auto bytes, read_state(store_, *watch));
  if (!bytes) return PushOutcome::unknown_channel;
  TM_ASSIGN(const auto state, decode_watch_state(*bytes));
  const WatchChannel* channel = state.find(notice.channel);
  if (channel == nullptr || state.address.empty()) return PushOutcome::unknown_channel;

  const std::string tenant(watch->tenant());
  const Secret token = push_token(key_, tenant, state.account, state.calendar, notice.channel);
  const bool unchecked = mutated(Mutation::push_token_unchecked);
  if (!unchecked && (key_.empty() || !equal_in_constant_time(token.reveal(), notice.token))) {
    return PushOutcome::wrong_token;
  }
  if (!state.resource.empty() && !equal_in_constant_time(state.resource, notice.resource)) {
    return PushOutcome::wrong_resource;
  }
  if (notice.state == "sync") return PushOutcome::sync;
  Input input;
  input.instance = calendar_instance(tenant, state.account, state.calendar);
  input.type = input_type::kNotified;
  TM_TRY(engine_.submit(std::move(input)));
  return PushOutcome::accepted;
}

void describe_push_metrics(Metrics& metrics) {
  metrics.describe(kNotifications, "Notifications of changed calendars, by what became of them");
}

}  // namespace sync
}  // namespace tidemark
