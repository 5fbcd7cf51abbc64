#include "delivery/endpoint_step.h"

#include <algorithm>
#include <utility>

namespace tidemark::delivery {
namespace {

constexpr std::size_t kRowsErasedAtOnce = 500;
constexpr std::string_view kOffByConfiguration = "its configuration says enabled = false";

}  // namespace

EndpointStep::EndpointStep(const StepContext& context, EndpointState before)
    : context_(context), out_{std::move(before)}, state_(out_.state) {}

Transition<EndpointState> EndpointStep::take() && {
  return std::move(out_);
}

Result<void> EndpointStep::must_exist() const {
  const bool there = exists() && state_.status != EndpointStatus::removing;
  if (there) return {};
  return fail(Errc::not_found,
              "there is no endpoint " + endpoint_of(context_.instance).value_or("of this name"));
}

// The deliverer is told after the commit, for it holds a copy of the state.
void EndpointStep::changed() {
  state_.changed = context_.now;
  out_.effects.push_back({std::string(kNoticeExecutor), context_.instance.value, {}});
}

void EndpointStep::put(std::string key, std::string value) {
  changed_rows_[key] = out_.rows.size();
  out_.rows.push_back({std::move(key), std::move(value)});
}

void EndpointStep::erase(std::string key) {
  changed_rows_[key] = out_.rows.size();
  out_.rows.push_back({std::move(key), std::nullopt});
}

void EndpointStep::emit(std::string_view type, Json payload) {
  EmittedEvent event;
  event.type = type;
  event.source = "endpoint:" + state_.config.id;
  event.payload = JsonText(payload);
  out_.events.push_back(std::move(event));
}

Result<void> EndpointStep::operator()(const PutEndpoint& input) {
  if (state_.status == EndpointStatus::removing) {
    return fail(Errc::conflict,
                "endpoint " + input.config.id + " is being removed; try again soon");
  }
  if (exists() && input.must_be_new) {
    return fail(Errc::conflict, "an endpoint " + input.config.id + " exists already");
  }
  if (!exists()) {
    state_.created = context_.now;
    state_.cursor = {context_.sequence, kRecordIndex};
  }
  state_.config = input.config;
  state_.declared = input.declared;
  if (!input.config.enabled) {
    state_.status = EndpointStatus::paused;
    state_.reason = kOffByConfiguration;
  } else if (state_.status == EndpointStatus::paused && state_.reason == kOffByConfiguration) {
    state_.status = EndpointStatus::enabled;
    state_.reason.clear();
  }
  if (!input.secret.empty()) add_secret(input.secret, milliseconds{0});
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const PauseEndpoint& input) {
  TM_TRY(must_exist());
  state_.status = EndpointStatus::paused;
  state_.reason = input.reason.empty() ? "paused by request" : input.reason;
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const ResumeEndpoint&) {
  TM_TRY(must_exist());
  state_.status = EndpointStatus::enabled;
  state_.reason.clear();
  state_.breaker = Breaker{};
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const RemoveEndpoint&) {
  TM_TRY(must_exist());
  state_.status = EndpointStatus::removing;
  changed();
  return (*this)(EndpointContinue{});
}

// Rows go in pieces, because a step must be short.
Result<void> EndpointStep::operator()(const EndpointContinue&) {
  if (state_.status != EndpointStatus::removing) return {};
  std::size_t count = 0;
  context_.rows.scan({}, {}, [&](std::string_view key, std::string_view) {
    if (count == kRowsErasedAtOnce) {
      ++count;
      return false;
    }
    erase(std::string(key));
    ++count;
    return true;
  });
  if (count > kRowsErasedAtOnce) {
    out_.messages.push_back({context_.instance, std::string(input_type::kContinue), {}});
    return {};
  }
  for (const auto& secret : state_.secrets) out_.dropped_secrets.push_back(secret.name);
  out_.end = true;
  return {};
}

Result<void> EndpointStep::operator()(const RotateSecret& input) {
  TM_TRY(must_exist());
  if (input.secret.empty()) return fail(Errc::invalid_argument, "a rotation names no new secret");
  if (input.overlap.count() > 0 && state_.secrets.size() >= kMaxEndpointSecrets) {
    return fail(Errc::limit_exceeded,
                "endpoint " + state_.config.id + " has " + std::to_string(kMaxEndpointSecrets) +
                    " secrets that still sign; wait until one expires, or rotate without overlap");
  }
  add_secret(input.secret, input.overlap);
  changed();
  return {};
}

void EndpointStep::add_secret(const std::string& name, milliseconds overlap) {
  const WallTime expires = context_.now + overlap;
  for (auto& old : state_.secrets) old.expires = std::min(old.expires.value_or(expires), expires);
  state_.secrets.insert(state_.secrets.begin(), {name, context_.now, std::nullopt});
  ++state_.next_secret;
  drop_secrets_until(context_.now);
}

void EndpointStep::drop_secrets_until(WallTime now) {
  std::optional<WallTime> next;
  std::erase_if(state_.secrets, [&](const SecretRef& secret) {
    if (!secret.expires) return false;
    if (*secret.expires <= now) {
      out_.dropped_secrets.push_back(secret.name);
      return true;
    }
    next = std::min(next.value_or(*secret.expires), *secret.expires);
    return false;
  });
  out_.timers.push_back({std::string(kSecretTimer), next});
}

Result<void> EndpointStep::operator()(const EndpointTimer&) {
  drop_secrets_until(context_.now);
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const RewindEndpoint& input) {
  TM_TRY(must_exist());
  // Within a replay that is going on it may also go forward.
  if (input.to > std::max(state_.cursor, state_.replay_until.value_or(Position{}))) {
    return fail(Errc::invalid_argument,
                "endpoint " + state_.config.id + " has not got that far yet: a rewind goes back");
  }
  state_.replay_until = std::max(state_.replay_until.value_or(Position{}), state_.cursor);
  state_.cursor = input.to;
  ++state_.generation;
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const EndpointNoticed&) {
  return {};
}

void EndpointStep::disable(std::string reason) {
  if (state_.status != EndpointStatus::enabled) return;
  state_.status = EndpointStatus::disabled;
  state_.reason = std::move(reason);
  emit(kEndpointDisabled,
       {{"endpoint", state_.config.id}, {"url", state_.config.url}, {"reason", state_.reason}});
  changed();
}

// An instance that was never put, or has been removed, has nothing to say: late news of it end it.
Result<Transition<EndpointState>> EndpointMachine::step(const StepContext& context, State state,
                                                        const Input& input) {
  const bool exists = state.created != WallTime{};
  EndpointStep step(context, std::move(state));
  const bool is_late_news = std::holds_alternative<EndpointTimer>(input) ||
                            std::holds_alternative<EndpointContinue>(input) ||
                            std::holds_alternative<EndpointNoticed>(input);
  if (!exists && is_late_news) {
    auto nothing = std::move(step).take();
    nothing.end = true;
    return nothing;
  }
  TM_TRY(std::visit([&](const auto& what) { return step(what); }, input));
  return std::move(step).take();
}

}  // namespace tidemark::delivery
