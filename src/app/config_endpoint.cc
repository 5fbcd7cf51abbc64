#include "app/config_endpoint.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/config_account.h"
#include "app/config_secret.h"
#include "app/toml_json.h"
#include "base/text.h"
#include "net/url.h"

namespace tidemark::app {
namespace {

using delivery::DeclaredEndpoint;
using delivery::EndpointConfig;

constexpr auto kSecretExample = "[{ file = \"...\" }, { env = \"...\" }], the newest first";

// All but id and rate, with how a variable for one is read.
struct EndpointKey {
  const char* name;
  JsonKind kind;
};
constexpr std::array kKeys{
    EndpointKey{"url", JsonKind::text},           EndpointKey{"description", JsonKind::text},
    EndpointKey{"types", JsonKind::texts},        EndpointKey{"filter", JsonKind::any},
    EndpointKey{"headers", JsonKind::any},        EndpointKey{"format", JsonKind::text},
    EndpointKey{"daily_quota", JsonKind::number}, EndpointKey{"concurrency", JsonKind::number},
    EndpointKey{"ordered", JsonKind::boolean},    EndpointKey{"schedule", JsonKind::text},
    EndpointKey{"timeout", JsonKind::text},       EndpointKey{"disable_after", JsonKind::text},
    EndpointKey{"enabled", JsonKind::boolean}};

// Enough for each of its keys to be wrong.
constexpr std::size_t kMostProblems = kKeys.size() + 2;

std::string first_part(const std::string& place) {
  return place.substr(0, place.find_first_of(".["));
}

// A query often holds a token.
std::string shown_url(const std::string& text) {
  const auto url = parse_url(text);
  if (!url) return "\"********\"";
  return "\"" + url->origin() + url->path + (url->query.empty() ? "" : "?********") + "\"";
}

class EndpointReader {
 public:
  EndpointReader(ConfigReader& reader, const TomlNode& table, ConfigSection section)
      : reader_(reader), table_(table), section_(std::move(section)) {}

  std::optional<DeclaredEndpoint> read(const AddressGuard& guard);

 private:
  void read_id();
  void read_tenant();
  void collect();
  void collect_rate();
  std::optional<EndpointConfig> parse();
  void tell(const Error& error, const std::string& place);
  void read_secrets();
  void add_secret(ConfigSection& table);
  void check_address(const AddressGuard& guard, const EndpointConfig& config);
  void show(const EndpointConfig& config);
  Origin origin_of(const std::string& key) const;

