// A subscribed calendar: one iCalendar stream behind a URL.
#pragma once

#include "providers/calendar_provider.h"
#include "providers/redirects.h"

namespace tidemark::ics {

// webcal:// and webcals:// as http:// and https://; everything else as it is.
std::string http_url(const std::string& url);

// One pull is one conditional GET (If-None-Match, If-Modified-Since). What has not changed gives no
// items; what has comes whole, so its listing is complete. Thread-safe.
class UrlCalendar {
 public:
  UrlCalendar(const AccountSettings& settings, HttpClient& http);

  Result<Discovery> discover() const;
  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) const;

 private:
  RedirectingClient client_;
};

}  // namespace tidemark::ics
