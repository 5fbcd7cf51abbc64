#include "providers/google/addresses.h"

#include <string_view>

namespace tidemark::google {
namespace {

std::string address(const AccountSettings& settings, std::string_view host, std::string_view path) {
  std::string root = settings.url.empty() ? std::string(host) : settings.url;
  while (root.ends_with('/')) root.pop_back();
  return root.append(path);
}

}  // namespace

std::string api_root(const AccountSettings& settings) {
  return address(settings, "https://www.googleapis.com", "/calendar/v3");
}

std::string token_url(const AccountSettings& settings) {
  return address(settings, "https://oauth2.googleapis.com", "/token");
}

std::string consent_url(const AccountSettings& settings) {
  return address(settings, "https://accounts.google.com", "/o/oauth2/v2/auth");
}

}  // namespace tidemark::google