  ConfigReader& reader_;
  const TomlNode& table_;
  ConfigSection section_;
  Json json_ = Json::object();
  std::map<std::string, Origin> origins_;  // of what was given, by key
  DeclaredEndpoint endpoint_;
};

// Where a given key came from; the table's header when it was not given.
Origin EndpointReader::origin_of(const std::string& key) const {
  const auto found = origins_.find(key);
  return found == origins_.end() ? section_.origin() : found->second;
}

void EndpointReader::read_id() {
  const auto id = section_.text("id");
  if (table_.find("id") == nullptr) {
    section_.problem(section_.origin(), "id", "is missing: every endpoint needs one");
  }
  json_["id"] = "unknown";  // whatever is wrong with it has been told
  const TomlEntry* entry = table_.find("id");
  if (entry == nullptr || entry->value.kind != TomlNode::Kind::text) return;
  // A variable cannot rename it: its own name is made of the id.
  json_["id"] = entry->value.text;
  origins_["id"] = section_.origin_of("id");
}

void EndpointReader::read_tenant() {
  const auto tenant = section_.text("tenant", "default");
  if (!is_valid_name(tenant.value)) {
    section_.problem(tenant.origin, "tenant", "must be 1 to 64 letters, digits, '_' or '-'");
  }
  endpoint_.tenant = to_lower_ascii(tenant.value);
}

void EndpointReader::collect() {
  for (const auto& key : kKeys) {
    auto setting = section_.json(key.name, key.kind);
    if (!setting.given) continue;
    json_[key.name] = std::move(setting.value);
    origins_[key.name] = setting.origin;
  }
  collect_rate();
}

void EndpointReader::collect_rate() {
  ConfigSection rate = section_.child("rate");
  if (rate.present()) {
    json_["rate"] = Json::object();
    origins_["rate"] = rate.origin();
  }
  for (const char* key : {"per_second", "burst"}) {
    auto setting = rate.json(key, JsonKind::number);
    if (!setting.given) continue;
    json_["rate"][key] = std::move(setting.value);
    origins_[std::string("rate.") + key] = setting.origin;
    origins_.try_emplace("rate", setting.origin);
  }
  rate.finish();
}

// The parser stops at the first problem. What it finds is told and left out, so that the others are
// found as well.
std::optional<EndpointConfig> EndpointReader::parse() {
  bool told = false;
  for (std::size_t i = 0; i < kMostProblems; ++i) {
    auto config = delivery::endpoint_config_from_json(json_);
    if (config) return told ? std::nullopt : std::optional(std::move(*config));
    const auto colon = config.error().message.find(": ");
    const std::string place =
        colon == std::string::npos ? std::string() : config.error().message.substr(0, colon);
    tell(config.error(), place);
    told = true;
    const std::string key = first_part(place);
    if (key == "id") {
      json_[key] = "unknown";
    } else if (key == "url") {
      json_[key] = "https://example.com/";
    } else if (json_.erase(key) == 0) {
      break;
    }
  }
  return std::nullopt;
}

void EndpointReader::tell(const Error& error, const std::string& place) {
  const std::string message =
      place.empty() ? error.message : error.message.substr(place.size() + 2);
  const auto exact = origins_.find(place);
  Origin origin = exact == origins_.end() ? origin_of(first_part(place)) : exact->second;
  if (origin.kind == Origin::Kind::file) {
    const auto at = find_place(table_, place);
    if (at.line != 0) origin = {Origin::Kind::file, reader_.file(), at.line, at.column};
  }
  section_.problem(origin, place, message);
}

void EndpointReader::add_secret(ConfigSection& table) {
  auto secret = read_secret(reader_, table, "the signing secret");
  if (!secret) return;
  if (const auto key = delivery::parse_signing_secret(secret->reveal()); !key) {
    reader_.problem(table.origin(), table.own_key(), key.error().message);
    return;
  }
  endpoint_.secrets.push_back(std::move(*secret));
}

void EndpointReader::read_secrets() {
  const std::size_t before = reader_.problems().size();
  ConfigSection one = section_.child("secret");
  auto several = section_.children("secrets", kSecretExample);
  add_secret(one);
  if (one.present() && !several.empty()) {
    section_.problem(section_.origin_of("secrets"), "secrets",
                     "give either secret or secrets, not both");
    return;
  }
  if (several.size() > delivery::kMaxSigningKeys) {
    section_.problem(section_.origin_of("secrets"), "secrets", "has more than 5 of them");
    return;
  }
  // One of a variable replaces those of the file.
  if (endpoint_.secrets.empty()) {
    for (auto& table : several) add_secret(table);
  }
  if (endpoint_.secrets.empty() && reader_.problems().size() == before) {
    section_.problem(section_.origin(), "secret",
                     "is missing: write { file = \"...\" } or { env = \"...\" }; a secret is "
                     "\"whsec_\" and the base64 of 24 to 64 random bytes, such as `echo "
                     "whsec_$(openssl rand -base64 32)` makes");
  }
}

// What the address says by itself; names are looked up when it is used.
void EndpointReader::check_address(const AddressGuard& guard, const EndpointConfig& config) {
  const auto url = parse_url(config.url);
  if (!url) return;
  if (const auto allowed = guard.check_host(url->host); !allowed) {
    section_.problem(origin_of("url"), "url", allowed.error().message);
  }
}

void EndpointReader::show(const EndpointConfig& config) {
  const Json all = delivery::to_json(config);
  const auto tell = [&](const std::string& key, std::string value) {
    const auto found = origins_.find(first_part(key));
    reader_.show(section_.full(key), std::move(value),
                 found == origins_.end() ? Origin{} : found->second);
  };
  for (const auto& [key, value] : all.items()) {
    if (key == "id" || value.is_null() || (value.is_structured() && value.empty())) continue;
    if (key == "url") {
      tell(key, shown_url(config.url));
    } else if (key == "headers") {
      for (const auto& header : config.headers) tell("headers." + header.first, "********");
    } else if (value != "") {
      tell(key, dump_json(value));
    }
  }
}

std::optional<DeclaredEndpoint> EndpointReader::read(const AddressGuard& guard) {
  read_id();
  read_tenant();
  collect();
  auto config = parse();
  read_secrets();
  section_.finish();
  if (!config) return std::nullopt;
  check_address(guard, *config);
  show(*config);
  endpoint_.config = std::move(*config);
  return std::move(endpoint_);
}

// The id as the file gives it; nothing when that cannot be one.
std::optional<std::string> id_in(const TomlNode& table) {
  const TomlEntry* id = table.find("id");
  if (id == nullptr || id->value.kind != TomlNode::Kind::text) return std::nullopt;
  if (!is_valid_name(id->value.text)) return std::nullopt;
  return id->value.text;
}

std::string tenant_in(const TomlNode& table) {
  const TomlEntry* tenant = table.find("tenant");
  const bool usable = tenant != nullptr && tenant->value.kind == TomlNode::Kind::text &&
                      is_valid_name(tenant->value.text);
  return usable ? to_lower_ascii(tenant->value.text) : "default";
}

// Ids that several tenants use: there the tenant goes into the name of the key.
std::set<std::string> shared_ids(const std::vector<const TomlNode*>& tables) {
  std::map<std::string, std::set<std::string>> tenants;
  for (const TomlNode* table : tables) {
    if (const auto id = id_in(*table)) tenants[to_lower_ascii(*id)].insert(tenant_in(*table));
  }
  std::set<std::string> out;
  for (const auto& [id, of_id] : tenants) {
    if (of_id.size() > 1) out.insert(id);
  }
  return out;
}

}  // namespace

void read_endpoints(ConfigReader& reader, ConfigSection& root, const AddressGuard& guard,
                    Config& config) {
  const auto tables = root.tables("endpoint");
  if (tables.size() > kMaxEndpoints) {
    root.problem(root.origin(), "endpoint", "more than 10000 endpoints");
    return;
  }
  const auto shared = shared_ids(tables);
  std::map<std::pair<std::string, std::string>, std::uint32_t> first_line;
  std::size_t number = 0;
  for (const TomlNode* table : tables) {
    ++number;
    const Origin header{Origin::Kind::file, reader.file(), table->line, table->column};
    const auto id = id_in(*table);
    std::string label = id.value_or(std::to_string(number));
    if (id && shared.contains(to_lower_ascii(*id))) label = tenant_in(*table) + "." + *id;
    ConfigSection section(reader, table, "endpoint." + label + ".", header);
    if (id) {
      const auto [first, fresh] =
          first_line.emplace(std::pair(tenant_in(*table), to_lower_ascii(*id)), table->line);
      if (!fresh) {
        section.problem(
            section.origin_of("id"), "id",
            "is used twice (also by the endpoint in line " + std::to_string(first->second) + ")");
      }
    }
    auto endpoint = EndpointReader(reader, *table, std::move(section)).read(guard);
    if (endpoint) config.delivery.declared.push_back(std::move(*endpoint));
  }
}

}  // namespace tidemark::app
