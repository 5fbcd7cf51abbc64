#include "net/curl_setup.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <mutex>

namespace tidemark::net {
namespace {

void ignore_broken_pipes() {
  // OpenSSL writes with write(2), which cannot be told to spare us the signal.
  struct sigaction current {};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

}  // namespace

void set_up_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ignore_broken_pipes();
  });
}

bool HeaderList::add(const std::string& line) {
  curl_slist* grown = curl_slist_append(first, line.c_str());
  if (grown == nullptr) return false;
  first = grown;
  return true;
}

bool HeaderList::add_all(const HttpRequest& request) {
  // libcurl's own additions are switched off by naming them without a value: Expect costs a second
  // with servers that ignore it, and the Content-Type of a form is never ours.
  bool complete = add("Expect:");
  if (!find_header(request.headers, "Content-Type")) complete &= add("Content-Type:");
  if (!find_header(request.headers, "User-Agent")) complete &= add("User-Agent: tidemark");
  for (const auto& [name, value] : request.headers) {
    complete &= add(value.empty() ? name + ";" : name + ": " + value);
  }
  return complete;
}

void HeaderList::clear() {
  curl_slist_free_all(first);
  first = nullptr;
}

CURLcode set_method(CURL* easy, const HttpRequest& request) {
  CURLcode result = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (result == CURLE_OK) result = curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_NOBODY, 0L);
  set(CURLOPT_HTTPGET, 1L);
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.c_str());
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  return result;
}

long to_milliseconds(std::chrono::milliseconds duration) {
  return static_cast<long>(std::clamp<std::int64_t>(duration.count(), 1, 86'400'000));
}

int response_code(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

}  // namespace tidemark::net
