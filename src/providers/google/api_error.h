// What Google's refusals mean (calendar rules 5, 7, 13, 14 and 15).
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tidemark::google {

// Which part of the quota an answer says is used up. Both are counted per minute.
enum class Quota { none, project, user };

struct Refusal {
  Error error;
  Quota quota = Quota::none;
};

// The refusal that an answer other than 2xx is. `where` names the account and what was asked.
// with_token: the request had a sync or page token, which may be what is refused.
//   unauthorized   401
//   unavailable    a quota, 429, 5xx; with what Retry-After says
//   forbidden      any other 403, and an address that Google will not notify
//   not_found      404, and 410 of a deleted calendar or event
//   stale_cursor   any other 410, and a 400 with a token
//   conflict       409, 412, and a channel's id that was used before
//   invalid_argument: a resource that cannot be watched
Refusal read_refusal(const HttpResponse& response, std::string_view where, bool with_token);

// A refusal of what a notification channel is to be, whatever its status: the address that is not
// liked has a 401 of its own, which says nothing of the access token.
bool is_about_push(const HttpResponse& response);

}  // namespace tidemark::google
