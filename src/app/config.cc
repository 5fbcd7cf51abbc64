#include "app/config.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "app/config_account.h"
#include "app/config_backup.h"
#include "app/config_delivery.h"
#include "app/config_endpoint.h"
#include "app/config_master_key.h"
#include "app/config_reader.h"
#include "audit/signed_note.h"
#include "base/text.h"
#include "net/url.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace tidemark::app {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::chrono::seconds kShortestCheckpointInterval{1};

std::optional<log::Level> level_of(std::string_view text) {
  if (text == "debug") return log::Level::debug;
  if (text == "info") return log::Level::info;
  if (text == "warning") return log::Level::warning;
  if (text == "error") return log::Level::error;
  return std::nullopt;
}

log::Format format_of(std::string_view text) {
  if (text == "text") return log::Format::text;
  if (text == "json") return log::Format::json;
  return log::Format::automatic;
}

// Why "host:port" cannot be listened on; empty: it can.
std::string listen_fault(std::string_view listen) {
  const auto colon = listen.rfind(':');
  const std::string wanted = "must be ADDRESS:PORT, such as \"127.0.0.1:8420\" or \"[::1]:8420\"";
  if (colon == std::string_view::npos || colon + 1 == listen.size()) return wanted;
  const auto port = listen.substr(colon + 1);
  const auto host = listen.substr(0, colon);
  const bool digits =
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || port.size() > 5 || std::stoi(std::string(port)) > 65535) return wanted;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (!bracketed && host.find(':') != std::string_view::npos) return wanted;
  if (host.find_first_of("/ @") != std::string_view::npos) return wanted;
  return {};
}

// Google notifies https only; a test's may be on this machine.
std::string public_url_fault(const std::string& text) {
  const auto url = parse_url(text);
  if (!url) return url.error().message;
  if (text.find('#') != std::string::npos || !url->query.empty()) {
    return "must be a URL without query and fragment, such as \"https://tidemark.example.org\"";
  }
  if (url->scheme == "https" || is_loopback_address(url->host + ":" + std::to_string(url->port))) {
    return {};
  }
  return "must be https: Google notifies no other address";
}

void read_public_url(ConfigReader& reader, ConfigSection& section, Config& config) {
  const auto setting = section.text("public_url");
  if (!setting.given) return;
  if (const auto fault = public_url_fault(setting.value); !fault.empty()) {
    return section.problem(setting.origin, "public_url", fault);
  }
  std::string& url = config.server.public_url;
  url = setting.value;
  while (url.ends_with('/')) url.pop_back();
  if (url.starts_with("https:") && !config.server.behind_proxy) {
    reader.warning(setting.origin, section.full("public_url"),
                   "a proxy speaks https for this server, so say behind_proxy = true: otherwise "
                   "whom it forwards is taken for this machine and may read /metrics");
  }
}

void read_server(ConfigReader& reader, ConfigSection section, Config& config) {
  const auto listen = section.text("listen", config.server.listen);
  const auto behind_proxy = section.boolean("behind_proxy", false);
  config.server = {listen.value, behind_proxy.value};
  read_public_url(reader, section, config);
  section.finish();
  if (const auto fault = listen_fault(listen.value); !fault.empty()) {
    section.problem(listen.origin, "listen", fault);
  } else if (!is_loopback_address(listen.value) && !behind_proxy.value) {
    section.problem(
        listen.origin, "listen",
        "\"" + listen.value +
            "\" is reachable from other machines and would speak "
            "without TLS; put a TLS proxy in front and say behind_proxy = true, or listen "
            "on 127.0.0.1");
  }
}

void read_store(ConfigSection section, Config& config) {
  StoreOptions& store = config.store;
  store.block_cache_bytes =
      section.size("block_cache", store.block_cache_bytes, kMiB, 65536 * kMiB).value;
  store.write_buffer_bytes =
      section.size("write_buffer", store.write_buffer_bytes, kMiB, 4096 * kMiB).value;
  store.max_wal_bytes = section.size("max_wal", store.max_wal_bytes, kMiB, 65536 * kMiB).value;
  section.finish();
}

void read_log(ConfigSection section, Config& config) {
  const auto level = section.one_of("level", "info", {"debug", "info", "warning", "error"});
  const auto format = section.one_of("format", "automatic", {"automatic", "text", "json"});
  section.finish();
  config.log.level = level_of(level.value).value_or(log::Level::info);
  config.log.format = format_of(format.value);
  config.log.level_given =
      level.origin.kind == Origin::Kind::flag || level.origin.kind == Origin::Kind::variable;
}

