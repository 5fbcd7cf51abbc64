#include "sync/watch_machine.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/mutation.h"
#include "sync/backoff.h"

namespace tidemark::sync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kNotWatchable{24};   // until it is asked again
constexpr hours kLeastMargin{1};     // between renewal and end
constexpr minutes kShortestLife{5};  // a channel that ends sooner is no answer to rely on

// When a channel that lives from `now` on is replaced. In the middle of a very short life.
WallTime renewal(WallTime now, WallTime expires, Sequence sequence) {
  const milliseconds life = std::max(expires - now, milliseconds{0});
  const milliseconds margin = std::min(std::max<milliseconds>(life / 10, kLeastMargin), life / 2);
  return expires - with_jitter(margin, 20, sequence);
}

struct WatchStep {
  WatchStep(const StepContext& step_context, WatchState before)
      : context(step_context), out{std::move(before)}, state(out.state) {}

  const StepContext& context;
  Transition<WatchState> out;
  WatchState& state;

  bool wanted() const { return !state.address.empty(); }
  WallTime now() const { return context.now; }

  // -- What an input says.

  void take(const WatchWanted& input) {
    state.account = input.account;
    state.calendar = input.calendar;
    state.remote_id = input.remote_id;
    state.address = input.address;
    state.retry.reset();
  }
  void take(const WatchUnwanted&) {
    state.address.clear();
    state.retry.reset();
  }
  void take(const WatchDone& input) {
    if (!ends_busy(input.effect)) return;
    WatchChannel* channel = busy_channel();
    state.busy.reset();
    if (channel == nullptr) return;
    channel->standing = Standing::live;
    channel->since = now();
    channel->expires = input.expires;
    channel->renew = renewal(now(), input.expires, context.sequence);
    state.resource = input.resource;
    if (input.expires - now() >= kShortestLife) return succeed();
    fail_with({Errc::protocol_error, "the server grants a channel that ends at once"});
  }
  void take(const WatchStopped& input) {
    if (!ends_busy(input.effect)) return;
    std::erase_if(state.channels, [&](const auto& one) { return one.id == state.busy->channel; });
    state.busy.reset();
    succeed();
  }
  void take(const WatchFailed& input) {
    if (!ends_busy(input.effect)) return;
    WatchChannel* channel = busy_channel();
    const bool taken = !state.busy->stops && input.error.code == Errc::conflict;
    if (taken && channel != nullptr) channel->standing = Standing::lost;
    state.busy.reset();
    fail_with(input.error);
  }
  void take(const WatchTimer&) { state.wake.reset(); }

  // -- What follows from it.

  void go_on() {
    std::erase_if(state.channels, [&](const auto& channel) {
      const bool on_its_way = state.busy && state.busy->channel == channel.id;
      return channel.expires <= now() && !on_its_way;
    });
    if (state.retry && *state.retry <= now()) state.retry.reset();
    if (!state.busy && !state.retry) {
      if (const WatchChannel* surplus = surplus_now()) {
        stop(*surplus);
      } else if (must_ask() && may_ask()) {
        ask();
      }
    }
    out.end = !wanted() && state.channels.empty() && !state.busy;
    if (!out.end) set_timer();
  }

 private:
  bool ends_busy(Sequence effect) const { return state.busy && state.busy->effect == effect; }

  WatchChannel* busy_channel() {
    const auto found =
        std::find_if(state.channels.begin(), state.channels.end(),
                     [&](const auto& channel) { return channel.id == state.busy->channel; });
    return found == state.channels.end() ? nullptr : &*found;
  }

  void succeed() {
    state.failures = 0;
    state.error_code.clear();
    state.error.clear();
  }

  void fail_with(const Error& error) {
    ++state.failures;
    state.error_code = name(error.code);
    state.error = error.message;
    state.retry = now() + delay_after(error);
  }

  milliseconds delay_after(const Error& error) const {
    const auto delay = [&](const Backoff& backoff) {
      return backoff_delay(backoff, state.failures, error.retry_after, context.sequence);
    };
    // Pulls find out, too, and the account says when the credentials work again.
    if (error.code == Errc::unauthorized) return delay(kCredentialsBackoff);
    if (error.code == Errc::invalid_argument) {
      return with_jitter(kNotWatchable, 10, context.sequence);
    }
    const bool soon =
        retryable(error.code) || error.code == Errc::cancelled || error.code == Errc::conflict;
    return delay(soon ? kRetryBackoff : kFailingBackoff);
  }

