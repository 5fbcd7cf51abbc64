// POST /hooks/google where nothing is watched; tests/sync/google_push_test.cc has the rest.
#include <gmock/gmock.h>

#include "api/api_world.h"

namespace tidemark::test {
namespace {

class Hooks : public ApiWorld {};

TEST_F(Hooks, AskForNoKeyAndRefuseWhatIsNoNotification) {
  const Sequence before = store_->last_sequence();
  EXPECT_EQ(ask("POST /hooks/google", "").status, 400);
  EXPECT_EQ(ask("POST /hooks/google", "", {{"x-goog-channel-id", "a"}}).status, 400);
  const HttpHeaders notification{{"X-Goog-Channel-ID", "01ARZ3NDEKTSV4RRFFQ69G5FAV-cal_0"},
                                 {"X-Goog-Channel-Token", "guessed"},
                                 {"X-Goog-Resource-ID", "guessed"},
                                 {"X-Goog-Resource-State", "exists"}};
  EXPECT_EQ(ask("POST /hooks/google", "", notification, "not read").status, 404);
  EXPECT_EQ(ask("GET /hooks/google", "", notification).status, 405);
  EXPECT_EQ(store_->last_sequence(), before);
  EXPECT_THAT(metrics_.render(),
              testing::HasSubstr("calendar_push_notifications_total{outcome=\"malformed\"} 2"));
}

}  // namespace
}  // namespace tidemark::test
