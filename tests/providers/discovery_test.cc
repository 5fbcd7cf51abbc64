// Discovery and the way of requests: redirects, credentials, answers that are no WebDAV.
#include "providers/dialect_fixture.h"

namespace tidemark::test {
namespace {

using CalDavRule1 = Dialect;
using CalDavServerTrouble = Dialect;

std::string calendar_row(const std::string& href, const std::string& more = {}) {
  return property_row(href, "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>" + more);
}

DavReply principal_reply(const std::string& at, const std::string& principal) {
  return {207, multistatus(property_row(at, "<d:current-user-principal><d:href>" + principal +
                                                "</d:href></d:current-user-principal>"))};
}

DavReply home_reply(const std::string& at, const std::string& home) {
  return {207, multistatus(property_row(at, "<c:calendar-home-set><d:href>" + home +
                                                "</d:href></c:calendar-home-set>"))};
}

const char kRows[] = "<c:supported-calendar-component-set>";

std::string components(const std::string& name) {
  return kRows + ("<c:comp name=\"" + name + "\"/>") + "</c:supported-calendar-component-set>";
}

class Discovering : public Dialect {
 protected:
  Discovering() {
    server_.on("PROPFIND", "/", principal_reply("/", "/p/alice/"));
    server_.on("PROPFIND", "/p/alice/", home_reply("/p/alice/", "/home/"));
    server_.on("PROPFIND", "/home/",
               DavReply{207, multistatus(property_row("/home/", "<d:resourcetype/>") +
                                         calendar_row("/home/work/",
                                                      "<d:displayname> Work </d:displayname>"))});
  }

  Result<Discovery> discover_from(const std::string& path) {
    settings_.url = server_.url(path);
    return caldav::make_provider(settings_, http_)->discover({});
  }
};
using CalDavRule1Discovery = Discovering;

TEST_F(CalDavRule1Discovery, GoesFromAnyUrlOverPrincipalAndHomeSet) {
  auto found = discover_from("/");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->calendars.size(), 1U);
  EXPECT_EQ(found->calendars[0].id, server_.url("/home/work/"));
  EXPECT_EQ(found->calendars[0].name, "Work");
}

TEST_F(CalDavRule1Discovery, NeedsOnePropfindWithAHint) {
  auto found = discover_from("/");
  const std::size_t before = server_.requests().size();
  auto again = caldav::make_provider(settings_, http_)->discover(found->hint);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(server_.requests().size(), before + 1);
  EXPECT_EQ(again->calendars, found->calendars);
  EXPECT_EQ(again->hint, found->hint);
}

TEST_F(CalDavRule1Discovery, ForgetsAHintThatLeadsNowhere) {
  auto found = discover_from("/");
  server_.on("PROPFIND", "/home/", refusal(404));
  server_.on("PROPFIND", "/p/alice/", home_reply("/p/alice/", "/moved/"));
  server_.on("PROPFIND", "/moved/", DavReply{207, multistatus(calendar_row("/moved/work/"))});
  auto again = caldav::make_provider(settings_, http_)->discover(found->hint);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->calendars.at(0).id, server_.url("/moved/work/"));
  for (const std::string hint : {"nonsense", "{}", R"({"v":1,"homes":[7]})"}) {
    EXPECT_TRUE(caldav::make_provider(settings_, http_)->discover(hint)) << hint;
  }
}

TEST_F(CalDavRule1Discovery, AsksWellKnownWhereTheUrlIsNoWebDav) {
  server_.on("PROPFIND", "/", DavReply{200, "<html>Welcome</html>", "Content-Type: text/html\r\n"});
  server_.on("PROPFIND", "/.well-known/caldav", DavReply{301, "", "Location: /dav\r\n"});
  server_.on("PROPFIND", "/dav", principal_reply("/dav", "/p/alice/"));
  auto found = discover_from("/");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->calendars.size(), 1U);
}

TEST_F(CalDavRule1Discovery, TakesACalendarThatIsOutsideOfEveryHomeSet) {
  server_.on("PROPFIND", "/shared/team/",
             DavReply{207, multistatus(calendar_row("/shared/team/",
                                                    "<d:current-user-principal><d:href>/p/alice/"
                                                    "</d:href></d:current-user-principal>"))});
  auto found = discover_from("/shared/team/");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->calendars.size(), 2U);
  EXPECT_EQ(found->calendars[1].id, server_.url("/shared/team/"));
  EXPECT_EQ(found->calendars[1].name, "team");
  EXPECT_TRUE(found->hint.empty());
}

