// Store, engine and sync service as one process has them; crash() and the constructor are its life.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include "store/store.h"
#include "support/manual_clock.h"
#include "sync/fake_calendar_server.h"
#include "sync/mirror.h"
#include "sync/sync_service.h"

namespace tidemark::test {

class NoHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest&, const BodySink&) override {
    return fail(Errc::unavailable, "these tests use no network");
  }
};

inline AccountDefinition fake_account(const std::string& id) {
  AccountDefinition account;
  account.settings.tenant = "acme";
  account.settings.id = id;
  account.settings.provider = "fake";
  return account;
}

class SyncProcess {
 public:
  using MakeProvider =
      std::function<std::unique_ptr<CalendarProvider>(const AccountSettings&, HttpClient&)>;

  SyncProcess(const std::string& path, const ManualClock& clock,
              const std::vector<AccountDefinition>& accounts,
              std::map<std::string, FakeServer*> servers, std::size_t workers)
      : SyncProcess(
            path, clock, accounts,
            [servers](const AccountSettings& settings, HttpClient&) {
              return std::make_unique<FakeProvider>(*servers.at(settings.id));
            },
            workers) {}

  SyncProcess(const std::string& path, const ManualClock& clock,
              const std::vector<AccountDefinition>& accounts, MakeProvider make_provider,
              std::size_t workers, PushOptions push = {})
      : workers_(workers) {
    auto opened = Store::open({.path = path});
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
    store = std::move(*opened);
    engine = std::make_unique<Engine>(*store, clock, metrics);
    SyncOptions options;
    options.workers = workers;
    options.make_provider = std::move(make_provider);
    options.push = std::move(push);
    service = std::make_unique<SyncService>(*engine, *store, http, metrics, accounts, options);
    service->register_with_engine();
    const auto recovered = engine->recover();
    EXPECT_TRUE(recovered.has_value()) << (recovered ? "" : recovered.error().message);
    if (workers > 0) engine->start();
  }
  ~SyncProcess() {
    engine->stop(std::chrono::seconds(5));
    service.reset();
    engine.reset();
  }

  void run() {
    if (workers_ > 0) {
      EXPECT_TRUE(engine->wait_until_idle(std::chrono::seconds(60)));
    } else {
      while (engine->run_one_batch()) {
      }
    }
  }

  void sync(const std::string& target = "", SyncRequestMode mode = SyncRequestMode::incremental) {
    const auto receipt = service->request_sync("", target, mode);
    EXPECT_TRUE(receipt.has_value()) << (receipt ? "" : receipt.error().message);
    run();
  }

  CalendarStatus calendar(const std::string& name) const {
    auto found = find_calendar(*store, "", name);
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message);
    return found ? *found : CalendarStatus{};
  }

  std::vector<Event> feed(Position after = {}) const {
    std::vector<Event> events;
    for (;;) {
      auto page = read_feed(*store, {.after = after, .limit = 1000});
      EXPECT_TRUE(page.has_value());
      if (!page) return events;
      for (auto& item : page->items) events.push_back(std::move(item.event));
      after = page->next;
      if (!page->more) return events;
    }
  }

  Metrics metrics;
  NoHttp http;
  std::unique_ptr<Store> store;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<SyncService> service;

 private:
  std::size_t workers_;
};

inline std::string ics(const std::string& uid, const std::string& title,
                       const std::string& start = "20251216T120000Z",
                       const std::string& more = {}) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
         "\r\nDTSTAMP:20251201T000000Z\r\nDTSTART:" + start + "\r\nSUMMARY:" + title + "\r\n" +
         more + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

}  // namespace tidemark::test
