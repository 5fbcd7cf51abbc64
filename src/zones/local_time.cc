#include "zones/local_time.h"

#include <array>
#include <cstdio>

namespace tidemark {

std::chrono::year_month_day date_of(LocalSeconds local) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds{std::chrono::seconds{local}});
}

LocalSeconds at_midnight(std::chrono::year_month_day date) {
  return std::chrono::sys_seconds{std::chrono::sys_days{date}}.time_since_epoch().count();
}

LocalSeconds start_of_day(LocalSeconds local) {
  const LocalSeconds within = local % kSecondsPerDay;
  return local - (within < 0 ? within + kSecondsPerDay : within);
}

std::string format_date(LocalSeconds local) {
  const auto date = date_of(local);
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return buffer.data();
}

std::string format_date_time(LocalSeconds local) {
  const auto clock = static_cast<int>(local - start_of_day(local));
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "T%02d:%02d:%02d", clock / 3600, clock / 60 % 60,
                clock % 60);
  return format_date(local) + buffer.data();
}

}  // namespace tidemark
