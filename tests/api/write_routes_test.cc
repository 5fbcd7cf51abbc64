// The routes that change events: what they take, what they refuse, and how.
#include <gmock/gmock.h>

#include "api/api_world.h"
#include "net/http.h"

namespace tidemark::test {
namespace {

using testing::HasSubstr;

// Calendar files cannot be written, so every command meets that; what comes before it does not.
class WriteRoutes : public ApiWorld {
 protected:
  WriteRoutes() {
    sync_all();
    calendar_ = "/v1/calendars/" + calendar_of("acme");
  }

  Json problem(const ServerResponse& response) const {
    EXPECT_EQ(response.content_type, "application/problem+json");
    return parse_json(response.body).value_or(Json());
  }

  std::string calendar_;
};

TEST_F(WriteRoutes, AReadOnlyAccountIs403AndSaysWhatToDo) {
  const auto refused = ask("POST " + calendar_ + "/events", "operator", {},
                           R"({"title": "X", "start": {"date": "2026-01-05"}})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(problem(refused)["code"], "forbidden");
  EXPECT_THAT(problem(refused)["detail"].get<std::string>(), HasSubstr("write = true"));
  EXPECT_EQ(ask("DELETE " + calendar_ + "/events/whatever").status, 403);
}

TEST_F(WriteRoutes, NamesTheMemberThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"titel": "X"})", "titel"},
      {R"({"title": 7})", "title"},
      {R"({"title": "a\u0001b"})", "title"},
      {R"({"start": {"date": "2026-13-45"}})", "start"},
      {R"({"start": {"date_time": "2026-01-05T10:00:00"}})", "start"},
      {R"({"start": {"date_time": "2026-01-05T10:00:00", "zone": "Mars/Crater"}})", "start"},
      {R"({"start": null})", "start"},
      {R"({"end": {"date": "2026-01-05", "zone": "UTC"}})", "end"},
      {R"({"status": "maybe"})", "status"},
      {R"({"attendees": [{"email": "nobody"}]})", "attendees"},
      {R"({"attendees": [{"email": "a@b"}, {"email": "a@b"}]})", "attendees"},
      {R"({"attendees": [{"email": "a@b", "response": "perhaps"}]})", "attendees"},
      {R"({"organizer": []})", "organizer"},
      {R"({"recurrence": ["FREQ=DAILY"]})", "recurrence"},
      {R"({"recurrence": ["RRULE:FREQ=SOMETIMES"]})", "recurrence"},
      {R"({"recurrence": ["RRULE:FREQ=DAILY\nX:Y"]})", "recurrence"},
      {R"({})", "no member"},
      {R"([])", "object"},
  };
  for (const auto& [body, wanted] : cases) {
    const auto refused = ask("POST " + calendar_ + "/events", "operator", {}, body);
    EXPECT_EQ(refused.status, 400) << body << " " << refused.body;
    EXPECT_THAT(problem(refused)["detail"].get<std::string>(), HasSubstr(wanted)) << body;
  }
}

TEST_F(WriteRoutes, BoundsWhatItTakes) {
  const std::string large(300'000, 'x');
  EXPECT_EQ(
      ask("POST " + calendar_ + "/events", "operator", {}, R"({"title": ")" + large + "\"}").status,
      413);
  EXPECT_EQ(
      ask("POST " + calendar_ + "/events", "operator", {{"Idempotency-Key", std::string(300, 'k')}},
          R"({"title": "X", "start": {"date": "2026-01-05"}})")
          .status,
      400);
}

TEST_F(WriteRoutes, AnotherTenantsCalendarIsNotThere) {
  const auto key = make_key("rival");
  EXPECT_EQ(ask("POST " + calendar_ + "/events", key, {}, R"({"title": "X"})").status, 404);
  EXPECT_EQ(ask("GET " + calendar_ + "/writes", key).status, 404);
}

TEST_F(WriteRoutes, ListsCommandsAndKnowsWhichThereAreNot) {
  EXPECT_EQ(get(calendar_ + "/writes")["items"], Json::array());
  EXPECT_EQ(ask("GET " + calendar_ + "/writes/wrt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1").status, 404);
  EXPECT_EQ(ask("GET " + calendar_ + "/writes/nonsense").status, 404);
}

}  // namespace
}  // namespace tidemark::test
