// What becomes of a notification that a calendar has changed (calendar rule 16). Thread-safe.
#pragma once

#include "base/metrics.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "store/store.h"
#include "sync/sync_service.h"
#include "sync/watch_executor.h"

namespace tidemark::sync {

class PushReceiver {
 public:
  // All of it outlives the receiver.
  PushReceiver(Engine& engine, const StoreView& store, Metrics& metrics, const Secret& key,
               const WatchedCalendars& calendars)
      : engine_(engine), store_(store), metrics_(metrics), key_(key), calendars_(calendars) {}

  // One read of the store and, for what is accepted, one commit. Token and resource are compared in
  // constant time. A channel whose resource is not known yet is good by its token alone: the answer
  // that tells the resource may be on its way, or lost.
  Result<PushOutcome> take(const PushNotice& notice);

 private:
  Result<PushOutcome> verify_and_submit(const PushNotice& notice);

  Engine& engine_;
  const StoreView& store_;
  Metrics& metrics_;
  const Secret& key_;
  const WatchedCalendars& calendars_;
};

void describe_push_metrics(Metrics& metrics);

}  // namespace tidemark::sync
