// The configuration: tidemark.toml, overridden by TIDEMARK_* variables, overridden by flags.
//
// Everything is checked before anything is opened, and every problem is told at once, with its
// file, line, column and key. Relative paths in the file are relative to the file; those of a
// variable or a flag to the working directory.
//
// A variable is the key in capitals: server.listen is TIDEMARK_SERVER_LISTEN, and the poll of the
// account "work" is TIDEMARK_ACCOUNT_WORK_POLL. Lists are comma-separated there; the filter and the
// headers of an endpoint are JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "audit/audit_options.h"
#include "backup/backup_service.h"
#include "base/log.h"
#include "delivery/delivery_service.h"
#include "store/store.h"
#include "sync/sync_service.h"
#include "vault/master_key.h"

namespace tidemark::app {

inline constexpr std::size_t kMaxConfigBytes = 1U << 20;
inline constexpr std::size_t kMaxAccounts = 10'000;

// Where a value came from.
struct Origin {
  enum class Kind { preset, file, variable, flag };
  Kind kind = Kind::preset;
  std::string name;  // the file, the variable or the flag
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  std::string text() const;  // "default", "tidemark.toml:12:1", "TIDEMARK_DATA_DIR", "--data-dir"
};

struct ConfigProblem {
  Origin origin;
  std::string key;  // "account.work.poll"; empty for a file that is no TOML
  std::string message;

  std::string text() const;  // "tidemark.toml:12:1: account.work.poll: ..."
};

struct ServerConfig {
  std::string listen = "127.0.0.1:8420";
  // TLS ends in front of us, so a non-loopback address is allowed and a loopback peer proves
  // nothing.
  bool behind_proxy = false;
  // How others reach us, without a slash at its end: what Google is told to notify. Empty: nobody
  // does.
  std::string public_url{};
};

struct LogConfig {
  log::Level level = log::Level::info;
  log::Format format = log::Format::automatic;
  bool level_given = false;  // by a flag or a variable: then commands other than serve use it, too
};

// The master keys of the vault. No source: none is configured, and no secret can be kept.
struct SecretsConfig {
  std::vector<MasterKeySource> sources;  // the current one first
  // What they give, in the same order: for the vault. Old ones that are not here are left out.
  std::vector<MasterKey> keys;
  // Why the current one is not here although it is configured, and `keys` therefore is empty: a
  // credential is the service's alone. Never in a process that serves.
  std::string missing;
};

// One line of `config show`; a secret's value is already masked.
struct ShownValue {
  std::string key;
  std::string value;
  Origin origin;
};

struct Config {
  std::string file;
  std::string data_dir;
  ServerConfig server;
  StoreOptions store;  // without its path, which the runtime derives from data_dir
  LogConfig log;
  std::vector<AccountDefinition> accounts;
  SecretsConfig secrets;
  audit::AuditOptions audit;     // without its data_dir, as above
  backup::BackupOptions backup;  // without data_dir and version, as above
  // Limits, tenants and declared endpoints; the version is the runtime's to set.
  delivery::DeliveryOptions delivery;
  std::vector<std::string> delivery_allow;  // for AddressGuard::make(), which takes it
  std::vector<ShownValue> shown;
  std::vector<ConfigProblem> warnings;
};

struct ConfigSource {
  std::string file;  // from --config; empty: TIDEMARK_CONFIG, else "tidemark.toml"
  std::map<std::string, std::string> variables{};  // the environment
  std::map<std::string, std::string> flags{};      // by key: {"data_dir", "/srv/tidemark"}
  bool serves = false;  // the service itself: its credentials must be there
  // No file that nobody named is as good as an empty one: for what works on a machine without any.
  bool optional = false;
};

// The environment of this process.
std::map<std::string, std::string> process_variables();

using ConfigResult = tl::expected<Config, std::vector<ConfigProblem>>;
ConfigResult load_config(const ConfigSource& source);

// Loopback addresses and "localhost": what may be listened on without TLS in front.
bool is_loopback_address(std::string_view listen_address);

}  // namespace tidemark::app
