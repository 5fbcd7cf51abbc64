// Accounts of a whole process without a server: real store, engine, vault and syncs, and a Google
// in the process. restart() is a crash and a new start on the same store.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accounts/account_service.h"
#include "base/metrics.h"
#include "engine/journal.h"
#include "net/url.h"
#include "providers/google/google_provider.h"
#include "support/google/google_http.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"
#include "sync/mirror.h"

namespace tidemark::test {

inline constexpr const char* kUser = "ada@example.com";
inline constexpr const char* kRedirect = "http://127.0.0.1:4711/";

class AccountsWorld : public testing::Test {
 protected:
  AccountsWorld() : google_([this] { return clock_.now(); }), client_(google_) {
    google_.with_oauth([&](auto& oauth, WallTime) {
      oauth.add_client({.id = "client", .secret = "hush-hush", .desktop = true});
      oauth.add_user(kUser);
      oauth.consent_as(kUser);
    });
    google_.add_calendar(kUser, {.id = "team", .summary = "Team"});
    google_.insert_event("team",
                         timed_event("Standup", "2026-01-05T09:00:00Z", "2026-01-05T09:15:00Z"));
    restart();
  }
  ~AccountsWorld() override { stop(); }

  void stop() {
    if (!engine_) return;
    engine_->stop();
    service_.reset();
    sync_.reset();
    vault_.reset();
    engine_.reset();
    store_.reset();
  }

  void restart() {
    stop();
    auto opened = Store::open({.path = directory_ / "store"});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
    engine_->register_machine(erase<VaultMachine>());
    vault_ = std::make_unique<Vault>(*engine_, *store_, master_keys_);
    SyncOptions options;
    options.workers = 0;
    options.push = push_;
    options.make_provider = [this](const AccountSettings& settings, HttpClient& http) {
      return ::tidemark::google::make_provider(
          settings, http, {.now = [this] { return clock_.now(); }, .projects = &gates_});
    };
    sync_ = std::make_unique<SyncService>(*engine_, *store_, client_, metrics_,
                                          std::vector<AccountDefinition>(), options);
    sync_->register_with_engine();
    service_ = std::make_unique<accounts::AccountService>(accounts::AccountService::Parts{
        *engine_, *store_, clock_, client_, *vault_, *sync_, declared_});
    service_->register_with_engine();
    ASSERT_TRUE(engine_->recover());
    const auto loaded = service_->load(true);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(sync_->apply_configuration(scheduled_));
    run();
  }

  void run() {
    while (engine_->run_one_batch()) {
    }
  }

  Result<void> sync(const std::string& account = "work") {
    TM_TRY(sync_->request_sync("acme", account, SyncRequestMode::incremental));
    run();
    return {};
  }

  static AccountDefinition google_account(const std::string& id = "work") {
    AccountDefinition account;
    account.settings.tenant = "acme";
    account.settings.id = id;
    account.settings.provider = "google";
    account.settings.oauth.emplace();
    account.settings.oauth->client_id = "client";
    account.settings.oauth->client_secret = Secret("hush-hush");
    account.settings.oauth->scope = ::tidemark::google::kReadOnlyScope;
    return account;
  }

  // What the browser comes back with after somebody has opened the link.
  std::map<std::string, std::string> open_link(const std::string& link) {
    HttpRequest request;
    request.url = link;
    const HttpResponse answer = google_.handle(request);
    std::map<std::string, std::string> query;
    const auto location = find_header(answer.headers, "Location");
    EXPECT_TRUE(location) << answer.status << " " << answer.body;
    if (!location) return query;
    EXPECT_TRUE(location->starts_with(kRedirect)) << *location;
    const std::string text = location->substr(location->find('?') + 1);
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('&', begin), text.size());
      const std::string pair = text.substr(begin, end - begin);
      const auto equals = pair.find('=');
      query[pair.substr(0, equals)] = *percent_decode(pair.substr(equals + 1));
      begin = end + 1;
    }
    return query;
  }

  Result<accounts::ConnectedAccount> connect(const std::string& account = "work") {
    TM_ASSIGN(const auto consent, service_->connect("acme", account, kRedirect, {}));
    auto answer = open_link(consent.link);
    TM_ASSIGN(const auto connected, service_->redeem(answer["state"], Secret(answer["code"])));
    run();
    return connected;
  }

  AccountStatus status(const std::string& account = "work") const {
    const auto all = list_accounts(*store_, "acme");
    EXPECT_TRUE(all);
    for (const auto& one : *all) {
      if (one.id == account) return one;
    }
    ADD_FAILURE() << "there is no account " << account;
    return {};
  }

  std::vector<CalendarStatus> calendars() const {
    auto all = list_calendars(*store_, "acme");
    EXPECT_TRUE(all);
    return all.value_or(std::vector<CalendarStatus>());
  }

  std::vector<Event> told(const std::string& glob) const {
    const auto page =
        read_feed(*store_, FeedFilter{.tenant = "acme", .type_glob = glob, .limit = 1000});
    EXPECT_TRUE(page);
    std::vector<Event> events;
    for (const auto& item : page->items) events.push_back(item.event);
    return events;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  FakeGoogle google_;
  FakeGoogleClient client_;
  ::tidemark::google::QuotaGates gates_;
  Metrics metrics_;
  std::vector<MasterKey> master_keys_{
      *MasterKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")};
  std::vector<AccountDefinition> declared_;
  // How the next restart() is configured.
  PushOptions push_;
  bool scheduled_ = false;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<SyncService> sync_;
  std::unique_ptr<accounts::AccountService> service_;
};

}  // namespace tidemark::test
