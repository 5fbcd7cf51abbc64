// A CalDAV server that speaks real WebDAV XML, in one of the dialects that real servers speak.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/dialect.h"
#include "sim/random.h"
#include "sim/upstream.h"

namespace tidemark::sim {

struct CalendarObject {
  std::string uid;
  std::uint64_t version = 0;   // of its content; the summary says it
  std::uint64_t revision = 0;  // of the resource at this address
  std::uint64_t change = 0;    // of the calendar
  std::string body;
  bool made_again = false;  // where another one had been
};

// What the events of one UID were, one after the other: a version, or 0 while there was none.
using History = std::map<std::string, std::vector<std::uint64_t>>;

struct ServedCalendar {
  std::string name;
  std::map<std::string, CalendarObject> objects;  // by resource name
  std::map<std::string, std::uint64_t> vanished;  // resource name -> change
  std::uint64_t change = 1;
  std::uint64_t born = 0;  // another one at the same address has other tokens
  bool exists = true;
  History history;
  std::set<std::string> noted;  // UIDs of events that had a note
  // By resource name: what was there before the last change.
  std::map<std::string, CalendarObject> former;
  std::string last_changed;  // a resource of `former`, or none
  // By token, where tokens name content: the ETags by resource name.
  std::map<std::string, std::map<std::string, std::string>> contents;
  // By resource name: the version that was last read by itself, until a process has changed it.
  std::map<std::string, std::uint64_t> looked_at;
};

class CalendarServer final : public Upstream {
 public:
  CalendarServer(std::string tenant, Dialect dialect, Random& random);

  HttpResponse answer(const HttpRequest& request) override;
  void asked(const HttpRequest& request) override;
  void ended(const HttpRequest& request, const Result<HttpResponse>& outcome) override;
  const std::string& tenant() const override { return tenant_; }
  const Dialect& dialect() const { return dialect_; }
  std::string origin() const override { return "http://" + tenant_ + ".example"; }
  std::string url_of(const ServedCalendar& calendar) const { return origin() + path_of(calendar); }
  std::string path_of(const ServedCalendar& calendar) const {
    return "/dav/calendars/" + calendar.name + "/";
  }
  std::vector<Appearance> appearances(std::uint64_t version) const override;
  std::map<std::string, ServedCalendar>& calendars() { return calendars_; }
  const std::map<std::string, ServedCalendar>& calendars() const { return calendars_; }
  // Notes that a process has overwritten although it could name the version with them.
  const std::vector<std::string>& lost_notes() const { return lost_notes_; }

  // What users do; `version` is a number nobody has used yet.
  void put(ServedCalendar& calendar, const std::string& resource, const std::string& uid,
           std::uint64_t version);
  void touch(ServedCalendar& calendar, const std::string& resource);  // same content, new ETag
  // Says where it is; the title stays, and with it the version.
  void note(ServedCalendar& calendar, const std::string& resource, std::uint64_t number);
  void move(ServedCalendar& calendar, const std::string& from, const std::string& to);
  void erase(ServedCalendar& calendar, std::string resource);
  void put_back(ServedCalendar& calendar, std::string resource);  // as it is in `former`
  void forget_tokens(ServedCalendar& calendar);
  void drop(ServedCalendar& calendar);
  void make_again(ServedCalendar& calendar);

 private:
  HttpResponse change(const HttpRequest& request, ServedCalendar& calendar,
                      const std::string& resource);
  HttpResponse propfind(const HttpRequest& request, const std::string& path);
  HttpResponse report(const HttpRequest& request, ServedCalendar& calendar);
  HttpResponse sync(const std::string& body, ServedCalendar& calendar);
  HttpResponse sync_by_content(const std::string& given, bool with_data, ServedCalendar& calendar);
  // What a token that is not known, or none, leads to; nothing: everything is listed.
  std::optional<HttpResponse> refuse_token() const;
  HttpResponse multiget(const std::string& body, const ServedCalendar& calendar) const;
  HttpResponse query(const ServedCalendar& calendar) const;
  HttpResponse listing(const ServedCalendar& calendar) const;
  std::string row(const ServedCalendar& calendar, const std::string& resource,
                  const CalendarObject& object, bool with_data) const;
  std::string gone_row(const ServedCalendar& calendar, const std::string& resource) const;
  std::string href(const ServedCalendar& calendar, const std::string& resource) const;
  std::string etag(const CalendarObject& object) const;
  std::string token(const ServedCalendar& calendar, std::uint64_t change) const;
  std::string token_now(ServedCalendar& calendar) const;
  static void renew_etag(const ServedCalendar& calendar, CalendarObject& object);
  static void keep_former(ServedCalendar& calendar, const std::string& resource);
  static bool has_uid(const ServedCalendar& calendar, const std::string& uid);
  std::uint64_t version_in(const std::string& body) const;
  bool names_versions() const {
    return dialect_.etags == Dialect::Etags::unique ||
           dialect_.etags == Dialect::Etags::same_for_new ||
           dialect_.etags == Dialect::Etags::content;
  }
  ServedCalendar* calendar_at(const std::string& path);
  const ServedCalendar* calendar_at(const std::string& path) const;

  const std::string tenant_;
  const Dialect dialect_;
  Random& random_;
  std::map<std::string, ServedCalendar> calendars_;
  std::map<std::string, std::uint64_t> read_back_;  // versions, by URL
  std::vector<std::string> lost_notes_;
  std::uint64_t births_ = 0;
};

}  // namespace tidemark::sim
