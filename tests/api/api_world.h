// A whole Tidemark without a server: a real store, engine and syncs of calendar files, two tenants,
// and endpoints that nothing is sent to unless a test wants that.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "accounts/account_service.h"
#include "api/api.h"
#include "api/key_machine.h"
#include "base/metrics.h"
#include "delivery/delivery_service.h"
#include "net/address_guard.h"
#include "net/curl_client.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"
#include "vault/vault.h"

namespace tidemark::test {

struct WorldOptions {
  bool without_vault = false;           // to the API: as if no master key were configured
  bool deliver = false;                 // to the loopback addresses that a test listens on
  const AddressGuard* guard = nullptr;  // any address
  delivery::DeliveryOptions delivery{};
  audit::RetentionOptions retention{};
};

class ApiWorld : public ::testing::Test {
 protected:
  explicit ApiWorld(WorldOptions options = {}) {
    write_event("acme", "one", "Acme meets");
    write_event("acme", "two", "Acme plans");
    write_event("rival", "one", "Rival schemes");
    auto store = Store::open({.path = directory_ / "store"});
    EXPECT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
    engine_->register_machine(erase<KeyMachine>());
    engine_->register_machine(erase<VaultMachine>());
    auto master_key = MasterKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    EXPECT_TRUE(master_key) << master_key.error().message;
    vault_ = std::make_unique<Vault>(*engine_, *store_, std::vector{*master_key});
    delivery_ = std::make_unique<delivery::DeliveryService>(*engine_, *store_, clock_, metrics_,
                                                            vault_.get(), options.guard,
                                                            std::move(options.delivery));
    delivery_->register_with_engine();
    audit_ = std::make_unique<audit::AuditService>(
        *engine_, *store_,
        audit::AuditOptions{.data_dir = directory_.path().string(),
                            .retention = std::move(options.retention)});
    audit_->register_with_engine();
    sync_ = std::make_unique<SyncService>(*engine_, *store_, http_, metrics_,
                                          std::vector<AccountDefinition>());
    sync_->register_with_engine();
    accounts_ = std::make_unique<accounts::AccountService>(accounts::AccountService::Parts{
        *engine_, *store_, clock_, http_, *vault_, *sync_, {account("acme"), account("rival")}});
    accounts_->register_with_engine();
    EXPECT_TRUE(engine_->recover());
    EXPECT_TRUE(accounts_->load(true));
    engine_->start();
    EXPECT_TRUE(sync_->apply_configuration(false));
    EXPECT_TRUE(delivery_->start(options.deliver));
    backup_ = std::make_unique<backup::BackupService>(
        *store_, clock_,
        backup::BackupOptions{.data_dir = directory_.path().string(), .version = "1.2.3"});
    ApiParts parts{*store_, *engine_, *sync_,   *accounts_, *delivery_,
                   *audit_, *backup_, metrics_, clock_};
    parts.version = "1.2.3";
    parts.data_dir = directory_.path().string();
    parts.vault = options.without_vault ? nullptr : vault_.get();
    parts.not_ready = [this] { return not_ready_; };
    api_ = std::make_unique<Api>(std::move(parts));
  }
  ~ApiWorld() override {
    if (delivery_) delivery_->stop(std::chrono::seconds(5));
    engine_->stop();
  }

  AccountDefinition account(const std::string& tenant) const {
    AccountDefinition definition;
    definition.settings.tenant = tenant;
    definition.settings.id = tenant + "-files";
    definition.settings.provider = "ics";
    definition.settings.path = directory_ / tenant;
    return definition;
  }

  void write_event(const std::string& folder, const std::string& name, const std::string& title) {
    std::filesystem::create_directories(directory_ / folder);
    std::ofstream(directory_ / folder + "/" + name + ".ics", std::ios::binary)
        << "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:" << name
        << "@" << folder << "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T090000Z\r\n"
        << "DTEND:20260105T100000Z\r\nSUMMARY:" << title << "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  }

  void sync_all() {
    ASSERT_TRUE(sync_->request_sync("", "", SyncRequestMode::incremental));
    ASSERT_TRUE(engine_->wait_until_idle(std::chrono::seconds(30)));
  }

  // "GET /v1/calendars?name=x" as the operator, or with a key over TCP.
  ServerResponse ask(const std::string& line, const std::string& key = "operator",
                     const HttpHeaders& headers = {}, const std::string& body = "") const {
    ServerRequest request;
    const auto space = line.find(' ');
    const auto question = line.find('?');
    request.method = line.substr(0, space);
    request.path =
        line.substr(space + 1, question == std::string::npos ? question : question - space - 1);
    if (question != std::string::npos) add_query(request, line.substr(question + 1));
    request.headers = headers;
    request.body = body;
    request.from_unix_socket = key == "operator";
    request.peer = request.from_unix_socket ? "unix" : "192.0.2.1";
    if (!request.from_unix_socket && !key.empty()) {
      request.headers.emplace_back("authorization", "Bearer " + key);
    }
    return api_->handle(request);
  }

  Json get(const std::string& path, const std::string& key = "operator") const {
    return parse_json(ask("GET " + path, key).body).value_or(Json());
  }

  // A new key of the tenant, made over the API.
  std::string make_key(const std::string& tenant, const std::string& expires_in = "") const {
    Json body = {{"tenant", tenant}};
    if (!expires_in.empty()) body["expires_in"] = expires_in;
    const auto response = ask("POST /v1/keys", "operator", {}, dump_json(body));
    EXPECT_EQ(response.status, 201) << response.body;
    return parse_json(response.body)->value("key", "");
  }

  std::string calendar_of(const std::string& tenant) const {
    return get("/v1/calendars?tenant=" + tenant)["items"][0]["id"];
  }

  static void add_query(ServerRequest& request, std::string_view text) {
    while (!text.empty()) {
      const auto part = text.substr(0, text.find('&'));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      const auto equals = part.find('=');
      request.query.emplace(part.substr(0, equals),
                            equals == std::string_view::npos ? "" : part.substr(equals + 1));
    }
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  Metrics metrics_;
  CurlHttpClient http_;
  std::string not_ready_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<delivery::DeliveryService> delivery_;
  std::unique_ptr<audit::AuditService> audit_;
  std::unique_ptr<backup::BackupService> backup_;
  std::unique_ptr<SyncService> sync_;
  std::unique_ptr<accounts::AccountService> accounts_;
  std::unique_ptr<Api> api_;
};

}  // namespace tidemark::test
