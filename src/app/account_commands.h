// The commands about accounts.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"

namespace tidemark::app {

struct AccountAddOptions {
  std::string provider;
  std::string id;
  std::string tenant;
  std::string url;
  std::string username;
  std::string password_file;
  std::string client_id;
  std::string client_secret_file;
  std::string refresh_token_file;
  std::string service_account_file;
  std::string subject;
  std::vector<std::string> calendars;
  std::string poll;
  bool write = false;
  bool json = false;
};
int run_account_add(const Config& config, const AccountAddOptions& options);

struct AccountOptions {
  std::string id;
  std::string tenant;
  bool json = false;
};
int run_account_list(const Config& config, const AccountOptions& options);
int run_account_show(const Config& config, const AccountOptions& options);
int run_account_remove(const Config& config, const AccountOptions& options);

struct AccountConnectOptions {
  AccountOptions account;
  std::string redirect_uri;  // empty: a port of this command's own
};
int run_account_connect(const Config& config, const AccountConnectOptions& options);

}  // namespace tidemark::app
