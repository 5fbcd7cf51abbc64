// What tests of providers share.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "net/curl_client.h"
#include "providers/caldav/caldav_provider.h"
#include "support/dav_process.h"
#include "support/memory_resources.h"

namespace tidemark::test {

inline AccountSettings account_at(const std::string& url) {
  AccountSettings settings;
  settings.tenant = "acme";
  settings.id = "work";
  settings.provider = "caldav";
  settings.url = url;
  settings.timeout = std::chrono::milliseconds{60'000};
  return settings;
}

inline std::string event(const std::string& uid, const std::string& title = "Meeting") {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tidemark//tests//EN\r\nBEGIN:VEVENT\r\nUID:" +
         uid + "\r\nDTSTAMP:20250101T000000Z\r\nDTSTART:20250102T100000Z\r\nSUMMARY:" + title +
         "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

}  // namespace tidemark::test
