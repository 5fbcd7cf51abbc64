#include "delivery/message_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/event.h"

namespace tidemark::delivery {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

Event sample() {
  return {.id = "evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1",
          .type = "calendar.event.created",
          .version = 1,
          .occurred_at = WallTime{milliseconds{1'765'886'400'000}},
          .company_id = "acme",
          .source = "caldav:work",
          .correlation_id = "cor_1",
          .causation_id = "evt_0",
          .payload = Json{{"event", {{"external_event_id", "a b"}, {"title", "Ebbe"}}}}};
}

class MessageTest : public ::testing::Test {
 protected:
  Result<Message> make(MessageFormat format, std::string_view wire_text) {
    return make_message({.format = format,
                         .webhook_id = id_,
                         .unix_seconds = 1'614'265'330,
                         .keys = keys_,
                         .custom_headers = custom_,
                         .version = "1.2.3"},
                        wire_text);
  }
  Message made(MessageFormat format, const Event& event = sample()) {
    auto message = make(format, to_json_text(event));
    EXPECT_TRUE(message) << message.error().message;
    return message.value_or(Message{});
  }
  static std::string header(const Message& message, std::string_view name) {
    return find_header(message.headers, name).value_or("none");
  }

  std::string id_ = "evt_1";
  std::vector<SigningKey> keys_;
  HttpHeaders custom_;
};

TEST_F(MessageTest, SendsTheEnvelopeByteForByte) {
  custom_ = {{"X-Environment", "production"}};
  const std::string text = R"({ "any" : "bytes, even these" } )";
  const auto message = make(MessageFormat::envelope, text);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, text);
  EXPECT_THAT(
      message->headers,
      ElementsAre(Pair("content-type", "application/json"), Pair("webhook-id", "evt_1"),
                  Pair("webhook-timestamp", "1614265330"), Pair("user-agent", "Tidemark/1.2.3"),
                  Pair("X-Environment", "production")));
}

