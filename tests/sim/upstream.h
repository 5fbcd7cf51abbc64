// A server of calendars, as the network and the auditors see it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "sim/change_log.h"

namespace tidemark::sim {

// The id of each tenant's only account.
inline constexpr std::string_view kAccount = "work";

// An event that has got a title.
struct Appearance {
  std::string id;            // of the event, in the server's own words
  std::uint64_t before = 0;  // the version it had; 0: there was none
};

class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual const std::string& tenant() const = 0;
  virtual std::string origin() const = 0;
  // As a server does: any request has an answer.
  virtual HttpResponse answer(const HttpRequest& request) = 0;
  // The process has begun to ask, and what came of it, unless it has died meanwhile.
  virtual void asked(const HttpRequest&) {}
  virtual void ended(const HttpRequest&, const Result<HttpResponse>&) {}
  // Where this version of a title has been.
  virtual std::vector<Appearance> appearances(std::uint64_t version) const = 0;
  const ChangeLog& changes() const { return changes_; }
  // A process has sent it once and has heard that it was taken.
  bool was_sent_once(std::uint64_t version) const {
    const auto found = sent_.find(version);
    return found != sent_.end() && found->second.sent == 1 && found->second.heard == 1;
  }

  // For a while nothing could be written to this calendar: it was gone, hidden or forbidden.
  void note_closed(const std::string& calendar) { closed_.insert(calendar); }
  // It has refused a request for good, although it takes such requests.
  void note_unwilling() { unwilling_ = true; }
  const std::set<std::string>& closed() const { return closed_; }
  bool was_unwilling() const { return unwilling_; }

  // The process that sent it has died, and the command has not ended: the next one asks again.
  void note_in_doubt(std::uint64_t version) {
    if (const auto found = sent_.find(version); found != sent_.end()) ++found->second.sent;
  }

 protected:
  ChangeLog changes_;
  void note_sent(std::uint64_t version) { ++sent_[version].sent; }
  void note_heard(std::uint64_t version) { ++sent_[version].heard; }

 private:
  struct Sent {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
  };
  std::map<std::uint64_t, Sent> sent_;  // by version
  std::set<std::string> closed_;        // as the server names them
  bool unwilling_ = false;
};

}  // namespace tidemark::sim