TEST_F(CalDavRule1Discovery, ListsAHomeSetWhoseServerNamesNoPrincipal) {
  server_.on("PROPFIND", "/home/", [](const RawRequest& request) {
    return DavReply{207,
                    multistatus(property_row("/home/", "<d:resourcetype/>") +
                                (request.header("depth") == "1" ? calendar_row("/home/a/") : ""))};
  });
  auto found = discover_from("/home/");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->calendars.size(), 1U);
}

TEST_F(CalDavRule1Discovery, LeavesOutWhatHoldsNoEvents) {
  server_.on(
      "PROPFIND", "/home/",
      DavReply{207, multistatus(calendar_row("/home/todo/", components("VTODO")) +
                                calendar_row("/home/events/", components("vevent")) +
                                calendar_row("/home/any/") +
                                property_row("/home/inbox/",
                                             "<d:resourcetype><d:collection/><c:calendar/>"
                                             "<c:schedule-inbox/></d:resourcetype>") +
                                property_row("/home/contacts/",
                                             "<d:resourcetype><d:collection/></d:resourcetype>"))});
  auto found = discover_from("/");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->calendars.size(), 2U);
  EXPECT_EQ(found->calendars[0].id, server_.url("/home/any/"));
  EXPECT_EQ(found->calendars[1].id, server_.url("/home/events/"));
}

TEST_F(CalDavRule1Discovery, GivesACalendarOneIdInAllSpellingsOfItsHref) {
  std::string first;
  for (const std::string& href :
       {std::string("/home/x%40y"), std::string("/home/x@y/"), server_.url("/home/x%40y/")}) {
    server_.on("PROPFIND", "/home/", DavReply{207, multistatus(calendar_row(href))});
    auto found = discover_from("/");
    ASSERT_TRUE(found) << href;
    EXPECT_EQ(found->calendars.at(0).id, server_.url("/home/x@y/")) << href;
  }
}

TEST_F(CalDavRule1Discovery, KnowsAReadOnlyCalendarByItsPrivileges) {
  const auto privileges = [](const std::string& names) {
    return "<d:current-user-privilege-set><d:privilege>" + names +
           "</d:privilege></d:current-user-privilege-set>";
  };
  server_.on(
      "PROPFIND", "/home/",
      DavReply{207, multistatus(calendar_row("/home/a/", privileges("<d:read/>")) +
                                calendar_row("/home/b/", privileges("<d:read/><d:write/>")))});
  auto found = discover_from("/");
  ASSERT_EQ(found->calendars.size(), 2U);
  EXPECT_TRUE(found->calendars[0].read_only);
  EXPECT_FALSE(found->calendars[1].read_only);
}

TEST_F(CalDavRule1Discovery, SaysWhatToDoWhenThereIsNothing) {
  server_.on("PROPFIND", "/", DavReply{207, multistatus(property_row("/", "<d:resourcetype/>"))});
  auto found = discover_from("/");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_found);
  EXPECT_NE(found.error().message.find("give the URL"), std::string::npos);
}

// What several https hosts would answer: only so can a domain's own host be another than its
// calendar server's.
class ScriptedHosts final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink) override {
    asked.push_back(request.url);
    with_credentials.push_back(request.credentials.has_value());
    const auto found = answers.find(request.url);
    if (found == answers.end()) return fail(Errc::unavailable, "connection refused");
    if (found->second.status == 207) TM_TRY(sink(found->second.body));
    return HttpResponse{found->second.status, {}, {}};
  }
  std::map<std::string, DavReply> answers;
  std::vector<std::string> asked;
  std::vector<bool> with_credentials;
};

TEST_F(CalDavRule1, AsksDnsForABareDomainThatHasNoWebServerOrNoWellKnown) {
  ScriptedHosts hosts;
  hosts.answers["https://dav.mail.example:8443/start"] = principal_reply("/start", "/p/");
  hosts.answers["https://dav.mail.example:8443/p/"] = home_reply("/p/", "/h/");
  hosts.answers["https://dav.mail.example:8443/h/"] = {207, multistatus(calendar_row("/h/a/"))};
  std::vector<std::string> domains;
  const auto lookup =
      [&](const std::string& domain) -> Result<std::optional<caldav::ServiceLocation>> {
    domains.push_back(domain);
    return std::optional(caldav::ServiceLocation{"dav.mail.example", 8443, "/start"});
  };
  settings_.url = "https://example.org";
  for (const int status : {0, 404}) {
    if (status != 0) {
      hosts.answers["https://example.org/"] = refusal(status);
      hosts.answers["https://example.org/.well-known/caldav"] = refusal(status);
    }
    hosts.with_credentials.clear();
    auto found = caldav::make_provider(settings_, hosts, {}, lookup)->discover({});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->calendars.at(0).id, "https://dav.mail.example:8443/h/a/");
    EXPECT_TRUE(hosts.with_credentials.front());
    EXPECT_FALSE(hosts.with_credentials.back());
  }
  EXPECT_EQ(domains, (std::vector<std::string>{"example.org", "example.org"}));
  settings_.url = "https://example.org/with/a/path";
  EXPECT_FALSE(caldav::make_provider(settings_, hosts, {}, lookup)->discover({}));
  EXPECT_EQ(domains.size(), 2U);
}

