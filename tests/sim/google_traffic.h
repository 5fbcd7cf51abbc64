// What a process owes Google: while a quota is used up nobody who shares it asks, and an access
// token is asked for only when there is none that serves, by one at a time.
//
// What a process knows dies with it, and a clock that is set makes its waits wrong: from then on
// only what is heard anew counts.
#pragma once

#include <map>
#include <string>

#include "net/http.h"
#include "sim/stage.h"

namespace tidemark::sim {

// All accounts share one OAuth client, and so its project's quota.
class GoogleTraffic {
 public:
  explicit GoogleTraffic(Stage& stage) : stage_(stage) {}

  void asked(const std::string& account, const HttpRequest& request);
  void ended(const std::string& account, const HttpRequest& request,
             const Result<HttpResponse>& outcome);
  void process_ended();
  void clock_stepped();

 private:
  struct Account {
    milliseconds closed_until{0};  // world time
    std::string token;
    WallTime expires{};
    bool refused = false;
    bool asking = false;  // for a token
    WallTime asked{};
  };
  void token_asked(const std::string& name, Account& account);
  void token_ended(Account& account, const Result<HttpResponse>& outcome);
  void close(Account& account, const HttpResponse& response);

  Stage& stage_;
  std::map<std::string, Account> accounts_;
  milliseconds project_closed_until_{0};
};

}  // namespace tidemark::sim
