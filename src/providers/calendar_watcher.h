// Being told by the server that a calendar has changed, instead of asking.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

struct WatchOrder {
  std::string calendar_id;
  std::string channel;  // our name for it, unique for ever
  Secret token;         // sent back with each notification
  std::string address;  // the https URL to notify
  WallTime expires{};   // it may end earlier, never later
};

struct Watch {
  std::string resource;  // the server's name for what is watched
  WallTime expires{};
};

class CalendarWatcher {
 public:
  virtual ~CalendarWatcher() = default;
  // Errors as for CalendarProvider::pull(), and
  //   conflict          there is or was a channel of that name: an answer was lost, or it has ended
  //   invalid_argument  this calendar cannot be watched
  virtual Result<Watch> watch(const WatchOrder& order) = 0;
  // A channel that is no more counts as stopped.
  virtual Result<void> stop(const std::string& channel, const std::string& resource) = 0;
};

}  // namespace tidemark
