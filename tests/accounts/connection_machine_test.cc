#include "accounts/connection_machine.h"

#include <gtest/gtest.h>

#include "accounts/account_codec.h"
#include "accounts/service_account.h"

namespace tidemark::accounts {
namespace {

TEST(ConnectionMachine, StatesAreReadAsTheyWereWritten) {
  Connection state;
  state.source = "google:work";
  state.definition = {{"provider", "google"}};
  state.pending = PendingConsent{"abc", "http://127.0.0.1:1/", WallTime{milliseconds{1500}}};
  state.connected_at = WallTime{milliseconds{2500}};
  state.error_code = "forbidden";
  state.error = "no";
  for (const auto& one : {Connection{}, state}) {
    const auto read = ConnectionMachine::decode_state(ConnectionMachine::encode(one));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, one);
  }
}

TEST(ConnectionMachine, GarbageIsRefused) {
  for (const std::string bytes : {"", "x", "\xa0\xa0", "\x80"}) {
    EXPECT_FALSE(ConnectionMachine::decode_input("connect.begun", bytes));
  }
  EXPECT_FALSE(ConnectionMachine::decode_input("nonsense", to_cbor(Json::object())));
}

TEST(AccountCodec, DefinitionsAreReadAsTheyWereWritten) {
  AccountDefinition account;
  account.settings.tenant = "acme";
  account.settings.id = "work";
  account.settings.provider = "caldav";
  account.settings.url = "https://dav.example.com/";
  account.settings.write = true;
  account.settings.credentials = Credentials{"ada", Secret("hush")};
  account.calendars = {"Home", "Team*"};
  account.schedule.poll = std::chrono::seconds(7);
  const Json kept = to_json(account);
  EXPECT_EQ(dump_json(kept).find("hush"), std::string::npos);
  auto read = definition_from_json(kept, "acme", "work");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), kept);
  EXPECT_EQ(read->settings.credentials->username, "ada");
  EXPECT_TRUE(read->settings.credentials->password.empty());

  for (const auto* bad : {"null", "[]", "{}", R"({"provider": 1})"}) {
    const auto refused = definition_from_json(*parse_json(bad), "acme", "work");
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Errc::corrupt);
  }
}

TEST(ServiceAccountFile, OnlyAKeyFileIsOne) {
  for (const auto* bad :
       {"", "{}", "[]", R"({"type": "service_account"})",
        R"({"type": "service_account", "client_email": "a@b", "private_key": "x"})"}) {
    EXPECT_FALSE(read_service_account(Secret(bad))) << bad;
  }
}

}  // namespace
}  // namespace tidemark::accounts
