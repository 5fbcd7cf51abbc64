// Notifications of servers. Whoever can reach us can call these, so that nothing is believed but
// what the sync service has verified, and nothing is told but whether it was.
#include "api/handlers.h"
#include "api/problem.h"
#include "net/http.h"

namespace tidemark {
namespace {

ServerResponse refusal(PushOutcome outcome) {
  switch (outcome) {
    case PushOutcome::malformed:
      return problem_response(400,
                              "X-Goog-Channel-ID or X-Goog-Resource-State is missing or wrong");
    case PushOutcome::unknown_channel:
      return problem_response(404, "there is no such channel, or no longer");
    default:
      return problem_response(
          Problem{403, "forbidden", "the channel's token or resource is another"});
  }
}

}  // namespace

// Google's headers: https://developers.google.com/workspace/calendar/api/guides/push. A body is not
// read: what has changed is asked of Google, not believed.
Result<ServerResponse> post_google_hook(const ApiParts& parts, const Call& call) {
  const auto header = [&](const char* name) {
    return find_header(call.request().headers, name).value_or("");
  };
  TM_ASSIGN(const auto outcome,
            parts.sync.take_push({header("X-Goog-Channel-ID"), header("X-Goog-Channel-Token"),
                                  header("X-Goog-Resource-ID"), header("X-Goog-Resource-State")}));
  const bool good = outcome == PushOutcome::accepted || outcome == PushOutcome::sync;
  return good ? ServerResponse{} : refusal(outcome);
}

}  // namespace tidemark
