#include "support/google/fake_google.h"

#include <gtest/gtest.h>

#include <utility>

#include "support/google/google_request.h"

namespace tidemark::test {
namespace {

constexpr std::size_t kLogLength = 1000;

}  // namespace

FakeGoogle::FakeGoogle(std::function<WallTime()> now, std::uint32_t seed)
    : now_(std::move(now)), state_(seed) {}

HttpResponse FakeGoogle::handle(const HttpRequest& request) {
  const auto read = google::read_request(request);
  const std::string route = read ? google::route_of(*read) : "unknown";
  Fault fault;
  {
    const std::lock_guard lock(mutex_);
    ++counts_[route];
    if (read && route == "oauth.token") {
      const auto form = google::read_form(read->body);
      const auto grant = form.find("grant_type");
      if (grant != form.end()) ++grants_[grant->second];
    }
    fault = fault_;
  }
  auto response = fault ? fault(request) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!response) response = planned_fault(route);
  if (!response) response = read ? answer(*read, route) : google::not_found();
  log(request, route, response->status);
  return *response;
}

HttpResponse FakeGoogle::answer(const google::Request& request, const std::string& route) {
  const WallTime now = now_();
  if (route == "oauth.auth") return state_.oauth.authorize(request, now);
  if (route == "oauth.token") return state_.oauth.token(request, now);
  if (route == "oauth.revoke") return state_.oauth.revoke(request);
  return google::CalendarApi(state_, now).handle(request, route);
}

std::optional<HttpResponse> FakeGoogle::planned_fault(const std::string& route) {
  const auto found = planned_.find(route);
  if (found == planned_.end() || found->second.empty()) return std::nullopt;
  HttpResponse response = std::move(found->second.front());
  found->second.pop_front();
  return response;
}

void FakeGoogle::log(const HttpRequest& request, const std::string& route, int status) {
  log_.push_back(
      {route, request.method, request.url, request.headers, request.body, now_(), status});
  if (log_.size() > kLogLength) log_.pop_front();
}

void FakeGoogle::set_fault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void FakeGoogle::fail_next(const std::string& route, const HttpResponse& response, int times) {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < times; ++i) planned_[route].push_back(response);
}

int FakeGoogle::count(const std::string& route) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(route);
  return found == counts_.end() ? 0 : found->second;
}

int FakeGoogle::token_requests(const std::string& grant_type) const {
  const std::lock_guard lock(mutex_);
  const auto found = grants_.find(grant_type);
  return found == grants_.end() ? 0 : found->second;
}

std::vector<LoggedRequest> FakeGoogle::requests() const {
  const std::lock_guard lock(mutex_);
  return {log_.begin(), log_.end()};
}

void FakeGoogle::clear_counts() {
  const std::lock_guard lock(mutex_);
  counts_.clear();
  grants_.clear();
  log_.clear();
}

std::string FakeGoogle::access_token(const std::string& user, const std::string& scope) {
  const std::lock_guard lock(mutex_);
  return state_.oauth.issue_access_token(user, scope, now_());
}

std::vector<HttpRequest> FakeGoogle::take_pushes() {
  const std::lock_guard lock(mutex_);
  return state_.channels.take(now_());
}

std::vector<google::Channel> FakeGoogle::live_channels(const std::string& calendar) {
  const std::lock_guard lock(mutex_);
  return state_.channels.live(calendar, now_());
}

void FakeGoogle::set_longest_channel_life(std::chrono::milliseconds life) {
  const std::lock_guard lock(mutex_);
  state_.channels.longest_life = life;
}

void FakeGoogle::accept_http_channels(bool accept) {
  const std::lock_guard lock(mutex_);
  state_.channels.accept_http = accept;
}

void FakeGoogle::set_listing(const ListingOptions& options) {
  const std::lock_guard lock(mutex_);
  listing_ = options;
  for (auto& [id, calendar] : state_.directory.calendars()) calendar.listing = options;
}

void FakeGoogle::set_listing(const std::string& calendar, const ListingOptions& options) {
  const std::lock_guard lock(mutex_);
  google::Calendar* const found = state_.directory.calendar(calendar);
  if (found == nullptr) {
    ADD_FAILURE() << "the fake has no calendar " << calendar;
    return;
  }
  found->listing = options;
}

void FakeGoogle::set_calendar_list_options(const ListingOptions& options) {
  const std::lock_guard lock(mutex_);
  state_.directory.list_options = options;
}

void FakeGoogle::expire_sync_tokens(const std::string& calendar) {
  const std::lock_guard lock(mutex_);
  google::Calendar* const found = state_.directory.calendar(calendar);
  if (found == nullptr) {
    ADD_FAILURE() << "the fake has no calendar " << calendar;
    return;
  }
  found->smallest_version = found->events.skip_version();
}

void FakeGoogle::expire_calendar_list_token(const std::string& user) {
  const std::lock_guard lock(mutex_);
  google::User* const found = state_.directory.user(user);
  found->smallest_version = ++found->version;
}

void FakeGoogle::answer_gone_at(const std::string& user, const std::string& calendar, int page,
                                const std::string& reason) {
  const std::lock_guard lock(mutex_);
  state_.lister.answer_gone(
      calendar.empty() ? google::calendar_list_scope(user) : google::events_scope(user, calendar),
      page, reason);
}

void FakeGoogle::forget_page_tokens() {
  const std::lock_guard lock(mutex_);
  state_.lister.forget_pages();
}

}  // namespace tidemark::test
