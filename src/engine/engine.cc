#include "engine/engine.h"

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "engine/as_of.h"
#include "engine/engine_impl.h"
#include "engine/engine_limits.h"

namespace tidemark {
namespace {

// Messages are delivered through the inbox: at once as many as keep it busy, in order per target.
constexpr ExecutorLimits kMessageLimits{1024, 64};

Result<void> check_secrets(const std::vector<SealedSecret>& secrets) {
  using namespace engine;
  if (secrets.size() > kMaxSecrets) {
    return fail(Errc::limit_exceeded, "an input takes at most 16 secrets along");
  }
  for (auto secret = secrets.begin(); secret != secrets.end(); ++secret) {
    if (!valid_secret_name(secret->name)) {
      return fail(Errc::invalid_argument, "a secret's name is UTF-8 of 1 to 512 bytes");
    }
    if (secret->sealed.size() > kMaxSealedBytes) {
      return fail(Errc::limit_exceeded,
                  "the secret \"" + secret->name + "\" is larger than 64 KiB once sealed");
    }
    if (std::any_of(secrets.begin(), secret,
                    [&](const auto& earlier) { return earlier.name == secret->name; })) {
      return fail(Errc::invalid_argument,
                  "an input takes the secret \"" + secret->name + "\" along twice");
    }
  }
  return {};
}

EngineOptions within_limits(EngineOptions options) {
  options.max_batch_inputs =
      std::min(options.max_batch_inputs, engine::TreeWriter::kMostUndone / 2);
  return options;
}

[[noreturn]] void registered_twice(std::string_view what, std::string_view name) {
  log::error("registered twice", {.detail = std::string(what) + " " + std::string(name)});
  std::abort();
}

}  // namespace

Engine::Impl::Impl(Store& store, const Clock& clock, Metrics& metrics, EngineOptions options)
    : store_(store),
      clock_(clock),
      options_(within_limits(options)),
      metrics_(metrics),
      port_(std::make_shared<engine::EffectPort>(*this)),
      stepper_(store, machines_),
      timers_(store),
      dispatcher_(store, options.effects_in_memory),
      inbox_({options.inbox_capacity, options.inbox_bytes}),
      durable_(store.last_sequence()),
      committer_(store, [this] { commit_returned(); }) {
  dispatcher_.add_executor({}, nullptr, kMessageLimits);
  metrics.on_collect([port = port_](Metrics& collected) {
    port->with_sink([&](engine::EffectSink& sink) { sink.show_depths(collected); });
  });
}

Engine::Impl::~Impl() = default;

Result<void> Engine::Impl::check(const Input& input) const {
  using namespace engine;
  if (!takes_inputs_)
    return fail(Errc::internal, "the engine is not recovered and takes no inputs");
  if (!valid_instance_id(input.instance)) {
    std::string message = "not an instance id, <kind>/<tenant>/<rest> of at most 512 bytes: ";
    message.append(input.instance.value, 0, kMaxInstanceBytes);
    return fail(Errc::invalid_argument, std::move(message));
  }
  if (!machines_.contains(input.instance.kind())) {
    return fail(Errc::invalid_argument,
                "no machine of kind \"" + std::string(input.instance.kind()) +
                    "\" is registered (instance " + input.instance.value + ")");
  }
  if (input.type.empty() || input.type.size() > kMaxNameBytes) {
    return fail(Errc::invalid_argument, "an input's type has 1 to 256 bytes");
  }
  if (input.payload.size() > options_.max_input_bytes) {
    return fail(Errc::limit_exceeded,
                "the input has " + std::to_string(input.payload.size()) + " bytes, more than the " +
                    std::to_string(options_.max_input_bytes) + " one input may have");
  }
  if (input.dedupe_key.size() > kMaxDedupeKeyBytes ||
      input.correlation_id.size() > kMaxCauseIdBytes ||
      input.causation_id.size() > kMaxCauseIdBytes) {
    return fail(Errc::limit_exceeded,
                "a dedupe key has at most 1024 bytes, a correlation or causation id at most 256");
  }
  return check_secrets(input.secrets);
}

Result<bool> Engine::Impl::enqueue(std::unique_ptr<Work>& work, bool may_turn) {
  const std::lock_guard lock(mutex_);
  if (finished_ || (stopping_ && work->source == Work::Source::submitted)) {
    return fail(Errc::cancelled, "the engine is stopping and takes no more inputs");
  }
  if (work->source == Work::Source::submitted) {
    TM_TRY(inbox_.admit(work));
  } else {
    inbox_.push(std::move(work));
  }
  ++arrivals_;
  if (may_turn && asleep_ && inbox_.size() == 1) return true;
  if (!collecting_ || inbox_.size() == engine::kWorthWaking) wake_.notify_one();
  return false;
}

bool Engine::Impl::take_in(std::unique_ptr<Work> work, bool may_turn) {
  if (auto checked = check(work->input); !checked) {
    work->answer(fail(std::move(checked).error()));
    return false;
  }
  auto queued = enqueue(work, may_turn);
  if (queued) return *queued;
  if (queued.error().code == Errc::overloaded) metrics_.overloaded();
  work->answer(fail(std::move(queued).error()));
  return false;
}

// A caller that would only wait turns the loop once, when the loop's thread sleeps: that spares the
// two thread switches which cost more than the step itself. False: somebody else is at it.
bool Engine::Impl::turn_for_sleeper() {
  std::unique_lock turn(turn_mutex_, std::try_to_lock);
  if (!turn) return false;
  std::optional<WallTime> timer_before;
  {
    const std::lock_guard lock(mutex_);
    timer_before = published_.next_timer;
  }
  const auto turned = turn_locked(Mode::one_by_one);
  turn.unlock();
  const std::lock_guard lock(mutex_);
  return !turned.retry_soon && inbox_.empty() && abandoned_.empty() && !stopping_ &&
         published_.next_timer == timer_before;
}

Result<Receipt> Engine::Impl::submit_and_wait(Input input) {
  engine::Waiter waiter;
  auto work = std::make_unique<Work>();
  work->input = std::move(input);
  work->waiter = &waiter;
  const bool nested = turned_by_me();
  work->answer_at_once = nested;
  const bool should_turn = take_in(std::move(work), !nested);
  if (should_turn && !turn_for_sleeper()) {
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
  }
  bool threaded = false;
  {
    const std::lock_guard lock(mutex_);
    threaded = threaded_;
  }
  // The loop's own thread (a callback, an executor's start()) and a caller of an engine without a
  // thread turn the loop themselves: nobody else would.
  if (nested) {
    while (!waiter.answered()) turn_as_owner(Mode::one_by_one);
  } else if (!threaded) {
    while (!waiter.answered()) {
      if (!turn(Mode::one_by_one).did_something && waiter.wait_for(milliseconds(10))) break;
    }
  }
  return waiter.wait();
}

void Engine::Impl::report(std::unique_ptr<Work> work) {
  // Refused only when the engine is over: the effect is still in the outbox, for the next start.
  auto queued = enqueue(work);
  if (!queued) work->answer(fail(std::move(queued).error()));
}

void Engine::Impl::abandon(std::string outbox_key) {
  const std::lock_guard lock(mutex_);
  abandoned_.push_back(std::move(outbox_key));
  wake_.notify_one();
}

Result<void> Engine::Impl::report_and_wait(std::unique_ptr<Work> work) {
  if (work->input.payload.size() > options_.max_input_bytes) {
    return fail(Errc::limit_exceeded, "an effect's progress is larger than an input may be");
  }
  engine::Waiter waiter;
  work->waiter = &waiter;
  const bool nested = turned_by_me();
  work->answer_at_once = nested;
  TM_TRY(enqueue(work));
  while (nested && !waiter.answered()) turn_as_owner(Mode::one_by_one);
  TM_TRY(waiter.wait());
  return {};
}

Engine::Depths Engine::Impl::depths() const {
  const std::lock_guard lock(mutex_);
  return {inbox_.size(), inbox_.bytes(), published_.outbox, published_.running, published_.timers};
}

void Engine::Impl::show_depths(Metrics& metrics) {
  metrics_.flush();
  const auto now = depths();
  metrics.set("tidemark_inbox_inputs", {}, static_cast<double>(now.inbox));
  metrics.set("tidemark_inbox_bytes", {}, static_cast<double>(now.inbox_bytes));
  metrics.set("tidemark_outbox_effects", {}, static_cast<double>(now.outbox));
  metrics.set("tidemark_effects_running", {}, static_cast<double>(now.running));
  metrics.set("tidemark_timers", {}, static_cast<double>(now.timers));
}

bool Engine::Impl::idle_locked() const {
  const bool timer_due = published_.next_timer && *published_.next_timer <= clock_.now();
  return !turning_ && flight_ == Flight::none && inbox_.empty() && abandoned_.empty() &&
         published_.waiting == 0 && published_.running == 0 && !timer_due;
}

Engine::Engine(Store& store, const Clock& clock, Metrics& metrics, EngineOptions options)
    : impl_(std::make_unique<Impl>(store, clock, metrics, options)) {}

Engine::~Engine() {
  stop();
}

void Engine::register_machine(AnyMachine machine) {
  const std::string kind(machine.kind);
  if (!impl_->machines_.emplace(kind, std::move(machine)).second) registered_twice("machine", kind);
}

void Engine::register_executor(std::string name, EffectExecutor& executor, ExecutorLimits limits) {
  if (impl_->dispatcher_.has_executor(name)) registered_twice("executor", name);
  impl_->dispatcher_.add_executor(std::move(name), &executor, limits);
}

Result<void> Engine::recover(Recovery what) {
  const std::lock_guard turn(impl_->turn_mutex_);
  if (what != Recovery::work) {
    TM_TRY(engine::complete_tree(impl_->store_));
    TM_TRY(begin_history(impl_->store_));
    TM_TRY(impl_->stepper_.recover(impl_->store_));
  }
  if (what != Recovery::journal) {
    TM_TRY(impl_->timers_.recover());
    TM_TRY(impl_->dispatcher_.recover(impl_->store_.last_sequence()));
  }
  const std::lock_guard lock(impl_->mutex_);
  impl_->takes_inputs_ = what != Recovery::work;
  impl_->publish_locked();
  return {};
}

void Engine::stop(std::chrono::milliseconds deadline) {
  impl_->stop(deadline);
}

Result<Receipt> Engine::submit(Input input) {
  return impl_->submit_and_wait(std::move(input));
}

void Engine::submit(Input input, std::function<void(Result<Receipt>)> done) {
  auto work = std::make_unique<engine::Work>();
  work->input = std::move(input);
  work->done = std::move(done);
  impl_->take_in(std::move(work), false);
}

bool Engine::run_one_batch() {
  return impl_->turn(Impl::Mode::one_by_one).did_something;
}

std::optional<WallTime> Engine::next_timer() const {
  const std::lock_guard lock(impl_->mutex_);
  return impl_->published_.next_timer;
}

Sequence Engine::wait_for_record(Sequence after, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(impl_->mutex_);
  impl_->news_.wait_for(lock, timeout, [&] { return impl_->durable_ > after || impl_->finished_; });
  return impl_->durable_;
}

void Engine::on_events(std::function<void()> listener) {
  const std::lock_guard lock(impl_->listener_mutex_);
  impl_->events_listener_ = std::move(listener);
}

bool Engine::idle() const {
  const std::lock_guard lock(impl_->mutex_);
  return impl_->idle_locked();
}

bool Engine::wait_until_idle(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(impl_->mutex_);
  impl_->news_.wait_for(lock, timeout, [&] { return impl_->idle_locked() || impl_->finished_; });
  return impl_->idle_locked();
}

Engine::Depths Engine::depths() const {
  return impl_->depths();
}

}  // namespace tidemark
