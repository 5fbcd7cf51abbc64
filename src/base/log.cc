#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

namespace tidemark::log {
namespace {

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::none: return spdlog::level::off;
  }
  return spdlog::level::err;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    case Level::none: return "none";
  }
  return "error";
}

Sink make_sink(Level level, Format format) {
  Sink sink;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  sink.json = format == Format::json || (format == Format::automatic && !terminal);
  const bool color = terminal && getenv("NO_COLOR") == nullptr;
  auto target = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
      color ? spdlog::color_mode::always : spdlog::color_mode::never);
  sink.logger = std::make_shared<spdlog::logger>("tidemark", std::move(target));
  sink.logger->set_level(to_spdlog(level));
  // JSON lines carry their own timestamp and level.
  sink.logger->set_pattern(sink.json ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v");
  return sink;
}

// The process has one standard error, hence one sink; it is replaced as a whole by configure().
std::mutex sink_mutex;
std::shared_ptr<const Sink>& current() {
  static std::shared_ptr<const Sink> sink =
      std::make_shared<const Sink>(make_sink(Level::warning, Format::text));
  return sink;
}

std::shared_ptr<const Sink> sink_now() {
  const std::lock_guard lock(sink_mutex);
  return current();
}

template <class Add>
void for_each_field(const Fields& fields, const Add& add) {
  const auto text = [&](const char* key, std::string_view value) {
    if (!value.empty()) add(key, Json(to_valid_utf8(value)));
  };
  text("connector", fields.connector);
  text("calendar", fields.calendar);
  text("correlation_id", fields.correlation_id);
  text("company_id", fields.company_id);
  text("event.id", fields.event_id);
  text("event.type", fields.event_type);
  if (fields.event_version != 0) add("event.version", Json(fields.event_version));
  text("dedupe_key", fields.dedupe_key);
  if (fields.latency_ms) add("latency_ms", Json(*fields.latency_ms));
  text("error_code", fields.error_code);
  text("detail", fields.detail);
}

std::string as_json(Level level, std::string_view message, const Fields& fields) {
  nlohmann::ordered_json line;
  line["timestamp"] = format_rfc3339(SystemClock{}.now());
  line["level"] = name(level);
  line["service"] = "tidemark";
  line["message"] = to_valid_utf8(message);
  for_each_field(fields, [&](const char* key, const Json& value) { line[key] = value; });
  return line.dump();
}

// One line whatever the message holds: control characters would let a server write log lines.
std::string as_text(std::string_view message, const Fields& fields) {
  std::string line = to_valid_utf8(message);
  for_each_field(fields, [&](const char* key, const Json& value) {
    line.append("  ").append(key).append("=");
    line.append(value.is_string() ? value.get<std::string>() : value.dump());
  });
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return line;
}

void write(Level level, std::string_view message, const Fields& fields) {
  const auto sink = sink_now();
  const auto spd_level = to_spdlog(level);
  if (!sink->logger->should_log(spd_level)) return;
  const std::string line = sink->json ? as_json(level, message, fields) : as_text(message, fields);
  sink->logger->log(spd_level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure(Level level, Format format) {
  auto sink = std::make_shared<const Sink>(make_sink(level, format));
  const std::lock_guard lock(sink_mutex);
  current() = std::move(sink);
}

void debug(std::string_view message, const Fields& fields) {
  write(Level::debug, message, fields);
}
void info(std::string_view message, const Fields& fields) {
  write(Level::info, message, fields);
}
void warning(std::string_view message, const Fields& fields) {
  write(Level::warning, message, fields);
}
void error(std::string_view message, const Fields& fields) {
  write(Level::error, message, fields);
}

}  // namespace tidemark::log