TEST_F(MessageTest, SignsTheBodyOfEveryFormat) {
  keys_.push_back(*parse_signing_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  for (const auto format : {MessageFormat::envelope, MessageFormat::cloudevents_structured,
                            MessageFormat::cloudevents_binary}) {
    const Message message = made(format);
    EXPECT_TRUE(verify(keys_, header(message, "webhook-id"), header(message, "webhook-timestamp"),
                       message.body, header(message, "webhook-signature"),
                       WallTime{std::chrono::seconds{1'614'265'330}}))
        << to_text(format);
  }
  id_ = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  EXPECT_EQ(header(*make(MessageFormat::envelope, R"({"test": 2432232314})"), "webhook-signature"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_F(MessageTest, WritesStructuredCloudEvents) {
  const Message message = made(MessageFormat::cloudevents_structured);
  EXPECT_EQ(header(message, "content-type"), "application/cloudevents+json");
  EXPECT_EQ(message.body,
            R"({"specversion":"1.0","id":"evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1","source":"caldav:work",)"
            R"("type":"calendar.event.created","time":"2025-12-16T12:00:00.000Z","subject":"a b",)"
            R"("companyid":"acme","correlationid":"cor_1","causationid":"evt_0","eventversion":1,)"
            R"("datacontenttype":"application/json",)"
            R"("data":{"event":{"external_event_id":"a b","title":"Ebbe"}}})");
}

TEST_F(MessageTest, WritesBinaryCloudEvents) {
  const Message message = made(MessageFormat::cloudevents_binary);
  EXPECT_EQ(message.body, R"({"event":{"external_event_id":"a b","title":"Ebbe"}})");
  EXPECT_THAT(
      HttpHeaders(message.headers.begin(), message.headers.begin() + 11),
      ElementsAre(Pair("content-type", "application/json"), Pair("ce-specversion", "1.0"),
                  Pair("ce-id", "evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1"), Pair("ce-source", "caldav:work"),
                  Pair("ce-type", "calendar.event.created"),
                  Pair("ce-time", "2025-12-16T12:00:00.000Z"), Pair("ce-subject", "a%20b"),
                  Pair("ce-companyid", "acme"), Pair("ce-correlationid", "cor_1"),
                  Pair("ce-causationid", "evt_0"), Pair("ce-eventversion", "1")));
  EXPECT_EQ(header(message, "ce-datacontenttype"), "none");
}

TEST_F(MessageTest, EncodesHeaderValuesAsTheHttpBindingSays) {
  Event event = sample();
  event.payload["event"]["external_event_id"] = "Euro \xE2\x82\xAC \xF0\x9F\x98\x80 100% \"~!";
  const Message message = made(MessageFormat::cloudevents_binary, event);
  EXPECT_EQ(header(message, "ce-subject"), "Euro%20%E2%82%AC%20%F0%9F%98%80%20100%25%20%22~!");
}

TEST_F(MessageTest, LeavesOutWhatCloudEventsDoesNotAllow) {
  Event event = sample();
  event.causation_id.clear();
  for (const Json& id : {Json(""), Json("a\x01"), Json("a\xC2\x85"), Json(7), Json(nullptr)}) {
    event.payload["event"]["external_event_id"] = id;
    EXPECT_EQ(header(made(MessageFormat::cloudevents_binary, event), "ce-subject"), "none") << id;
    const Json body = Json::parse(made(MessageFormat::cloudevents_structured, event).body);
    EXPECT_FALSE(body.contains("subject"));
    EXPECT_FALSE(body.contains("causationid"));
  }
  event.payload["event"]["external_event_id"] = "\xC2\xA9\xC3\x80";
  EXPECT_EQ(header(made(MessageFormat::cloudevents_binary, event), "ce-subject"), "%C2%A9%C3%80");
  event.payload = Json{{"event", 7}};
  EXPECT_EQ(header(made(MessageFormat::cloudevents_binary, event), "ce-subject"), "none");
}

TEST_F(MessageTest, MakesAUriOfEverySource) {
  Event event = sample();
  event.source = "caldav:my work<\xC3\xA9>";
  EXPECT_EQ(Json::parse(made(MessageFormat::cloudevents_structured, event).body)["source"],
            "caldav:my%20work%3C%C3%A9%3E");
}

TEST_F(MessageTest, RefusesWhatIsNoEventAndIdsThatCouldMoveBytes) {
  for (const char* text : {"no JSON", "{}", R"({"id":"evt_1"})"}) {
    for (const auto format :
         {MessageFormat::cloudevents_structured, MessageFormat::cloudevents_binary}) {
      const auto message = make(format, text);
      ASSERT_FALSE(message);
      EXPECT_EQ(message.error().code, Errc::corrupt);
    }
  }
  for (const char* id : {"", "evt.1", "evt 1", "evt\r\n1", "evt\xC3\xA9"}) {
    id_ = id;
    const auto message = make(MessageFormat::envelope, "{}");
    ASSERT_FALSE(message) << id;
    EXPECT_EQ(message.error().code, Errc::invalid_argument);
  }
}

TEST_F(MessageTest, ReadsBackTheNamesOfFormats) {
  for (const auto format : {MessageFormat::envelope, MessageFormat::cloudevents_structured,
                            MessageFormat::cloudevents_binary}) {
    EXPECT_EQ(message_format_from_text(to_text(format)), format);
  }
  EXPECT_EQ(message_format_from_text("xml"), std::nullopt);
}

std::string error_of(const HttpHeaders& headers) {
  const auto checked = check_custom_headers(headers, "headers");
  return checked ? "no error" : checked.error().message;
}

TEST_F(MessageTest, ChecksCustomHeadersItself) {
  custom_ = {{"webhook-id", "evt_2"}};
  EXPECT_FALSE(make(MessageFormat::envelope, "{}"));
}

TEST(CustomHeaders, MayBeWhatTheReceiverNeeds) {
  EXPECT_EQ(error_of({}), "no error");
  EXPECT_EQ(error_of({{"Authorization", "Bearer abc"}, {"X-Empty", ""}, {"x-a.b_c", "a\tb"}}),
            "no error");
}

TEST(CustomHeaders, AreNotWhatTidemarkSetsItself) {
  for (const char* name :
       {"Host", "content-length", "Content-Type", "CONTENT-ENCODING", "Connection", "Keep-Alive",
        "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Expect", "User-Agent", "Webhook-Id", "webhook-anything", "CE-type", "ce-x"}) {
    EXPECT_EQ(error_of({{name, "x"}}),
              "headers." + std::string(name) + ": is set by Tidemark itself; leave it out");
  }
}

TEST(CustomHeaders, CannotBreakOutOfTheirLine) {
  for (const std::string& value :
       {std::string("a\r\nX-Injected: 1"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("a\x7F"), std::string("\xC3\xA9"), std::string(" a"),
        std::string("a ")}) {
    EXPECT_EQ(error_of({{"X-Secret", value}}),
              "headers.X-Secret: its value must be printable ASCII: no line breaks, no control "
              "characters, no blanks at its ends");
  }
  for (const char* name : {"", "a b", "a:", "a\r\nb", "\xC3\xA9"}) {
    EXPECT_EQ(error_of({{name, "x"}}).substr(0, 32), "headers: a header's name is lett") << name;
  }
}

TEST(CustomHeaders, HaveLimits) {
  const auto with = [](std::size_t count, std::size_t value_bytes) {
    HttpHeaders headers;
    for (std::size_t i = 0; i < count; ++i) {
      headers.emplace_back("x-" + std::to_string(i), std::string(value_bytes, 'v'));
    }
    return error_of(headers);
  };
  EXPECT_EQ(with(32, 100), "no error");
  EXPECT_EQ(with(33, 100), "headers: has more than 32 headers");
  EXPECT_EQ(with(1, 4096), "no error");
  EXPECT_EQ(with(1, 4097), "headers.x-0: its value is longer than 4096 bytes");
  EXPECT_EQ(with(5, 4096), "headers: names and values have more than 16384 bytes together");
  EXPECT_EQ(error_of({{std::string(129, 'x'), ""}}),
            "headers: a header's name is longer than 128 bytes");
  EXPECT_EQ(error_of({{"X-A", "1"}, {"x-a", "2"}}), "headers.x-a: is there twice");
}

}  // namespace
}  // namespace tidemark::delivery
