// `tidemark event`: commands that change events on their servers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config.h"

namespace tidemark::app {

struct EventWriteOptions {
  std::string calendar;
  std::string event;  // update, delete
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::string> location;
  std::optional<std::string> start;  // 2026-01-05, 2026-01-05T09:00:00 in `zone`, or with Z
  std::optional<std::string> end;
  std::string zone;  // empty: floating
  std::optional<std::string> status;
  std::vector<std::string> attendees;   // e-mail addresses
  std::vector<std::string> recurrence;  // lines
  std::string from_file;                // a JSON object of members; options go before it
  std::string if_match;
  std::string idempotency_key;
  std::uint64_t wait = 60;  // seconds
  bool json = false;
};
int run_event_create(const Config& config, const EventWriteOptions& options);
int run_event_update(const Config& config, const EventWriteOptions& options);
int run_event_delete(const Config& config, const EventWriteOptions& options);

struct EventWritesOptions {
  std::string calendar;
  std::uint64_t limit = 100;
  bool json = false;
};
int run_event_writes(const Config& config, const EventWritesOptions& options);

}  // namespace tidemark::app
