// What is counted of the requests to an account's server.
#include "sync/counting_http.h"

#include <gmock/gmock.h>

#include <deque>

namespace tidemark::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ScriptedClient final : public HttpClient {
 public:
  std::deque<Result<HttpResponse>> answers;

  Result<HttpResponse> send(const HttpRequest&, const BodySink&) override {
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
};

TEST(CountingHttp, CountsEachRequestByItsStatusAndErrorsAmongThem) {
  Metrics metrics;
  ScriptedClient server;
  sync::CountingHttpClient client(server, metrics, "caldav");
  server.answers = {HttpResponse{207, {}, "listed"}, HttpResponse{207, {}, {}},
                    HttpResponse{412, {}, {}}, fail(Errc::timeout, "the answer was lost")};
  EXPECT_EQ(client.send({}, {})->body, "listed");
  EXPECT_TRUE(client.send({}, {}));
  EXPECT_EQ(client.send({}, {})->status, 412);
  EXPECT_EQ(client.send({}, {}).error().code, Errc::timeout);

  const std::string text = metrics.render();
  const auto line = [](const char* name, const char* status, int count) {
    return std::string(name) + "{provider=\"caldav\",status=\"" + status + "\"} " +
           std::to_string(count) + "\n";
  };
  EXPECT_THAT(text, HasSubstr(line("tidemark_upstream_requests_total", "207", 2)));
  EXPECT_THAT(text, HasSubstr(line("tidemark_upstream_requests_total", "412", 1)));
  EXPECT_THAT(text, HasSubstr(line("tidemark_upstream_requests_total", "timeout", 1)));
  EXPECT_THAT(text, HasSubstr(line("calendar_errors_total", "412", 1)));
  EXPECT_THAT(text, HasSubstr(line("calendar_errors_total", "timeout", 1)));
  EXPECT_THAT(text, Not(HasSubstr("calendar_errors_total{provider=\"caldav\",status=\"207\"}")));
}

}  // namespace
}  // namespace tidemark::test
