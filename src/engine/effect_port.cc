#include "engine/effect_port.h"

#include "base/log.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

constexpr std::string_view kTooLarge = "an effect's progress is larger than an input may be";

class Handle final : public EffectHandle {
 public:
  Handle(std::shared_ptr<EffectPort> port, const OutboxEntry& entry, std::string effect_id)
      : port_(std::move(port)),
        outbox_key_(outbox_key(entry.executor, entry.host, entry.position)),
        instance_(entry.instance),
        correlation_id_(entry.correlation_id),
        effect_id_(std::move(effect_id)) {}

  ~Handle() override {
    if (completed_.exchange(true)) return;
    port_->with_sink([&](EffectSink& sink) { sink.abandon(outbox_key_); });
  }

  Result<void> progress(std::string type, std::string payload) override {
    if (completed_) {
      return fail(Errc::cancelled, "the effect " + effect_id_ + " has already been completed");
    }
    Result<void> result = fail(Errc::cancelled, "the engine has stopped");
    port_->with_sink([&](EffectSink& sink) {
      result = sink.report_and_wait(
          make_work(Work::Source::progress, std::move(type), std::move(payload)));
    });
    return result;
  }

  void progress(std::string type, std::string payload,
                std::function<void(Result<void>)> done) override {
    if (completed_) {
      return done(
          fail(Errc::cancelled, "the effect " + effect_id_ + " has already been completed"));
    }
    const bool open = port_->with_sink([&](EffectSink& sink) {
      if (payload.size() > sink.max_input_bytes()) {
        return done(fail(Errc::limit_exceeded, std::string(kTooLarge)));
      }
      auto work = make_work(Work::Source::progress, std::move(type), std::move(payload));
      work->done = [done = std::move(done)](const Result<Receipt>& receipt) {
        done(receipt ? Result<void>{} : fail(receipt.error()));
      };
      sink.report(std::move(work));
    });
    if (!open) done(fail(Errc::cancelled, "the engine has stopped"));
  }

  void complete(std::string type, std::string payload) override {
    if (completed_.exchange(true)) return;
    port_->with_sink([&](EffectSink& sink) {
      if (payload.size() > sink.max_input_bytes()) {
        log::error(
            "an effect's result is larger than an input may be: the effect stays in the "
            "outbox until the next start",
            {.correlation_id = correlation_id_, .detail = effect_id_});
        return sink.abandon(outbox_key_);
      }
      sink.report(make_work(Work::Source::completion, std::move(type), std::move(payload)));
    });
  }

  bool stopping() const override { return port_->stopping; }

 private:
  std::unique_ptr<Work> make_work(Work::Source source, std::string type, std::string payload) {
    auto work = std::make_unique<Work>();
    work->source = source;
    work->input.instance = instance_;
    work->input.type = std::move(type);
    work->input.payload = std::move(payload);
    work->payload_hash = sha256(work->input.payload);
    work->input.correlation_id = correlation_id_;
    work->input.causation_id = effect_id_;
    work->outbox_key = outbox_key_;
    return work;
  }

  const std::shared_ptr<EffectPort> port_;
  const std::string outbox_key_;
  const InstanceId instance_;
  const std::string correlation_id_;
  const std::string effect_id_;
  std::atomic<bool> completed_ = false;
};

}  // namespace

void EffectPort::close() {
  std::unique_lock lock(mutex_);
  sink_ = nullptr;
  idle_.wait(lock, [&] { return inside_ == 0; });
}

bool EffectPort::with_sink(const std::function<void(EffectSink&)>& use) {
  EffectSink* sink = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (sink_ == nullptr) return false;
    sink = sink_;
    ++inside_;
  }
  use(*sink);
  const std::lock_guard lock(mutex_);
  if (--inside_ == 0) idle_.notify_all();
  return true;
}

std::unique_ptr<EffectHandle> make_handle(std::shared_ptr<EffectPort> port,
                                          const OutboxEntry& entry, std::string effect_id) {
  return std::make_unique<Handle>(std::move(port), entry, std::move(effect_id));
}

}  // namespace tidemark::engine
