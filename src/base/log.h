// Structured logs: JSON lines for machines, readable ones on a terminal. Thread-safe.
//
// Only the fields below can be logged, by design: never a payload, never a secret.
//   log::info("calendar synced", {.connector = "caldav:work", .company_id = "acme"});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::log {

enum class Level { debug, info, warning, error, none };  // none: nothing is written
enum class Format { automatic, text, json };             // automatic: text on a terminal, else json

struct Fields {
  std::string_view connector{};  // "<provider>:<account>"
  std::string_view correlation_id{};
  std::string_view company_id{};  // the tenant
  std::string_view event_id{};    // written as event.id
  std::string_view event_type{};  // event.type
  int event_version = 0;          // event.version, when not 0
  std::string_view dedupe_key{};
  std::optional<double> latency_ms{};
  std::string_view error_code{};
  std::string_view calendar{};  // calendar id or name
  std::string_view detail{};    // free text about what happened; no payload, no secret
};

// To stderr. Before it is called, warnings and errors are written as text.
void configure(Level level, Format format);

void debug(std::string_view message, const Fields& fields = {});
void info(std::string_view message, const Fields& fields = {});
void warning(std::string_view message, const Fields& fields = {});
void error(std::string_view message, const Fields& fields = {});

}  // namespace tidemark::log
