#include "api/sync_progress.h"

#include <algorithm>

#include "domain/event.h"

namespace tidemark {
namespace {

constexpr std::size_t kRecordsAtOnce = 50;
constexpr std::size_t kRemembered = 64;

void add(SyncProgress& progress, const JournalRecord& record) {
  progress.last = std::max(progress.last, record.sequence);
  if (!progress.known) progress.started = record.at;
  progress.known = true;
  progress.asked += static_cast<std::int64_t>(record.messages.size());
  for (const auto& effect : record.effects) {
    if (effect.correlation_id.empty() || effect.correlation_id == record.correlation_id) {
      ++progress.asked;
    }
  }
  progress.ended += record.completes ? 1 : 0;
  if (record.instance.kind() == sync::kAccountKind) {
    if (auto parts = sync::parse_instance(record.instance)) {
      progress.accounts.emplace(record.instance.value, std::move(*parts));
    }
  }
  if (record.instance.kind() != sync::kCalendarKind) return;
  auto found = progress.calendars.find(record.instance.value);
  if (found == progress.calendars.end()) {
    auto parts = sync::parse_instance(record.instance);
    if (!parts) return;
    found =
        progress.calendars.emplace(record.instance.value, SyncProgress::Counts{std::move(*parts)})
            .first;
  }
  for (const auto& event : record.events) {
    if (event.type == kEventCreated) ++found->second.created;
    if (event.type == kEventUpdated) ++found->second.updated;
    if (event.type == kEventDeleted) ++found->second.deleted;
  }
}

}  // namespace

Json to_json(const SyncProgress& progress) {
  Json calendars = Json::array();
  for (const auto& [instance, counts] : progress.calendars) {
    calendars.push_back({{"tenant", counts.parts.tenant},
                         {"account", counts.parts.account},
                         {"calendar", counts.parts.calendar},
                         {"created", counts.created},
                         {"updated", counts.updated},
                         {"deleted", counts.deleted}});
  }
  return calendars;
}

Result<void> add_records(const StoreView& view, RecordFilter filter, SyncProgress& progress) {
  filter.limit = kRecordsAtOnce;
  for (;;) {
    filter.after = progress.last;
    TM_ASSIGN(const auto records, read_records(view, filter));
    for (const auto& record : records) add(progress, record);
    if (records.size() < kRecordsAtOnce) return {};
  }
}

Result<SyncProgress> SyncProgressReader::read(const StoreView& view, const std::string& tenant,
                                              const std::string& correlation) {
  const Key key{tenant, correlation};
  SyncProgress progress;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(latest_.begin(), latest_.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    if (found != latest_.end()) progress = found->second;
  }
  RecordFilter filter;
  filter.tenant = tenant;
  filter.correlation_id = correlation;
  TM_TRY(add_records(view, std::move(filter), progress));
  if (!progress.known) return progress;
  const std::lock_guard lock(mutex_);
  latest_.remove_if([&](const auto& entry) { return entry.first == key; });
  latest_.emplace_front(key, progress);
  if (latest_.size() > kRemembered) latest_.pop_back();
  return progress;
}

}  // namespace tidemark
