#include "delivery/endpoint_config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "delivery/json_reader.h"
#include "net/url.h"

namespace tidemark::delivery {
namespace {

constexpr std::size_t kMaxIdBytes = 64;
constexpr milliseconds kShortestTimeout = std::chrono::seconds{1};
constexpr milliseconds kLongestTimeout = std::chrono::seconds{30};
constexpr milliseconds kShortestDisable = std::chrono::hours{1};
constexpr milliseconds kLongestDisable = std::chrono::days{90};

std::string read_id(ObjectReader& reader) {
  auto id = reader.text("id", "", kMaxIdBytes);
  const bool valid = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (!valid) reader.refuse("id", "must be 1 to 64 letters, digits, '_' or '-'");
  return id;
}

std::string read_url(ObjectReader& reader) {
  auto text = reader.text("url", "", kMaxEndpointUrlBytes);
  if (text.empty()) {
    reader.refuse("url", "is missing; write where events go, such as https://example.com/hook");
    return text;
  }
  if (const auto url = parse_url(text); !url) reader.refuse("url", url.error().message);
  return text;
}

HttpHeaders read_headers(ObjectReader& reader) {
  HttpHeaders headers;
  const Json* object = reader.find("headers");
  if (object == nullptr) return headers;
  const std::string place = reader.place_of("headers");
  if (!object->is_object()) {
    reader.refuse("headers", "must be an object of names and values");
    return headers;
  }
  for (const auto& [name, value] : object->items()) {
    if (!value.is_string()) {
      reader.refuse(
          problem_at(child_place(place, to_valid_utf8(name.substr(0, 64))), "must be text"));
      return headers;
    }
    headers.emplace_back(name, value.get<std::string>());
  }
  if (const auto checked = check_custom_headers(headers, place); !checked) {
    reader.refuse(checked.error());
  }
  return headers;
}

MessageFormat read_format(ObjectReader& reader) {
  const Json* value = reader.find("format");
  if (value == nullptr) return MessageFormat::envelope;
  const auto format = value->is_string()
                          ? message_format_from_text(value->get_ref<const std::string&>())
                          : std::nullopt;
  if (!format) {
    reader.refuse("format", "must be one of envelope, cloudevents_structured, cloudevents_binary");
  }
  return format.value_or(MessageFormat::envelope);
}

// Three decimals, read without rounding 0.1 up or down.
std::optional<std::uint32_t> read_milli(const Json* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double milli = value->get<double>() * 1000;
  if (!(milli >= 0.5) || milli > kMaxMilliPerSecond) return std::nullopt;
  const double nearest = std::round(milli);
  if (std::abs(milli - nearest) > 1e-6 * nearest) return std::nullopt;
  return static_cast<std::uint32_t>(nearest);
}

std::optional<RateLimit> read_rate(ObjectReader& parent) {
  const Json* value = parent.find("rate");
  if (value == nullptr) return std::nullopt;
  ObjectReader reader(*value, parent.place_of("rate"));
  RateLimit rate;
  const auto milli = read_milli(reader.find("per_second"));
  if (milli) {
    rate.milli_per_second = *milli;
  } else {
    reader.refuse("per_second",
                  "must be a number from 0.001 to 10000, with three decimals at most");
  }
  rate.burst = static_cast<std::uint32_t>(
      reader.number("burst", (rate.milli_per_second + 999) / 1000, 1, kMaxBurst));
  if (const auto finished = reader.finish(); !finished) parent.refuse(finished.error());
  return rate;
}

std::optional<std::uint64_t> read_quota(ObjectReader& reader) {
  const std::uint64_t quota = reader.number("daily_quota", 0, 1, kMaxDailyQuota);
  return quota == 0 ? std::nullopt : std::optional(quota);
}

std::uint32_t read_concurrency(ObjectReader& reader, bool ordered) {
  const auto concurrency = static_cast<std::uint32_t>(
      reader.number("concurrency", ordered ? 1 : kDefaultConcurrency, 1, kMaxConcurrency));
  if (ordered && concurrency != 1) {
    reader.refuse(
        "concurrency",
        "must be 1, or left out, for an ordered endpoint: it is sent one event at a time");
  }
  return concurrency;
}

milliseconds read_disable_after(ObjectReader& reader, milliseconds preset) {
  const auto after = reader.duration("disable_after", preset, milliseconds{0}, kLongestDisable);
  if (after.count() > 0 && after < kShortestDisable) {
    reader.refuse("disable_after", "must be 0s (never), or a duration from 1h to 90d");
  }
  return after;
}

Json rate_json(const std::optional<RateLimit>& rate) {
  if (!rate) return nullptr;
  Json per_second = rate->milli_per_second / 1000.0;
  if (rate->milli_per_second % 1000 == 0) per_second = rate->milli_per_second / 1000;
  return Json{{"per_second", per_second}, {"burst", rate->burst}};
}

}  // namespace

Result<EndpointConfig> endpoint_config_from_json(const Json& value) {
  ObjectReader reader(value, "");
  EndpointConfig config;
  config.id = read_id(reader);
  config.url = read_url(reader);
  config.description = reader.text("description", "", kMaxDescriptionBytes);
  if (const Json* types = reader.find("types")) {
    config.types = reader.take(type_globs_from_json(*types, reader.place_of("types")));
  }
  if (const Json* filter = reader.find("filter")) {
    config.filter = reader.take(EventFilter::from_json(*filter, reader.place_of("filter")));
  }
  config.headers = read_headers(reader);
  config.format = read_format(reader);
  config.rate = read_rate(reader);
  config.daily_quota = read_quota(reader);
  config.ordered = reader.flag("ordered", false);
  config.concurrency = read_concurrency(reader, config.ordered);
  if (const Json* schedule = reader.find("schedule")) {
    config.schedule = reader.take(retry_schedule_from_json(*schedule, reader.place_of("schedule")));
  }
  config.timeout = reader.duration("timeout", config.timeout, kShortestTimeout, kLongestTimeout);
  config.disable_after = read_disable_after(reader, config.disable_after);
  config.enabled = reader.flag("enabled", true);
  TM_TRY(reader.finish());
  return config;
}

Json to_json(const EndpointConfig& config) {
  Json headers = Json::object();
  for (const auto& [name, value] : config.headers) headers[name] = value;
  return Json{{"id", config.id},
              {"url", config.url},
              {"description", config.description},
              {"types", config.types},
              {"filter", config.filter.to_json()},
              {"headers", std::move(headers)},
              {"format", to_text(config.format)},
              {"rate", rate_json(config.rate)},
              {"daily_quota", config.daily_quota ? Json(*config.daily_quota) : Json(nullptr)},
              {"concurrency", config.concurrency},
              {"ordered", config.ordered},
              {"schedule", to_json(config.schedule)},
              {"timeout", format_duration(config.timeout)},
              {"disable_after", format_duration(config.disable_after)},
              {"enabled", config.enabled}};
}

}  // namespace tidemark::delivery
