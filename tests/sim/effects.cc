#include "sim/effects.h"

#include <utility>

namespace tidemark::sim {
namespace {

constexpr milliseconds kSoon{30};
constexpr milliseconds kLate = std::chrono::minutes(2);

class ScheduledHandle final : public EffectHandle {
 public:
  ScheduledHandle(const ScheduledExecutor::Parts& parts, std::unique_ptr<EffectHandle> inner)
      : parts_(parts), inner_(std::move(inner)) {}

  // Blocks the fiber, not the world.
  Result<void> progress(std::string type, std::string payload) override {
    const int times = parts_.stage.faults.strikes(Fault::progress_doubled) ? 2 : 1;
    Result<void> result;
    for (int i = 0; i < times && result; ++i) result = progress_once(type, payload);
    return result;
  }
  void progress(std::string type, std::string payload,
                std::function<void(Result<void>)> done) override {
    if (gone()) return done(fail(Errc::cancelled, "the process has been killed"));
    inner_->progress(std::move(type), std::move(payload), std::move(done));
  }

  void complete(std::string type, std::string payload) override {
    if (gone() || parts_.store.struck(Fault::crash_at_completion)) return;
    const bool late = parts_.stage.faults.strikes(Fault::completion_late);
    parts_.stage.agenda.after(parts_.stage.random.delay(late ? kLate : kSoon), Agenda::Of::process,
                              [&stage = parts_.stage, inner = inner_, type = std::move(type),
                               payload = std::move(payload)]() mutable {
                                stage.say("ends with " + type);
                                inner->complete(std::move(type), std::move(payload));
                              });
  }

  bool stopping() const override { return gone() || inner_->stopping(); }

 private:
  bool gone() const { return parts_.fibers.killed() || parts_.store.dead(); }

  Result<void> progress_once(const std::string& type, const std::string& payload) {
    if (gone()) return fail(Errc::cancelled, "the process has been killed");
    parts_.fibers.sleep(parts_.stage.random.delay(kSoon));
    struct Outcome {
      bool known = false;
      Result<void> result = fail(Errc::cancelled, "the process has been killed");
    };
    auto outcome = std::make_shared<Outcome>();
    inner_->progress(type, payload, [outcome, wake = parts_.fibers.waker()](Result<void> durable) {
      outcome->known = true;
      outcome->result = std::move(durable);
      wake();
    });
    parts_.fibers.wait_until([&] { return outcome->known; });
    if (gone()) return fail(Errc::cancelled, "the process has been killed");
    return outcome->result;
  }

  const ScheduledExecutor::Parts parts_;
  const std::shared_ptr<EffectHandle> inner_;
};

}  // namespace

void EffectKeys::check(Stage& stage, const Effect& effect) {
  const std::string what =
      effect.instance.value + "|" + effect.request.executor + "|" + effect.request.payload;
  const auto [seen, is_new] = seen_.emplace(effect.id, what);
  if (!is_new && seen->second != what) {
    stage.violated("idempotency", "the key " + effect.id + " named " + seen->second +
                                      " and names " + what + " now");
  }
}

void ScheduledExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  if (parts_.store.struck(Fault::crash_at_effect)) return;
  parts_.keys.check(parts_.stage, effect);
  parts_.stage.say("begins " + effect.id + " of " + effect.instance.value);
  auto kept = std::make_shared<std::pair<Effect, std::unique_ptr<EffectHandle>>>(
      std::move(effect), std::make_unique<ScheduledHandle>(parts_, std::move(handle)));
  parts_.fibers.spawn(parts_.stage.random.delay(kSoon), [this, kept] {
    inner_.start(std::move(kept->first), std::move(kept->second));
  });
}

}  // namespace tidemark::sim
