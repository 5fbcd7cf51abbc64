// A server of calendars, as the network and the auditors see it.
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace tidemark::sim {

// The id of each tenant's only account.
inline constexpr std::string_view kAccount = "work";

class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual const std::string& tenant() const = 0;
  virtual std::string origin() const = 0;
  // As a server does: any request has an answer.
  virtual HttpResponse answer(const HttpRequest& request) = 0;
  // The process has begun to ask, and what came of it, unless it has died meanwhile.
  virtual void asked(const HttpRequest&) {}
  virtual void ended(const HttpRequest&, const Result<HttpResponse>&) {}
};

}  // namespace tidemark::sim
