// libcurl's result codes as ours. Inside src/net/ only.
#pragma once

#include <curl/curl.h>

#include <string>

#include "base/result.h"
#include "net/http.h"

namespace tidemark::net {

struct CurlFailure {
  std::string where;   // method, host:port and path
  std::string reason;  // libcurl's own text; may be empty
  std::string ca_file;
  std::string unix_socket;
  bool connected = false;
};

Error curl_error(CURLcode code, const CurlFailure& failure);

}  // namespace tidemark::net
