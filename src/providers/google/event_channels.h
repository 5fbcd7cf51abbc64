// Notification channels on a calendar's events (calendar rule 16), after Google's guide:
// https://developers.google.com/workspace/calendar/api/guides/push
#pragma once

#include "base/result.h"
#include "providers/calendar_watcher.h"
#include "providers/google/api_client.h"

namespace tidemark::google {

class EventChannels final : public CalendarWatcher {
 public:
  explicit EventChannels(const ApiClient& api) : api_(api) {}  // which outlives it

  Result<Watch> watch(const WatchOrder& order) override;
  Result<void> stop(const std::string& channel, const std::string& resource) override;

 private:
  const ApiClient& api_;
};

}  // namespace tidemark::google
