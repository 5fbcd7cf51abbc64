// A calendar server in the process, and a provider that pulls from it: resources with ETags, a
// change log with tokens, pages of any size, bodies now or later. What it does between and during
// pulls is a test's to say.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "providers/calendar_provider.h"

namespace tidemark::test {

struct FakeResource {
  std::string etag;
  std::string bytes;
};

class FakeCalendar {
 public:
  explicit FakeCalendar(std::string name) : name(std::move(name)) {}

  void put(const std::string& href, const std::string& bytes) {
    ++version;
    resources[href] = {"e" + std::to_string(version), bytes};
    changed[href] = version;
  }
  void erase(const std::string& href) {
    if (resources.erase(href) == 0) return;
    changed[href] = ++version;
  }
  // Tokens handed out so far are refused from now on.
  void expire_tokens() { oldest_token = ++version; }

  std::string name;
  std::map<std::string, FakeResource> resources;
  std::map<std::string, std::uint64_t> changed;  // href -> version of its last change
  std::uint64_t version = 1;
  std::uint64_t oldest_token = 0;
};

// Several calendars of one account. Thread-safe when used through `mutex`.
struct FakeServer {
  std::mutex mutex;
  std::map<std::string, FakeCalendar> calendars;  // by remote id
  std::optional<Error> discover_error;
  std::map<std::string, Error> pull_errors;  // by remote id
  int discoveries = 0;
  int pulls = 0;
  int bodies_sent = 0;
  std::size_t page_size = 1000;
  // Called before each item, mutex held; an error ends the pull with it.
  std::function<Result<void>()> before_item;
  // Random choices: pages, pending or body, committing early. Null: plain and whole.
  std::mt19937* random = nullptr;
};

class FakeProvider : public CalendarProvider {
 public:
  explicit FakeProvider(FakeServer& server) : server_(server) {}

  Result<Discovery> discover(const std::string&) override;
  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) override;

 private:
  struct Cursor {
    bool listing = false;     // else changes since `token`
    bool bodies = false;      // announced bodies come before anything else
    std::uint64_t token = 0;  // at its end the next pass begins here
    std::string after;        // listing: the last href listed
  };
  static std::string to_text(const Cursor& cursor);
  static Cursor read(const std::string& text);

  bool chance(unsigned percent);
  Result<PullResult> list(const FakeCalendar& calendar, const PullRequest& request, Cursor cursor,
                          const KnownResources& known, const ItemSink& sink);
  Result<PullResult> changes(const FakeCalendar& calendar, Cursor cursor,
                             const KnownResources& known, const ItemSink& sink);
  Result<PullResult> bodies(const FakeCalendar& calendar, Cursor cursor,
                            const KnownResources& known, const ItemSink& sink);
  Result<void> send(RemoteItem item, const KnownResources& known, const ItemSink& sink);
  RemoteItem present(const FakeCalendar& calendar, const std::string& href, bool* announced);

  FakeServer& server_;
};

}  // namespace tidemark::test
