// A fake Google as a process, for tests of the real binary and for the demo.
//
// usage: fake_google
// Prints one JSON line when it serves: {"url", "client_id", "client_secret", "refresh_token"}; then
// reads commands, one JSON object a line, and answers each with one line: {"ok": ...} or {"error"}.
// Ends with its input.
//
//   {"do": "calendar", "id", "summary"}            {"do": "insert", "calendar", "event"}
//   {"do": "fill", "calendar", "count"}            {"do": "patch", "calendar", "id", "changes"}
//   {"do": "delete", "calendar", "id"}             {"do": "events", "calendar"}
//   {"do": "change_instance", "calendar", "id", "start", "changes"}
//   {"do": "cancel_instance", "calendar", "id", "start"}
//   {"do": "split", "calendar", "id", "start", "changes"}
//   {"do": "pages", "size"}                        {"do": "hold", "page"}
//   {"do": "gone_at", "calendar", "page"}          {"do": "expire", "calendar"}
//   {"do": "revoke"}                               {"do": "count", "route"}
//   {"do": "wait_for_held"}                        {"do": "go_on"}
//   {"do": "channels", "calendar"}                 {"do": "pushes"}
//
// "channels" are the addresses of the live ones. "pushes" are the notifications that are due, each
// {"url", "headers"}, for the test to deliver, lose or change.
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>

#include "base/json.h"
#include "support/google/google_http.h"

namespace tidemark::test {
namespace {

constexpr const char* kUser = "ada@example.com";

WallTime system_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Holds back the answer to the list request that comes as the n-th, until told to go on.
class Gate {
 public:
  void hold_at(int request) {
    const std::lock_guard lock(mutex_);
    hold_at_ = request;
    seen_ = 0;
    held_ = false;
  }
  void pass(const HttpRequest& request) {
    if (request.url.find("/events?") == std::string::npos) return;
    std::unique_lock lock(mutex_);
    if (++seen_ != hold_at_) return;
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
  }
  void wait_for_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_; });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    hold_at_ = 0;
    held_ = false;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int hold_at_ = 0;
  int seen_ = 0;
  bool held_ = false;
};

Json fill(FakeGoogle& google, const std::string& calendar, int count) {
  for (int i = 0; i < count; ++i) {
    Json event =
        timed_event("Event " + std::to_string(i), "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z");
    event["description"] = std::string(600, 'd');
    event["location"] = "Room " + std::to_string(i % 17);
    google.insert_event(calendar, event);
  }
  return count;
}

Json addresses(FakeGoogle& google, const std::string& calendar) {
  Json list = Json::array();
  for (const auto& channel : google.live_channels(calendar)) list.push_back(channel.address);
  return list;
}

Json pushes(FakeGoogle& google) {
  Json list = Json::array();
  for (const auto& push : google.take_pushes()) {
    Json headers = Json::object();
    for (const auto& [name, value] : push.headers) headers[name] = value;
    list.push_back({{"url", push.url}, {"headers", std::move(headers)}});
  }
  return list;
}

Json carry_out(FakeGoogle& google, Gate& gate, const Json& command) {
  const std::string what = command.value("do", "");
  const std::string calendar = command.value("calendar", "");
  const std::string id = command.value("id", "");
  if (what == "calendar") {
    google.add_calendar(kUser, {.id = id, .summary = command.value("summary", id)});
    return id;
  }
  if (what == "insert") return google.insert_event(calendar, command.at("event"));
  if (what == "fill") return fill(google, calendar, command.at("count"));
  if (what == "patch") {
    google.patch_event(calendar, id, command.at("changes"));
    return id;
  }
  if (what == "delete") {
    google.delete_event(calendar, id);
    return id;
  }
  if (what == "events") return google.events(calendar);
  if (what == "change_instance") {
    return google.change_instance(calendar, id, command.at("start"), command.at("changes"));
  }
  if (what == "cancel_instance") return google.cancel_instance(calendar, id, command.at("start"));
  if (what == "split") {
    return google.split_series(calendar, id, command.at("start"), command.at("changes"));
  }
  if (what == "pages") {
    google.set_listing({.largest_page = command.at("size").get<std::size_t>()});
    return true;
  }
  if (what == "hold") {
    gate.hold_at(command.at("page"));
    return true;
  }
  if (what == "wait_for_held") {
    gate.wait_for_held();
    return true;
  }
  if (what == "go_on") {
    gate.go_on();
    return true;
  }
  if (what == "gone_at") {
    google.answer_gone_at(kUser, calendar, command.at("page"));
    return true;
  }
  if (what == "expire") {
    google.expire_sync_tokens(calendar);
    return true;
  }
  if (what == "revoke") {
    google.with_oauth([](auto& oauth, WallTime) { oauth.revoke_user(kUser); });
    return true;
  }
  if (what == "count") return google.count(command.at("route"));
  if (what == "channels") return addresses(google, calendar);
  if (what == "pushes") return pushes(google);
  return nullptr;
}

int serve() {
  FakeGoogle google(system_now);
  Gate gate;
  std::string refresh_token;
  google.with_oauth([&](auto& oauth, WallTime now) {
    oauth.add_client({.id = "client", .secret = "hush", .desktop = true});
    oauth.add_user(kUser);
    oauth.consent_as(kUser);
    refresh_token =
        oauth.issue_refresh_token(kUser, "client", "https://www.googleapis.com/auth/calendar", now);
  });
  google.set_fault([&](const HttpRequest& request) -> std::optional<HttpResponse> {
    gate.pass(request);
    return std::nullopt;
  });
  const FakeGoogleServer server(google);
  std::cout << dump_json({{"url", server.url("")},
                          {"client_id", "client"},
                          {"client_secret", "hush"},
                          {"refresh_token", refresh_token}})
            << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto command = parse_json(line);
    Json answer{{"error", "a command is one JSON object"}};
    if (command && command->is_object()) {
      try {
        answer = Json{{"ok", carry_out(google, gate, *command)}};
      } catch (const std::exception& error) {
        answer = Json{{"error", error.what()}};
      }
    }
    std::cout << dump_json(answer) << std::endl;
  }
  gate.go_on();
  return 0;
}

}  // namespace
}  // namespace tidemark::test

int main() {
  return tidemark::test::serve();
}
