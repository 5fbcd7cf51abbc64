#include "sim/edit_auditor.h"

#include <algorithm>

namespace tidemark::sim {
namespace {

using Kind = WriteRequest::Kind;

// As the server's log names it.
std::string event_of(const Command& command) {
  const std::string& event = command.request.event;
  const auto hash = event.find('#');
  if (hash == std::string::npos) return event;
  std::string original = event.substr(hash + 1);
  std::erase_if(original, [](char c) { return c == '-' || c == ':'; });
  return event.substr(0, hash) + "_" + original;
}

}  // namespace

std::string series_of(const std::string& event) {
  const auto hash = event.find('#');
  if (hash != std::string::npos) return event.substr(0, hash);
  const auto stamp = event.rfind('_');
  const bool instance = stamp != std::string::npos && event.find_first_of("RT", stamp) > stamp + 1;
  return instance ? event.substr(0, stamp) : event;
}

void EditAuditor::check() const {
  for (const auto& [event, changes] : tenant_.upstream->changes().changes()) {
    for (const auto& change : changes) {
      if (change.ours) check_change(event, change);
    }
  }
  for (const auto& command : commands_) {
    if (command.request.tenant != tenant_.name) continue;
    if (command.refused) {
      check_refusal(command);
      continue;
    }
    const auto end = ends_.find(command.id);
    if (end == ends_.end()) continue;  // the commands' own auditor says so
    if (end->second.type == "calendar.write.conflict") check_conflict(command);
    if (end->second.type == "calendar.write.done") check_deletion(command);
  }
}

void EditAuditor::check_change(const std::string& event, const EventChange& change) const {
  const std::string what = " changed " + event + " from v" + std::to_string(change.before) +
                           " to v" + std::to_string(change.after);
  if (!tenant_.account.settings.write) return wrong(what + ", and may not");
  if (change.before == change.after) return;
  // Unless they name their version, commands follow each other; what is gone none of them brings
  // back.
  for (const auto& command : commands_) {
    if (command.request.tenant != tenant_.name || command.refused) continue;
    const bool asked = change.after != 0
                           ? command.version == change.after
                           : command.request.kind == Kind::remove && event_of(command) == event;
    if (!asked) continue;
    const bool makes = command.request.kind == Kind::create || is_instance(command.request.event);
    const bool may_follow = change.before == 0 ? makes : change.before >= kFirstWritten;
    const bool may_be = command.based ? change.before == *command.based
                                      : may_follow || command.seen.contains(change.before);
    if (may_be) return;
  }
  wrong(what + ", which nobody had seen and asked for");
}

void EditAuditor::check_refusal(const Command& command) const {
  const Errc why = command.why_refused;
  if (why == Errc::not_found) return;  // the event or its calendar was gone meanwhile
  const bool may_write = tenant_.account.settings.write;
  const bool google = tenant_.account.settings.provider == "google";
  if (why == Errc::forbidden && (!may_write || google)) return;  // a calendar may be read-only
  const bool may_differ = !command.request.if_match.empty() || command.unreadable;
  if (why == Errc::conflict && may_write && may_differ) return;
  wrong("'s " + command.request.idempotency_key + " is refused: " + std::string(name(why)));
}

void EditAuditor::check_conflict(const Command& command) const {
  const auto& log = tenant_.upstream->changes();
  const std::string where = "'s " + command.request.idempotency_key + " (" + command.id + ")";
  if (command.request.kind == Kind::create) {
    const auto made = tenant_.upstream->appearances(command.version);
    if (made.empty()) wrong(where + " ends in a conflict over what never was");
    return;
  }
  const std::string event = event_of(command);
  const std::string series = series_of(command.request.event);
  if (log.went_on_after(event, command.seen) || log.went_on_after(series, command.seen)) return;
  wrong(where + " ends in a conflict, and nobody has changed " + event);
}

void EditAuditor::check_deletion(const Command& command) const {
  if (command.request.kind != Kind::remove) return;
  const std::string event = event_of(command);
  const auto& changes = tenant_.upstream->changes().of(event);
  if (changes.empty()) return;  // its calendar was in no list meanwhile
  const bool gone = std::any_of(changes.begin(), changes.end(),
                                [](const EventChange& change) { return change.after == 0; });
  // An instance goes with its series, too, or with a rule that has it no more.
  if (gone || event != command.request.event) return;
  wrong("'s " + command.request.idempotency_key + " has deleted " + event + ", which is there");
}

}  // namespace tidemark::sim
