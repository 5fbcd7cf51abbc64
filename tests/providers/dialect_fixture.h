// A provider in front of a scripted server, with the calendar at /c/.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "providers/provider_fixture.h"
#include "support/dav_server.h"

namespace tidemark::test {

class Dialect : public testing::Test {
 protected:
  using Kind = RemoteItem::Kind;

  Dialect() {
    options_.monotonic = [this] { return std::chrono::milliseconds(time_ms_); };
    settings_ = account_at(server_.url("/"));
    settings_.credentials = Credentials{"alice", Secret("s3cret-word")};
    provider_ = caldav::make_provider(settings_, http_, options_);
    // The collection answers the cheap question.
    server_.on("PROPFIND", "/c/", DavReply{207, multistatus(property_row("/c/", "<d:x/>"))});
  }

  std::string calendar() const { return server_.url("/c/"); }

  void on_report(DavServer::Handler handler) { server_.on("REPORT", "/c/", std::move(handler)); }
  void on_report(const std::string& rows, const std::string& token) {
    server_.on("REPORT", "/c/", DavReply{207, multistatus(rows, token)});
  }

  Result<PullResult> pass(PullMode mode, const std::string& cursor = {}) {
    return mirror_.run_pass(*provider_, calendar(), mode, cursor);
  }

  // The collection has a sync token, as a property.
  void tell_token(const std::string& token) {
    const auto row = property_row("/c/", "<d:sync-token>" + token + "</d:sync-token>");
    server_.on("PROPFIND", "/c/", DavReply{207, multistatus(row)});
  }

  // The cursor after an initial pass over these rows.
  std::string mirrored(const std::string& rows, const std::string& token = "t1") {
    on_report(rows, token);
    auto result = pass(PullMode::initial);
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->cursor : std::string();
  }

  static std::string href(int i) { return "/c/" + std::to_string(i) + ".ics"; }
  static std::string etag(int i) { return "\"" + std::to_string(i) + "\""; }
  static std::string rows_with_data(int from, int to) {
    std::string rows;
    for (int i = from; i < to; ++i)
      rows += resource_row(href(i), etag(i), event(std::to_string(i)));
    return rows;
  }
  static std::string rows_without_data(int from, int to) {
    std::string rows;
    for (int i = from; i < to; ++i) rows += resource_row(href(i), etag(i));
    return rows;
  }
  static bool asks_for(const RawRequest& request, const std::string& what) {
    return request.body.find(what) != std::string::npos;
  }
  static std::vector<std::string> asked_hrefs(const RawRequest& request) {
    std::vector<std::string> hrefs;
    for (std::size_t at = 0; (at = request.body.find("<d:href>", at)) != std::string::npos;) {
      at += 8;
      hrefs.push_back(request.body.substr(at, request.body.find('<', at) - at));
    }
    return hrefs;
  }

  DavServer server_;
  CurlHttpClient http_;
  caldav::PullOptions options_;
  AccountSettings settings_;
  std::unique_ptr<CalendarProvider> provider_;
  MemoryResources mirror_;
  std::atomic<long> time_ms_{0};
};

}  // namespace tidemark::test
