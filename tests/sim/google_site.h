// Google, as one tenant's account sees it: the fake of tests/support/google behind the simulated
// network, and what its calendars were, one state after the other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/google_push.h"
#include "sim/google_traffic.h"
#include "sim/upstream.h"
#include "support/google/fake_google.h"

namespace tidemark::sim {

// What was at one event id: readings (google_reading.h), or "" while there was nothing.
using GoogleHistory = std::map<std::string, std::vector<std::string>>;

struct GoogleCalendar {
  std::string id;
  std::string name;
  std::string role = "owner";
  bool listed = true;  // in the account's list
  GoogleHistory history;
  std::map<std::string, std::string> etags;  // of what is there, by id
};

class GoogleSite final : public Upstream {
 public:
  // Whether the account's user lets its events be written, too.
  GoogleSite(Stage& stage, std::string tenant, GoogleTraffic& traffic, const PushSettings& push,
             bool writable);

  const std::string& tenant() const override { return tenant_; }
  std::string origin() const override { return "http://google." + tenant_ + ".example"; }
  HttpResponse answer(const HttpRequest& request) override;
  void asked(const HttpRequest& request) override;
  void ended(const HttpRequest& request, const Result<HttpResponse>& outcome) override;

  std::string user() const { return "ada@" + tenant_ + ".example"; }
  test::FakeGoogle& google() const { return google_; }
  const GooglePush& push() const { return push_; }
  std::map<std::string, GoogleCalendar>& calendars() { return calendars_; }
  const std::map<std::string, GoogleCalendar>& calendars() const { return calendars_; }
  std::vector<Appearance> appearances(std::uint64_t version) const override;
  std::string scope() const;
  // The account's list names it (again).
  void show(GoogleCalendar& calendar);
  // A refresh token of the account's user.
  std::string grant();
  // After each edit: what has become of the calendar is history. `ours`: the event that a process
  // has changed.
  void record(GoogleCalendar& calendar, const std::string& ours = {});
  // What is listed of it.
  std::vector<Json> items(const GoogleCalendar& calendar) const;

 private:
  HttpResponse quota_used_up() const;
  void log_changes(GoogleCalendar& calendar, const std::map<std::string, Json>& now,
                   const std::string& ours);
  void record_unlisted(GoogleCalendar& calendar) const;
  HttpResponse take_write(const HttpRequest& request);
  HttpResponse take_watch(const HttpRequest& request);
  HttpResponse take_stop(const HttpRequest& request);

  Stage& stage_;
  const std::string tenant_;
  GoogleTraffic& traffic_;
  const bool writable_;
  mutable test::FakeGoogle google_;
  GooglePush push_;
  std::map<std::string, GoogleCalendar> calendars_;
};

}  // namespace tidemark::sim