TEST_F(CalDavRule1, KeepsMethodAndBodyAcrossRedirects) {
  on_report(rows_with_data(0, 2), "t1");
  for (const int status : {301, 302, 307, 308}) {
    server_.on("REPORT", "/old/", DavReply{status, "", "Location: /c/\r\n"});
    auto result = mirror_.run_pass(*provider_, server_.url("/old/"), PullMode::initial);
    ASSERT_TRUE(result) << status << result.error().message;
    EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 2U);
  }
  EXPECT_EQ(server_.count("REPORT", "sync-collection"), 8U);
}

TEST_F(CalDavRule1, StopsAnEndlessRedirect) {
  server_.on("REPORT", "/c/", DavReply{302, "", "Location: /c/\r\n"});
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::protocol_error);
  EXPECT_EQ(server_.count("REPORT"), 6U);
}

TEST_F(CalDavRule1, LeaksNoCredentialsToAnotherHostUnlessItIsAllowed) {
  const auto challenge = [](const RawRequest& request) {
    if (request.header("authorization").empty()) {
      return DavReply{401, "", "WWW-Authenticate: Basic realm=\"x\"\r\n"};
    }
    return DavReply{207, multistatus(rows_with_data(0, 1), "t1")};
  };
  DavServer other;
  other.on("REPORT", "/c/", challenge);
  server_.on("REPORT", "/c/", DavReply{302, "", "Location: " + other.url("/c/") + "\r\n"});
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unauthorized);
  EXPECT_NE(result.error().message.find("allowed_hosts"), std::string::npos);
  for (const RawRequest& request : other.requests()) {
    EXPECT_TRUE(request.header("authorization").empty());
  }
  settings_.allowed_hosts = {"127.0.0.1:" + std::to_string(other.port())};
  provider_ = caldav::make_provider(settings_, http_);
  EXPECT_TRUE(pass(PullMode::initial));
}

TEST_F(CalDavServerTrouble, ShowsContentTypeAndFirstWordsOfHtml) {
  on_report([](const RawRequest&) {
    return DavReply{200, "<!DOCTYPE html><html><title>Please log in</title></html>",
                    "Content-Type: text/html; charset=utf-8\r\n"};
  });
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::protocol_error);
  EXPECT_NE(result.error().message.find("text/html"), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("Please log in"), std::string::npos);
}

TEST_F(CalDavServerTrouble, RefusesAnXmlBombOverTheWire) {
  on_report([](const RawRequest&) {
    return DavReply{207,
                    "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><multistatus xmlns=\"DAV:\">&a;"
                    "</multistatus>"};
  });
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::protocol_error);
}

TEST_F(CalDavServerTrouble, RefusesABodyAboveTheLimitAndNamesTheLimit) {
  settings_.max_body_bytes = 64U << 10;
  provider_ = caldav::make_provider(settings_, http_);
  const std::string huge = std::string(1U << 20, 'x');
  on_report("<d:junk>" + huge + "</d:junk>", "t1");
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::limit_exceeded);
  EXPECT_NE(result.error().message.find("64"), std::string::npos) << result.error().message;
}

TEST_F(CalDavServerTrouble, IsUnavailableWhenNothingListens) {
  auto result = mirror_.run_pass(*provider_, "http://127.0.0.1:1/c/", PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unavailable) << result.error().message;
}

TEST_F(CalDavServerTrouble, StopsWithTheErrorOfTheSink) {
  on_report(rows_with_data(0, 200), "t1");
  int calls = 0;
  auto result = provider_->pull({calendar(), PullMode::initial, {}}, mirror_,
                                [&](std::vector<RemoteItem>&&) -> Result<void> {
                                  ++calls;
                                  return fail(Errc::cancelled, "shutting down");
                                });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(server_.count("REPORT"), 1U);
}

}  // namespace
}  // namespace tidemark::test