  // When the channel is to be stopped; nothing: not as things are.
  std::optional<WallTime> surplus_at(const WatchChannel& channel) const {
    const WatchChannel* serving = state.serving();
    if (&channel == serving || state.resource.empty()) return std::nullopt;
    switch (channel.standing) {
      case Standing::asked:
        if (must_ask()) return std::nullopt;
        return now();
      case Standing::lost: return now();
      case Standing::live: break;
    }
    if (!wanted() && mutated(Mutation::channel_left_behind)) return std::nullopt;
    if (!wanted()) return now();
    if (serving != nullptr) return serving->since + kWatchOverlap;
    // To another address than is wanted now: it makes room for its successor.
    const bool in_the_way = state.channels.size() == kMaxChannels;
    return in_the_way && &channel == &state.channels.front() ? std::optional(now()) : std::nullopt;
  }

  const WatchChannel* surplus_now() const {
    for (const auto& channel : state.channels) {
      const auto at = surplus_at(channel);
      if (at && *at <= now()) return &channel;
    }
    return nullptr;
  }

  WatchChannel* asked() {
    const auto found =
        std::find_if(state.channels.begin(), state.channels.end(),
                     [](const auto& channel) { return channel.standing == Standing::asked; });
    return found == state.channels.end() ? nullptr : &*found;
  }

  bool must_ask() const {
    // What cannot be stopped without knowing its resource is asked about.
    if (!wanted()) return state.resource.empty() && !state.channels.empty();
    const WatchChannel* serving = state.serving();
    if (serving != nullptr && mutated(Mutation::channel_not_renewed)) return false;
    return serving == nullptr || serving->renew <= now();
  }
  bool may_ask() { return asked() != nullptr || state.channels.size() < kMaxChannels; }

  void ask() {
    const bool renews = wanted() && state.serving() != nullptr;
    if (asked() == nullptr) {
      WatchChannel fresh;
      fresh.id = channel_id(now(), {context.sequence, 0}, state.calendar);
      if (!wanted()) fresh.address = state.channels.front().address;
      state.channels.push_back(std::move(fresh));
    }
    WatchChannel& channel = *asked();
    if (wanted()) channel.address = state.address;
    channel.expires = std::max<WallTime>(channel.expires, now() + kWatchLifetime);
    ChannelOrder order = order_for(channel);
    order.address = channel.address;
    order.expires = channel.expires;
    order.renews = renews;
    send(order);
  }

  void stop(const WatchChannel& channel) {
    ChannelOrder order = order_for(channel);
    order.stops = true;
    order.resource = state.resource;
    send(order);
  }

  ChannelOrder order_for(const WatchChannel& channel) const {
    ChannelOrder order;
    order.account = state.account;
    order.calendar = state.calendar;
    order.remote_id = state.remote_id;
    order.channel = channel.id;
    return order;
  }

  void send(const ChannelOrder& order) {
    state.busy = WatchBusy{context.sequence, order.channel, order.stops};
    out.effects.push_back({std::string(kWatchExecutor),
                           std::string(context.tenant) + "/" + state.account, encode(order)});
  }

  // The next moment at which time alone changes what is to be done.
  std::optional<WallTime> next_moment() const {
    if (state.busy) return std::nullopt;
    std::optional<WallTime> next = state.retry;
    const auto consider = [&](WallTime time) {
      if (time > now() && (!next || time < *next)) next = time;
    };
    for (const auto& channel : state.channels) {
      consider(channel.expires);
      if (state.retry) continue;
      if (const auto at = surplus_at(channel)) consider(*at);
      if (&channel == state.serving()) consider(channel.renew);
    }
    return next;
  }

  void set_timer() {
    const auto next = next_moment();
    if (next == state.wake) return;
    state.wake = next;
    out.timers.push_back({std::string(kWatchTimer), next, next.has_value()});
  }
};

}  // namespace

InstanceId watch_instance(std::string_view tenant, std::string_view account,
                          std::string_view public_id) {
  return make_instance_id(kWatchKind, tenant, std::string(account) + "/" + std::string(public_id));
}

std::string channel_id(WallTime now, Position position, std::string_view calendar) {
  return make_id("", now, position) + "-" + std::string(calendar);
}

std::string_view calendar_of_channel(std::string_view channel) {
  const auto dash = channel.find('-');
  return dash == std::string_view::npos ? std::string_view() : channel.substr(dash + 1);
}

Result<Transition<WatchState>> WatchMachine::step(const StepContext& context, State before,
                                                  const Input& input) {
  WatchStep step(context, std::move(before));
  if (step.state.calendar.empty() && !std::holds_alternative<WatchWanted>(input)) {
    step.out.end = true;  // late news for one that ended
    return std::move(step.out);
  }
  std::visit([&](const auto& what) { step.take(what); }, input);
  step.go_on();
  return std::move(step.out);
}

}  // namespace tidemark::sync
