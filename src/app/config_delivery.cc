#include "app/config_delivery.h"

#include <map>

#include "app/config_account.h"
#include "app/toml_json.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

// An endpoint of these limits: one parser knows what a limit may be, and how to say what it is not.
Result<delivery::EndpointConfig> with_limits(const Json& rate, const Json& quota) {
  return delivery::endpoint_config_from_json(
      {{"id", "limits"}, {"url", "https://example.com/"}, {"rate", rate}, {"daily_quota", quota}});
}

class TenantReader {
 public:
  TenantReader(ConfigReader& reader, const TomlNode& table, ConfigSection section)
      : reader_(reader), table_(table), section_(std::move(section)) {}

  delivery::TenantLimits read();

 private:
  void tell(const Error& error, const Origin& rate, const Origin& quota);

  ConfigReader& reader_;
  const TomlNode& table_;
  ConfigSection section_;
};

// "rate.burst: must be ..." is about delivery_rate.burst here.
void TenantReader::tell(const Error& error, const Origin& rate, const Origin& quota) {
  const auto colon = error.message.find(": ");
  const std::string place = "delivery_" + error.message.substr(0, colon);
  Origin origin = place.starts_with("delivery_rate") ? rate : quota;
  if (origin.kind == Origin::Kind::file) {
    const auto at = find_place(table_, place);
    if (at.line != 0) origin = {Origin::Kind::file, reader_.file(), at.line, at.column};
  }
  section_.problem(origin, place, error.message.substr(colon + 2));
}

delivery::TenantLimits TenantReader::read() {
  ConfigSection rate = section_.child("delivery_rate");
  const auto per_second = rate.json("per_second", JsonKind::number);
  const auto burst = rate.json("burst", JsonKind::number);
  rate.finish();
  const auto quota = section_.json("delivery_daily_quota", JsonKind::number);
  section_.finish();

  Json limit;
  if (rate.present() || per_second.given || burst.given) limit = Json::object();
  if (per_second.given) limit["per_second"] = per_second.value;
  if (burst.given) limit["burst"] = burst.value;
  const Origin& rate_origin = per_second.given ? per_second.origin
                              : burst.given    ? burst.origin
                                               : rate.origin();
  delivery::TenantLimits limits;
  if (const auto read = with_limits(limit, nullptr)) {
    limits.rate = read->rate;
  } else {
    tell(read.error(), rate_origin, quota.origin);
  }
  if (const auto read = with_limits(nullptr, quota.value)) {
    limits.daily_quota = read->daily_quota;
  } else {
    tell(read.error(), rate_origin, quota.origin);
  }
  if (limits.rate) {
    const Json shown = delivery::to_json(*with_limits(limit, nullptr))["rate"];
    reader_.show(section_.full("delivery_rate"), dump_json(shown), rate_origin);
  }
  if (limits.daily_quota) {
    reader_.show(section_.full("delivery_daily_quota"), std::to_string(*limits.daily_quota),
                 quota.origin);
  }
  return limits;
}

// Nothing when the table says nothing of it; what it does not name is as in [retention].
std::optional<audit::PayloadRetention> read_tenant_retention(
    ConfigSection& section, const audit::PayloadRetention& preset) {
  audit::PayloadRetention limits = preset;
  bool any = false;
  const std::pair<const char*, milliseconds*> keys[] = {{"retention_inputs", &limits.inputs},
                                                        {"retention_events", &limits.events}};
  for (const auto& [key, limit] : keys) {
    const auto given = section.text(key);
    if (!given.given) continue;
    any = true;
    const auto age = parse_duration(given.value);
    if (!age) {
      section.problem(given.origin, key, age.error().message);
    } else if (age->count() != 0 && *age < audit::kShortestRetention) {
      section.problem(given.origin, key, "must be at least 1s, or 0s to keep everything");
    } else {
      *limit = *age;
    }
  }
  return any ? std::optional(limits) : std::nullopt;
}

}  // namespace

AddressGuard read_delivery(ConfigSection section, Config& config) {
  const auto allow = section.texts("allow", {});
  const auto connections = section.integer("max_connections", config.delivery.max_connections, 1,
                                           kMostDeliveryConnections);
  section.finish();
  config.delivery.max_connections = connections.value;
  if (allow.value.size() > kMaxAllowedAddresses) {
    section.problem(allow.origin, "allow", "has more than 1000 entries");
    return {};
  }
  for (std::size_t i = 0; i < allow.value.size(); ++i) {
    if (const auto guard = AddressGuard::make({allow.value[i]}); !guard) {
      const bool in_file = allow.origin.kind == Origin::Kind::file;
      section.problem(in_file ? section.origin_of_item("allow", i) : allow.origin, "allow",
                      guard.error().message);
    } else {
      config.delivery_allow.push_back(allow.value[i]);
    }
  }
  auto guard = AddressGuard::make(config.delivery_allow);
  return guard ? std::move(*guard) : AddressGuard();
}

void read_tenants(ConfigReader& reader, ConfigSection& root, Config& config) {
  const auto tables = root.tables("tenant");
  if (tables.size() > kMaxTenants) {
    root.problem(root.origin(), "tenant", "more than 10000 tenants");
    return;
  }
  std::map<std::string, std::uint32_t> first_line;
  std::size_t number = 0;
  for (const TomlNode* table : tables) {
    ++number;
    const Origin header{Origin::Kind::file, reader.file(), table->line, table->column};
    const TomlEntry* entry = table->find("id");
    const bool usable = entry != nullptr && entry->value.kind == TomlNode::Kind::text &&
                        is_valid_name(entry->value.text);
    const std::string id = usable ? to_lower_ascii(entry->value.text) : std::to_string(number);
    ConfigSection section(reader, table, "tenant." + id + ".", header);
    const auto given = section.text("id");
    if (entry == nullptr) {
      section.problem(header, "id", "is missing: every tenant needs one");
    } else if (given.given && !usable) {
      section.problem(given.origin, "id", "must be 1 to 64 letters, digits, '_' or '-'");
    } else if (usable) {
      const auto [first, fresh] = first_line.emplace(id, entry->line);
      if (!fresh) {
        section.problem(section.origin_of("id"), "id",
                        "is used twice (also in line " + std::to_string(first->second) + ")");
      }
    }
    const auto retention = read_tenant_retention(section, config.audit.retention.payloads);
    if (usable && retention) config.audit.retention.tenants.insert_or_assign(id, *retention);
    auto limits = TenantReader(reader, *table, std::move(section)).read();
    if (usable) config.delivery.tenants.insert_or_assign(id, limits);
  }
}

}  // namespace tidemark::app
