// The commands about outbound deliveries and the secrets they need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/backend.h"
#include "app/config.h"

namespace tidemark::app {

// A tenant that is empty: all of them for a list, and for a single endpoint whichever has it.

struct EndpointListOptions {
  std::string tenant;
  bool json = false;
};
int run_endpoint_list(const Config& config, const EndpointListOptions& options);

struct EndpointOptions {
  std::string id;
  std::string tenant;
  bool json = false;
};
int run_endpoint_show(const Config& config, const EndpointOptions& options);
int run_endpoint_delete(const Config& config, const EndpointOptions& options);
int run_endpoint_resume(const Config& config, const EndpointOptions& options);
int run_endpoint_test(const Config& config, const EndpointOptions& options);

struct EndpointPauseOptions {
  EndpointOptions endpoint;
  std::string reason;
};
int run_endpoint_pause(const Config& config, const EndpointPauseOptions& options);

struct EndpointRotateOptions {
  EndpointOptions endpoint;
  std::string overlap;
  std::string secret_file;
};
int run_endpoint_rotate(const Config& config, const EndpointRotateOptions& options);

struct EndpointRewindOptions {
  EndpointOptions endpoint;
  std::optional<std::uint64_t> after;
  std::string from;
  std::string event;
};
int run_endpoint_rewind(const Config& config, const EndpointRewindOptions& options);

// What create and update say of an endpoint. What was not said is not sent.
struct EndpointWriteOptions {
  EndpointOptions endpoint;
  std::string from_file;  // "-": standard input
  std::string secret_file;
  std::optional<std::string> url;
  std::optional<std::string> description;
  std::vector<std::string> types;
  std::string filter;                // JSON
  std::vector<std::string> headers;  // NAME=VALUE
  std::optional<std::string> format;
  std::string rate;
  std::optional<std::uint64_t> burst;
  std::optional<std::uint64_t> daily_quota;
  std::optional<std::uint64_t> concurrency;
  std::optional<bool> ordered;
  std::optional<std::string> schedule;
  std::optional<std::string> timeout;
  std::optional<std::string> disable_after;
  std::vector<std::string> clear;  // keys that get their preset again
};
int run_endpoint_create(const Config& config, const EndpointWriteOptions& options);
int run_endpoint_update(const Config& config, const EndpointWriteOptions& options);

// The body that create and update send. Errc::invalid_argument names the option that is wrong.
Result<Json> endpoint_body(const EndpointWriteOptions& options);

struct DeliveryListOptions {
  std::string endpoint;
  std::string tenant;
  std::string state;  // not of dead letters, which have one
  std::string type;
  std::string since;
  std::string until;
  std::string page;
  std::uint64_t limit = 100;
  bool json = false;
};
int run_delivery_list(const Config& config, const DeliveryListOptions& options);
int run_deadletter_list(const Config& config, const DeliveryListOptions& options);

struct DeliveryArguments {
  std::string endpoint;
  std::string event;
  std::string tenant;
  bool json = false;
};
int run_delivery_show(const Config& config, const DeliveryArguments& options);
int run_delivery_retry(const Config& config, const DeliveryArguments& options);
int run_delivery_cancel(const Config& config, const DeliveryArguments& options);

struct DeadLetterOptions {
  std::string endpoint;
  std::string tenant;
  std::string type;
  std::string since;
  std::string until;
  std::vector<std::string> events;
  std::string rate;  // of a replay
  bool all = false;  // of a drop: no filter is meant
  bool dry_run = false;
  bool json = false;
};
int run_deadletter_replay(const Config& config, const DeadLetterOptions& options);
int run_deadletter_drop(const Config& config, const DeadLetterOptions& options);

struct GenerateKeyOptions {
  std::string file;  // where to write it; empty: standard output
  bool json = false;
};
int run_secrets_generate_key(const GenerateKeyOptions& options);
struct SecretsOptions {
  bool json = false;
};
int run_secrets_status(const Config& config, const SecretsOptions& options);
int run_secrets_rotate(const Config& config, const SecretsOptions& options);

// The secret text in a file, "-" being standard input.
Result<Secret> read_secret_argument(const std::string& file);
// False, and said why: the master key, which the command needs, is the service's alone and no
// service runs.
bool has_master_key(const Backend& backend, const Config& config);
// False, and said why: it cannot be part of a path.
bool is_path_part(const std::string& what, const std::string& text);

}  // namespace tidemark::app
