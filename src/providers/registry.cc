#include <algorithm>

#include "providers/caldav/caldav_provider.h"
#include "providers/calendar_provider.h"
#include "providers/google/authorization.h"
#include "providers/google/google_provider.h"
#include "providers/ics/ics_provider.h"

namespace tidemark {

const std::vector<ProviderInfo>& calendar_providers() {
  static const std::vector<ProviderInfo> providers{
      {"caldav",
       "a CalDAV server; any of its URLs will do",
       true,
       false,
       [](const AccountSettings& settings, HttpClient& http) {
         return caldav::make_provider(settings, http);
       },
       {},
       {},
       nullptr,
       true},
      {"google", "Google Calendar, by OAuth 2.0 or a service account", false, false,
       [](const AccountSettings& settings, HttpClient& http) {
         return google::make_provider(settings, http);
       },
       google::kReadOnlyScope, google::kWriteScope, &google::kAuthorization, true},
      {"ics", "a subscribed calendar by URL, or iCalendar files by path", false, true,
       [](const AccountSettings& settings, HttpClient& http) {
         return ics::make_provider(settings, http);
       }},
  };
  return providers;
}

const ProviderInfo* find_calendar_provider(std::string_view name) {
  const auto& all = calendar_providers();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const ProviderInfo& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace tidemark
