#include "sim/calendar_server.h"

#include <algorithm>
#include <functional>

#include "providers/caldav/href.h"
#include "sim/mirror_auditor.h"
#include "sim/served_event.h"
#include "support/dav_server.h"

namespace tidemark::sim {
namespace {

using test::multistatus;
using test::property_row;
using test::status_row;

constexpr std::string_view kPrincipal = "/dav/principal/";
constexpr std::string_view kHome = "/dav/calendars/";

HttpResponse plain(int status, std::string body = {}) {
  return {status, {{"Content-Type", "application/xml"}}, std::move(body)};
}
HttpResponse refused(int status, const std::string& condition = {}) {
  return plain(status, test::refusal(status, condition).body);
}

bool is_write(const HttpRequest& request) {
  return request.method == "PUT" || request.method == "DELETE";
}

}  // namespace

CalendarServer::CalendarServer(std::string tenant, Dialect dialect, Random& random)
    : tenant_(std::move(tenant)), dialect_(std::move(dialect)), random_(random) {}

void CalendarServer::put(ServedCalendar& calendar, const std::string& resource,
                         const std::string& uid, std::uint64_t version) {
  keep_former(calendar, resource);
  auto& object = calendar.objects[resource];
  const bool again = object.made_again || calendar.vanished.contains(resource);
  changes_.add(path_of(calendar) + resource, {object.version, version});
  // A client that cannot name the version puts its event over another one.
  if (!object.uid.empty() && object.uid != uid) calendar.history[object.uid].push_back(0);
  object = {uid,  version, object.revision + 1, ++calendar.change, body_of(tenant_, uid, version),
            again};
  if (again && calendar.born != 0) renew_etag(calendar, object);
  calendar.vanished.erase(resource);
  calendar.history[uid].push_back(version);
}

void CalendarServer::touch(ServedCalendar& calendar, const std::string& resource) {
  auto& object = calendar.objects.at(resource);
  ++object.revision;
  object.change = ++calendar.change;
  changes_.add(path_of(calendar) + resource, {object.version, object.version});
}

void CalendarServer::note(ServedCalendar& calendar, const std::string& resource,
                          std::uint64_t number) {
  keep_former(calendar, resource);
  auto& object = calendar.objects.at(resource);
  const std::string old = line_of(object.body, kNote);
  if (!old.empty()) object.body.erase(object.body.find(kNote), kNote.size() + old.size() + 2);
  object.body.insert(object.body.rfind("END:VEVENT"), kNote + std::to_string(number) + "\r\n");
  calendar.noted.insert(object.uid);
  touch(calendar, resource);
}

void CalendarServer::move(ServedCalendar& calendar, const std::string& from,
                          const std::string& to) {
  auto object = calendar.objects.at(from);
  keep_former(calendar, to);
  calendar.objects.erase(from);
  calendar.vanished[from] = ++calendar.change;
  object.revision = 1;
  object.change = ++calendar.change;
  calendar.vanished.erase(to);
  // Whoever looks at it in pieces may see it go before it comes.
  auto& states = calendar.history[object.uid];
  states.push_back(0);
  states.push_back(object.version);
  changes_.add(path_of(calendar) + from, {object.version, 0});
  changes_.add(path_of(calendar) + to, {0, object.version});
  calendar.objects[to] = std::move(object);
}

void CalendarServer::erase(ServedCalendar& calendar, std::string resource) {
  const auto& object = calendar.objects.at(resource);
  keep_former(calendar, resource);
  calendar.history[object.uid].push_back(0);
  changes_.add(path_of(calendar) + resource, {object.version, 0});
  calendar.objects.erase(resource);
  calendar.vanished[resource] = ++calendar.change;
}

void CalendarServer::keep_former(ServedCalendar& calendar, const std::string& resource) {
  const auto object = calendar.objects.find(resource);
  calendar.former.erase(resource);
  if (object != calendar.objects.end()) calendar.former.emplace(resource, object->second);
  calendar.last_changed = resource;
}

void CalendarServer::put_back(ServedCalendar& calendar, std::string resource) {
  const auto found = calendar.former.find(resource);
  const auto there = calendar.objects.find(resource);
  if (found == calendar.former.end()) {
    if (there != calendar.objects.end()) erase(calendar, std::move(resource));
    return;
  }
  const CalendarObject former = found->second;
  const bool same_uid = there != calendar.objects.end() && there->second.uid == former.uid;
  if (!same_uid && has_uid(calendar, former.uid)) return;  // it has moved
  if (there != calendar.objects.end() && !same_uid) erase(calendar, resource);
  put(calendar, resource, former.uid, former.version);
  calendar.objects.at(resource).body = former.body;
}

void CalendarServer::forget_tokens(ServedCalendar& calendar) {
  calendar.born = ++births_;
  calendar.contents.clear();
  for (auto& [resource, object] : calendar.objects) {
    if (object.made_again) renew_etag(calendar, object);
  }
}

// Whose token is refused has nothing but the ETags to go by. Where those begin anew with each
// resource, nobody could tell one that was made again from the former: there they differ.
void CalendarServer::renew_etag(const ServedCalendar& calendar, CalendarObject& object) {
  constexpr std::uint64_t kApart = 1'000'000;
  object.revision = kApart + calendar.change;
}

void CalendarServer::drop(ServedCalendar& calendar) {
  for (const auto& [resource, object] : calendar.objects) {
    calendar.history[object.uid].push_back(0);
    changes_.add(path_of(calendar) + resource, {object.version, 0});
  }
  calendar.objects.clear();
  calendar.vanished.clear();
  calendar.former.clear();
  calendar.exists = false;
  note_closed(url_of(calendar));
}

void CalendarServer::make_again(ServedCalendar& calendar) {
  calendar.exists = true;
  forget_tokens(calendar);
  calendar.change = 1;
}

std::vector<Appearance> CalendarServer::appearances(std::uint64_t version) const {
  std::vector<Appearance> found;
  for (const auto& [name, calendar] : calendars_) {
    for (const auto& [uid, versions] : calendar.history) {
      const auto at = std::find(versions.begin(), versions.end(), version);
      if (at == versions.end()) continue;
      found.push_back({uid, at == versions.begin() ? 0 : *std::prev(at)});
    }
  }
  return found;
}

ServedCalendar* CalendarServer::calendar_at(const std::string& path) {
  for (auto& [name, calendar] : calendars_) {
    if (calendar.exists && path.starts_with(path_of(calendar))) return &calendar;
  }
  return nullptr;
}
const ServedCalendar* CalendarServer::calendar_at(const std::string& path) const {
  return const_cast<CalendarServer*>(this)->calendar_at(path);
}

std::string CalendarServer::href(const ServedCalendar& calendar,
                                 const std::string& resource) const {
  const std::string path = path_of(calendar) + resource;
  const std::string written = dialect_.raw_hrefs ? path : caldav::encode_key(path);
  return dialect_.absolute_hrefs ? origin() + written : written;
}

std::string CalendarServer::etag(const CalendarObject& object) const {
  using E = Dialect::Etags;
  switch (dialect_.etags) {
    case E::unique: return "\"" + std::to_string(object.change) + "-" + object.uid + "\"";
    case E::same_for_new: return "\"gcs" + std::to_string(object.revision) + "\"";
    case E::weak: return "W/\"" + std::to_string(object.change) + "\"";
    case E::none: return {};
    case E::content: return "\"" + std::to_string(std::hash<std::string>{}(object.body)) + "\"";
  }
  return {};
}

std::string CalendarServer::token(const ServedCalendar& calendar, std::uint64_t change) const {
  return "data:," + std::to_string(calendar.born) + "-" + std::to_string(change);
}

std::string CalendarServer::token_now(ServedCalendar& calendar) const {
  if (!dialect_.tokens_name_content) return token(calendar, calendar.change);
  std::map<std::string, std::string> content;
  std::string all;
  for (const auto& [resource, object] : calendar.objects) {
    all += resource + " " + content.emplace(resource, etag(object)).first->second + "\n";
  }
  std::string named = token(calendar, std::hash<std::string>{}(all));
  calendar.contents.emplace(named, std::move(content));
  return named;
}

std::string CalendarServer::row(const ServedCalendar& calendar, const std::string& resource,
                                const CalendarObject& object, bool with_data) const {
  return test::resource_row(href(calendar, resource), etag(object),
                            with_data ? object.body : std::string());
}

std::string CalendarServer::gone_row(const ServedCalendar& calendar,
                                     const std::string& resource) const {
  return status_row(href(calendar, resource), 404);
}

HttpResponse CalendarServer::answer(const HttpRequest& request) {
  std::string path = request.url.substr(origin().size());
  path = caldav::decode_path(path);
  if (request.method == "PROPFIND") return propfind(request, path);
  ServedCalendar* calendar = calendar_at(path);
  if (calendar == nullptr) return plain(404, "nothing here");
  if (request.method == "REPORT") return report(request, *calendar);
  const std::string resource = path.substr(path_of(*calendar).size());
  if (is_write(request)) return change(request, *calendar, resource);
  const auto object = calendar->objects.find(resource);
  if (object == calendar->objects.end()) return plain(404, "nothing here");
  calendar->looked_at[resource] = object->second.version;
  HttpResponse response{200, {{"Content-Type", "text/calendar"}}, object->second.body};
  if (const auto tag = etag(object->second); !tag.empty())
    response.headers.emplace_back("ETag", tag);
  return response;
}

void CalendarServer::asked(const HttpRequest& request) {
  if (is_write(request)) note_sent(version_in(request.body));
}

// What was put is read back, and only then the process knows.
void CalendarServer::ended(const HttpRequest& request, const Result<HttpResponse>& outcome) {
  if (is_write(request) && outcome && outcome->status < 300) {
    read_back_[request.url] = version_in(request.body);
  }
  if (request.method != "GET") return;
  const auto put = read_back_.extract(request.url);
  if (put && outcome && outcome->status == 200) note_heard(put.mapped());
}

bool CalendarServer::has_uid(const ServedCalendar& calendar, const std::string& uid) {
  return std::any_of(calendar.objects.begin(), calendar.objects.end(),
                     [&](const auto& object) { return object.second.uid == uid; });
}

HttpResponse CalendarServer::change(const HttpRequest& request, ServedCalendar& calendar,
                                    const std::string& resource) {
  const auto found = calendar.objects.find(resource);
  const bool there = found != calendar.objects.end();
  const auto expected = find_header(request.headers, "If-Match");
  if (expected && (!there || (*expected != "*" && *expected != etag(found->second)))) {
    return plain(412, "another version");
  }
  if (there && find_header(request.headers, "If-None-Match")) return plain(412, "there is one");
  // Whoever cannot name the version looks at it first; what comes between that and the change is
  // lost, and nobody can help it.
  const auto looked_at = calendar.looked_at.extract(resource);
  auto before = there ? found->second.version : 0;
  const bool looks_first = expected == std::string_view("*") && !names_versions();
  if (looks_first && !looked_at.empty()) before = looked_at.mapped();
  const std::string event = path_of(calendar) + resource;
  if (request.method == "DELETE") {
    if (!there) return plain(404, "nothing here");
    erase(calendar, resource);
    changes_.claim(event, before);
    return plain(204, "");
  }
  const std::string uid = line_of(request.body, "UID:");
  const std::string noted = there ? line_of(found->second.body, kNote) : std::string();
  if (names_versions() && line_of(request.body, kNote) != noted) {
    lost_notes_.push_back(event + " had the note " + noted);
  }
  if (!there && has_uid(calendar, uid)) return refused(403, "no-uid-conflict");
  put(calendar, resource, uid, version_in(request.body));
  calendar.objects.at(resource).body =
      dialect_.rewrites_puts ? rewritten(request.body) : request.body;
  changes_.claim(event, before);
  return plain(there ? 204 : 201, "");
}

std::uint64_t CalendarServer::version_in(const std::string& body) const {
  return version_of(line_of(body, "SUMMARY:"), tenant_);
}

HttpResponse CalendarServer::propfind(const HttpRequest& request, const std::string& path) {
  const bool deep = find_header(request.headers, "Depth") == "1";
  const std::string calendar_type = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
  if (path == "/dav/") {
    return plain(207, multistatus(property_row(
                          "/dav/", "<d:current-user-principal><d:href>" + std::string(kPrincipal) +
                                       "</d:href></d:current-user-principal>")));
  }
  if (path == kPrincipal) {
    return plain(207,
                 multistatus(property_row(std::string(kPrincipal),
                                          "<c:calendar-home-set><d:href>" + std::string(kHome) +
                                              "</d:href></c:calendar-home-set>")));
  }
  if (path == kHome) {
    std::string rows =
        property_row(std::string(kHome), "<d:resourcetype><d:collection/></d:resourcetype>");
    for (const auto& [name, calendar] : calendars_) {
      if (!deep || !calendar.exists) continue;
      rows += property_row(path_of(calendar),
                           calendar_type + "<d:displayname>" + name + "</d:displayname>");
    }
    return plain(207, multistatus(rows));
  }
  ServedCalendar* calendar = calendar_at(path);
  if (calendar == nullptr) return plain(404, "nothing here");
  const std::string resource = path.substr(path_of(*calendar).size());
  if (!resource.empty()) {
    const auto object = calendar->objects.find(resource);
    if (object == calendar->objects.end()) return plain(404, "nothing here");
    return plain(207, multistatus(row(*calendar, resource, object->second, false)));
  }
  if (deep) return listing(*calendar);
  std::string properties = calendar_type;
  if (dialect_.token_property) {
    properties += "<d:sync-token>" + token_now(*calendar) + "</d:sync-token>";
  }
  properties += "<cs:getctag>" + token_now(*calendar) + "</cs:getctag>";
  return plain(207, multistatus(property_row(path, properties)));
}

HttpResponse CalendarServer::listing(const ServedCalendar& calendar) const {
  std::string rows = property_row(path_of(calendar),
                                  "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>");
  for (const auto& [resource, object] : calendar.objects) {
    rows += row(calendar, resource, object, false);
  }
  return plain(207, multistatus(rows));
}

HttpResponse CalendarServer::report(const HttpRequest& request, ServedCalendar& calendar) {
  const std::string& body = request.body;
  if (body.find("<d:sync-collection") != std::string::npos) return sync(body, calendar);
  if (body.find("<c:calendar-multiget") != std::string::npos) return multiget(body, calendar);
  if (body.find("<c:calendar-query") != std::string::npos) return query(calendar);
  return refused(400);
}

std::optional<HttpResponse> CalendarServer::refuse_token() const {
  switch (dialect_.bad_token) {
    case Dialect::BadToken::refuse_403: return refused(403, "valid-sync-token");
    case Dialect::BadToken::fail_500: return refused(500);
    case Dialect::BadToken::list_all: return std::nullopt;
  }
  return std::nullopt;
}

HttpResponse CalendarServer::sync_by_content(const std::string& given, bool with_data,
                                             ServedCalendar& calendar) {
  const auto known = calendar.contents.find(given);
  const bool all = known == calendar.contents.end();
  if (all && !given.empty()) {
    if (auto refusal = refuse_token()) return std::move(*refusal);
  }
  std::string rows;
  for (const auto& [resource, object] : calendar.objects) {
    const bool same =
        !all && known->second.contains(resource) && known->second.at(resource) == etag(object);
    if (!same) rows += row(calendar, resource, object, with_data);
  }
  if (!all) {
    for (const auto& [resource, tag] : known->second) {
      if (!calendar.objects.contains(resource)) rows += gone_row(calendar, resource);
    }
  }
  return plain(207, multistatus(rows, token_now(calendar)));
}

HttpResponse CalendarServer::sync(const std::string& body, ServedCalendar& calendar) {
  if (!dialect_.sync_collection) return refused(403, "supported-report");
  const std::string given = between(body, "<d:sync-token>", "</d:sync-token>");
  const bool with_data =
      dialect_.data_in_report && body.find("<c:calendar-data/>") != std::string::npos;
  if (dialect_.tokens_name_content) return sync_by_content(given, with_data, calendar);
  std::uint64_t since = 0;
  bool all = given.empty();
  if (!all) {
    const std::string mine = token(calendar, 0);
    const bool of_this_one = given.starts_with(mine.substr(0, mine.size() - 1));
    if (of_this_one) since = std::stoull(given.substr(mine.size() - 1));
    const bool known = of_this_one && since <= calendar.change;
    if (!known) {
      if (auto refusal = refuse_token()) return std::move(*refusal);
      all = true;
      since = 0;
    }
  }
  // In the order of the changes, so that a page's token says what it holds.
  std::map<std::uint64_t, std::string> rows;
  for (const auto& [resource, object] : calendar.objects) {
    if (object.change > since) rows[object.change] = row(calendar, resource, object, with_data);
  }
  if (!all || dialect_.tells_deleted_first) {
    for (const auto& [resource, change] : calendar.vanished) {
      if (change > since) rows[change] = gone_row(calendar, resource);
    }
  }
  std::string text;
  std::uint64_t told = calendar.change;
  std::size_t count = 0;
  for (const auto& [change, one] : rows) {
    if (dialect_.page != 0 && count == dialect_.page) {
      text += test::truncation_row(path_of(calendar));
      break;
    }
    text += one;
    ++count;
    if (dialect_.page != 0 && count < rows.size()) told = change;
    if (count == rows.size()) told = calendar.change;
  }
  if (dialect_.repeats_unchanged && !all && !calendar.objects.empty() && random_.chance(300)) {
    auto object = calendar.objects.begin();
    std::advance(object, static_cast<std::ptrdiff_t>(random_.below(calendar.objects.size())));
    if (object->second.change <= since)
      text += row(calendar, object->first, object->second, with_data);
  }
  if (dialect_.lists_itself) {
    text += property_row(path_of(calendar),
                         "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>");
  }
  return plain(207, multistatus(text, token(calendar, told)));
}

HttpResponse CalendarServer::multiget(const std::string& body,
                                      const ServedCalendar& calendar) const {
  std::string rows;
  constexpr std::string_view kOpen = "<d:href>";
  for (auto at = body.find(kOpen); at != std::string::npos; at = body.find(kOpen, at)) {
    at += kOpen.size();
    const std::string asked = caldav::decode_path(body.substr(at, body.find('<', at) - at));
    const std::string path = path_of(calendar);
    if (!asked.starts_with(path)) continue;
    const std::string resource = asked.substr(path.size());
    const auto object = calendar.objects.find(resource);
    if (object != calendar.objects.end()) {
      rows += row(calendar, resource, object->second, true);
    } else if (!dialect_.omits_missing) {
      rows += gone_row(calendar, resource);
    }
  }
  return plain(207, multistatus(rows));
}

HttpResponse CalendarServer::query(const ServedCalendar& calendar) const {
  std::string rows;
  for (const auto& [resource, object] : calendar.objects) {
    rows += row(calendar, resource, object, dialect_.query_has_data);
  }
  return plain(207, multistatus(rows));
}

}  // namespace tidemark::sim
