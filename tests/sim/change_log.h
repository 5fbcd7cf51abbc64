// What has been done to each event of a server, one thing after the other, and whether it was ours.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tidemark::sim {

// Versions are those of titles; 0: there was, or is, no such event.
struct EventChange {
  std::uint64_t before = 0;
  std::uint64_t after = 0;  // the same as before: only its ETag is another
  bool ours = false;        // a process has asked for it
};

class ChangeLog {
 public:
  // `event` as its external id names it.
  void add(const std::string& event, EventChange change) { changes_[event].push_back(change); }
  // The event's last change was ours, of what was thought to be this version.
  void claim(const std::string& event, std::uint64_t thought);

  const std::map<std::string, std::vector<EventChange>>& changes() const { return changes_; }
  const std::vector<EventChange>& of(const std::string& event) const;
  // Some event had this version once, and has another one now.
  bool went_on_from(std::uint64_t version) const;
  // Some event became this version, another one, and this one again.
  bool was_put_back(std::uint64_t version) const;
  // Anything at all was done to the event that had this version, a move included.
  bool was_touched_after(std::uint64_t version) const;
  // Anything was done to it, or to an instance of it, after it became one of these versions.
  bool went_on_after(const std::string& event, const std::set<std::uint64_t>& versions) const;

 private:
  std::map<std::string, std::vector<EventChange>> changes_;
};

}  // namespace tidemark::sim
