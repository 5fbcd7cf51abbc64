// The commands. Each takes what the command line said and returns the exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/backend.h"
#include "app/config.h"

namespace tidemark::app {

int run_serve(const Config& config);

struct SyncArguments {
  std::vector<std::string> targets;  // "account" or "account/calendar"; none: everything
  bool full = false;
  bool reconcile = false;
  bool json = false;
};
int run_sync(const Config& config, const SyncArguments& options);

struct ListOptions {
  bool json = false;
};
struct CalendarsOptions {
  std::string as_of;
  bool json = false;
};
int run_calendars(const Config& config, const CalendarsOptions& options);
int run_status(const Config& config, const ListOptions& options);

struct EventsOptions {
  std::string calendar;
  std::string from;
  std::string to;
  std::string zone;
  std::string as_of;
  std::string page;
  std::string format = "table";  // table, json, ics
  std::uint64_t limit = 100;
  bool expand = false;
};
int run_events(const Config& config, const EventsOptions& options);

struct QuarantineOptions {
  std::string calendar;
  bool json = false;
};
int run_quarantine(const Config& config, const QuarantineOptions& options);

struct FeedOptions {
  std::string after;
  std::string type;
  std::uint64_t limit = 100;
  bool limit_given = false;
  bool follow = false;
  bool json = false;
};
int run_feed(const Config& config, const FeedOptions& options);

struct AuditListOptions {
  std::string correlation;
  std::string instance;
  std::string id;
  std::string dedupe_key;
  std::string type;
  std::string tenant;
  std::string since;
  std::string until;
  std::string after;
  std::uint64_t limit = 100;
  bool json = false;
};
int run_audit_list(const Config& config, const AuditListOptions& options);

struct AuditShowOptions {
  std::string sequence;
  bool tree = false;
  bool below = false;
  std::uint64_t limit = 500;
  bool json = false;
};
int run_audit_show(const Config& config, const AuditShowOptions& options);

int run_config_check(const Config& config);
int run_config_show(const Config& config, const ListOptions& options);

struct KeyCreateOptions {
  std::string tenant = "default";
  std::string name;
  std::string expires;
  bool json = false;
};
int run_key_create(const Config& config, const KeyCreateOptions& options);
int run_key_list(const Config& config, const ListOptions& options);
int run_key_revoke(const Config& config, const std::string& id);

// Says what failed and returns its exit code.
int failed(const ApiFailure& failure);
// Opens the backend and hands it on; says why when it cannot.
int with_backend(const Config& config, Runtime::Purpose purpose,
                 const std::function<int(Backend&)>& work);

// A field of a JSON object as text: empty when absent or null, numbers in digits.
std::string text_at(const Json& object, const char* field);
// "2025-12-16T12:00:00.000Z" as people read it, in UTC like everything here: to the minute, or to
// the second. "-" when empty.
std::string short_time(const std::string& time);
std::string exact_time(const std::string& time);
// Each field that says something, in a line of its own.
void show_fields(const Json& object);
// Says what is wrong with each account or calendar of the list that has an error.
void show_errors(const Json& rows);

// True once SIGINT or SIGTERM came, after catch_interrupts().
bool interrupted();
void catch_interrupts();

}  // namespace tidemark::app
