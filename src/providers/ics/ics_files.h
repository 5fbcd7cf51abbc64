// iCalendar files on this machine: one file, or a folder of them, as one calendar.
#pragma once

#include "providers/calendar_provider.h"

namespace tidemark::ics {

// Files whose size, times and inode are as the cursor has them are not read again. A pass in which
// anything changed accounts for every file, so that what is missing is gone; one in which nothing
// changed brings no items. Thread-safe.
class FileCalendar {
 public:
  explicit FileCalendar(const AccountSettings& settings) : settings_(settings) {}

  Result<Discovery> discover() const;
  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) const;

 private:
  AccountSettings settings_;
};

}  // namespace tidemark::ics
