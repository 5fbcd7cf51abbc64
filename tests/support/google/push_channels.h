// Google's push channels: https://developers.google.com/workspace/calendar/api/guides/push
// Nothing is sent from here: what is due waits to be taken, lost, repeated or reordered by a test.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"

namespace tidemark::test::google {

struct Channel {
  std::string id;
  std::string token;
  std::string address;
  std::string resource_id;
  std::string resource_uri;
  WallTime expiration{};
  std::string user;
  std::string calendar;
  std::uint64_t last_message = 0;
};

class PushChannels {
 public:
  // events.watch: the channel's resource, or Google's refusal. Its `sync` message is due at once.
  HttpResponse watch(const std::string& user, const std::string& calendar, const Json& wanted,
                     WallTime now);
  // channels.stop
  HttpResponse stop(const std::string& user, const Json& channel, WallTime now);
  // A message for each live channel of the calendar becomes due.
  void changed(const std::string& calendar, const std::string& state, WallTime now);

  // What is due, in order, and no longer due after this. Nothing for channels that ended meanwhile.
  std::vector<HttpRequest> take(WallTime now);
  std::vector<Channel> live(const std::string& calendar, WallTime now) const;

  // Google wants https; a test whose receiver is on loopback may not have it.
  bool accept_http = false;
  // Google may grant less than was asked for.
  std::chrono::milliseconds longest_life = std::chrono::hours(7 * 24);

 private:
  struct Due {
    std::string channel;
    std::string state;
    std::uint64_t number = 0;
  };
  void add_due(Channel& channel, const std::string& state);
  std::optional<HttpResponse> refusal(const Json& wanted) const;

  // By id. Ended ones stay: an id is never good for a second channel.
  std::map<std::string, Channel> channels_;
  std::vector<Due> due_;
};

}  // namespace tidemark::test::google
