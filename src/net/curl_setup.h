// What both clients tell libcurl in the same words. Inside src/net/ only.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "net/http.h"

namespace tidemark::net {

// Once per process; later calls do nothing. Sets SIGPIPE to ignored unless the process handles it.
void set_up_curl();

// A list of "Name: value" lines, as CURLOPT_HTTPHEADER wants it.
class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { clear(); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  // The request's headers, and what switches off libcurl's own. False when out of memory.
  bool add_all(const HttpRequest& request);
  void clear();

  curl_slist* first = nullptr;

 private:
  bool add(const std::string& line);
};

// Method and body, whatever the last transfer on this handle was. The request must outlive it.
CURLcode set_method(CURL* easy, const HttpRequest& request);

// libcurl reads 0 as "no limit", which nothing here means.
long to_milliseconds(std::chrono::milliseconds duration);

int response_code(CURL* easy);

}  // namespace tidemark::net