void read_audit(ConfigSection section, Config& config) {
  audit::AuditOptions& audit = config.audit;
  const auto every =
      section.duration("checkpoint_every", audit.checkpoint_every, std::chrono::milliseconds{0});
  audit.checkpoint_every = every.value;
  if (every.value.count() != 0 && every.value < kShortestCheckpointInterval) {
    section.problem(every.origin, "checkpoint_every",
                    "must be at least 1s, or 0s for checkpoints only when they are asked for");
  }
  const auto name = section.text("name");
  if (name.given && !audit::valid_key_name(name.value)) {
    section.problem(name.origin, "name",
                    "names the journal in its proofs: 1 to 256 bytes without white space and +, "
                    "such as acme.example/audit");
  }
  audit.name = name.value;
  section.finish();
}

// 0s, the preset: for ever.
milliseconds read_age(ConfigSection& section, const std::string& key) {
  const auto age = section.duration(key, milliseconds{0}, milliseconds{0});
  if (age.value.count() != 0 && age.value < audit::kShortestRetention) {
    section.problem(age.origin, key, "must be at least 1s, or 0s to keep everything");
  }
  return age.value;
}

void read_retention(ConfigSection section, Config& config) {
  audit::RetentionOptions& retention = config.audit.retention;
  retention.records = read_age(section, "records");
  retention.payloads.inputs = read_age(section, "inputs");
  retention.payloads.events = read_age(section, "events");
  retention.hold = section.duration("hold", retention.hold, milliseconds{0}).value;
  retention.check_every =
      section.duration("check_every", retention.check_every, std::chrono::seconds(1)).value;
  section.finish();
}

void read_accounts(ConfigReader& reader, ConfigSection& root, Config& config) {
  const auto tables = root.tables("account");
  if (tables.size() > kMaxAccounts) {
    root.problem(root.origin(), "account", "more than 10000 accounts");
    return;
  }
  std::map<std::string, std::uint32_t> first_line;
  std::size_t number = 0;
  for (const TomlNode* table : tables) {
    auto account = read_account(reader, *table, ++number, !config.secrets.sources.empty());
    const TomlEntry* id = table->find("id");
    if (id != nullptr) {
      const auto [first, fresh] = first_line.emplace(account.settings.id, id->line);
      if (!fresh) {
        reader.problem({Origin::Kind::file, reader.file(), id->line, id->column},
                       "account." + account.settings.id + ".id",
                       "is used twice (also in line " + std::to_string(first->second) +
                           "); an id names one account, whatever its tenant");
      }
    }
    config.accounts.push_back(std::move(account));
  }
}

std::string config_file(const ConfigSource& source) {
  if (!source.file.empty()) return source.file;
  const auto variable = source.variables.find("TIDEMARK_CONFIG");
  return variable == source.variables.end() || variable->second.empty() ? "tidemark.toml"
                                                                        : variable->second;
}

bool may_go_without(const ConfigSource& source, const std::string& file) {
  const bool named = !source.file.empty() || source.variables.contains("TIDEMARK_CONFIG");
  std::error_code error;
  return source.optional && !named && !std::filesystem::exists(file, error);
}

void sort_by_place(std::vector<ConfigProblem>& problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) {
                     return std::pair(a.origin.line, a.origin.column) <
                            std::pair(b.origin.line, b.origin.column);
                   });
}

}  // namespace

std::string Origin::text() const {
  if (kind == Kind::preset) return "default";
  if (line == 0) return name;
  return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string ConfigProblem::text() const {
  return origin.text() + ": " + (key.empty() ? "" : key + ": ") + message;
}

std::map<std::string, std::string> process_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

bool is_loopback_address(std::string_view listen_address) {
  const auto host = listen_address.substr(0, listen_address.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(host.begin(), host.end(), '.') == 3;
}

ConfigResult load_config(const ConfigSource& source) {
  Config config;
  config.file = config_file(source);
  ConfigReader reader(source, config.file);
  if (!may_go_without(source, config.file) && !reader.read_file()) {
    return tl::unexpected(std::move(reader.problems()));
  }

  ConfigSection root = reader.root();
  config.data_dir = root.path("data_dir", "data").value;
  read_server(reader, root.child("server"), config);
  read_store(root.child("store"), config);
  read_log(root.child("log"), config);
  config.secrets = read_secrets(reader, root.child("secrets"));
  read_accounts(reader, root, config);
  read_audit(root.child("audit"), config);
  read_backup(root.child("backup"), config);
  read_retention(root.child("retention"), config);
  const AddressGuard guard = read_delivery(root.child("delivery"), config);
  read_tenants(reader, root, config);
  read_endpoints(reader, root, guard, config);
  root.finish();
  reader.know_variable("TIDEMARK_CONFIG");
  reader.warn_about_unknown_variables();

  if (!reader.problems().empty()) {
    sort_by_place(reader.problems());
    return tl::unexpected(std::move(reader.problems()));
  }
  config.shown = std::move(reader.shown());
  config.warnings = std::move(reader.warnings());
  return config;
}

}  // namespace tidemark::app
