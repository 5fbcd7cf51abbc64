// Google Calendar as a calendar provider (Calendar API v3).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/lock.h"
#include "providers/calendar_provider.h"
#include "providers/google/quota_gate.h"

namespace tidemark::google {

// Least scope: the second only for an account that may be written.
inline constexpr std::string_view kReadOnlyScope =
    "https://www.googleapis.com/auth/calendar.readonly";
inline constexpr std::string_view kWriteScope =
    "https://www.googleapis.com/auth/calendar.readonly "
    "https://www.googleapis.com/auth/calendar.events";

struct ProviderOptions {
  std::function<WallTime()> now;  // empty: the system's clock
  // Which accounts share a project's quota; outlives the provider. Null: the process's.
  QuotaGates* projects = nullptr;
  LockFactory make_lock{};  // empty: mutexes
};

// settings.oauth says how it is authorized. settings.url, when not empty, stands for both of
// Google's hosts: see addresses.h.
std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http,
                                                ProviderOptions options = {});

}  // namespace tidemark::google
