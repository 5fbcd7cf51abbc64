#include "sync/write_run.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/mutation.h"
#include "base/text.h"
#include "engine/journal.h"
#include "sync/event_scan.h"
#include "sync/icalendar/edit.h"
#include "sync/item_decoder.h"
#include "sync/known_rows.h"

namespace tidemark::sync {
namespace {

constexpr std::chrono::hours kAroundInstance{36};

const CalendarEvent* find_event(const std::vector<CalendarEvent>& events,
                                const std::string& recurrence_id) {
  const auto found = std::find_if(events.begin(), events.end(), [&](const auto& event) {
    return event.recurrence_id == recurrence_id;
  });
  return found == events.end() ? nullptr : &*found;
}

// What its master says of an instance that was never changed.
Result<CalendarEvent> instance_of(std::string_view bytes, const std::vector<CalendarEvent>& events,
                                  const std::string& recurrence_id) {
  std::string text = recurrence_id;
  if (text.find('T') != std::string::npos && !text.ends_with('Z')) text += "Z";
  const auto around = parse_rfc3339(text);
  if (around) {
    TM_ASSIGN(const auto expansion,
              icalendar::expand(bytes, events,
                                {.range = {*around - kAroundInstance, *around + kAroundInstance},
                                 .zone = "UTC"}));
    for (const auto& instance : expansion.instances) {
      if (instance.event.recurrence_id == recurrence_id) return instance.event;
    }
  }
  return fail(Errc::not_found,
              "the series has no instance " + to_valid_utf8(recurrence_id.substr(0, 64)));
}

bool has_instance(const PageItem& item, const std::string& recurrence_id) {
  std::vector<CalendarEvent> events;
  for (const auto& placed : item.events) events.push_back(placed.event);
  if (find_event(events, recurrence_id) != nullptr) return true;
  return !recurrence_id.empty() && instance_of(item.bytes, events, recurrence_id).has_value();
}

// Whether the server has what was wanted: then the conflict was an earlier attempt of this command,
// whose answer was lost, or somebody who wanted the same.
bool is_as_wanted(const PageItem& item, const WriteTask& task) {
  const bool gone = item.kind == PageItem::Kind::deleted;
  if (item.kind != PageItem::Kind::body) return gone && task.kind == WriteKind::remove;
  if (task.kind == WriteKind::remove) return !has_instance(item, task.recurrence_id);
  const auto found = std::find_if(item.events.begin(), item.events.end(), [&](const auto& placed) {
    return placed.event.recurrence_id == task.recurrence_id;
  });
  return found != item.events.end() && says(found->event, task.changes);
}

// Whether it says what was sent and nothing else, in whatever words.
bool is_as_sent(const PageItem& item, const WriteOrder& order) {
  if (order.icalendar.empty() || item.kind != PageItem::Kind::body) return false;
  const auto sent = icalendar::parse_resource(order.icalendar, {order.href, {}});
  return sent && std::equal(sent->begin(), sent->end(), item.events.begin(), item.events.end(),
                            [](const CalendarEvent& one, const PlacedEvent& other) {
                              return one.recurrence_id == other.event.recurrence_id &&
                                     one.source_hash == other.event.source_hash;
                            });
}

}  // namespace

void WriteRun::run() {
  const auto fail_with = [&](const Error& error) {
    handle_.complete(std::string(input_type::kWriteFailed),
                     encode(WriteFailed{effect_.key.sequence, error}));
  };
  const auto task = decode_write_task(effect_.request.payload);
  if (!task) return fail_with(task.error());
  const auto account = context_.accounts.find(effect_.tenant, task->account);
  if (account == nullptr) return fail_with(no_such_account(task->account));
  auto ended = write(*account, *task);
  if (!ended) {
    if (handle_.stopping()) return;  // stays in the outbox
    if (ended.error().code == Errc::unauthorized) account->refused = true;
    note(*account, *task, retryable(ended.error().code) ? "retry" : "failed", &ended.error());
    return fail_with(ended.error());
  }
  note(*account, *task, ended->conflict ? "conflict" : "done", nullptr);
  if (ended->conflict) {
    handle_.complete(std::string(input_type::kWriteConflicted),
                     encode(WriteConflicted{effect_.key.sequence, std::move(ended->item)}));
  } else {
    handle_.complete(std::string(input_type::kWriteDone),
                     encode(WriteDone{effect_.key.sequence, std::move(ended->item), ended->mixed}));
  }
}

Result<WriteRun::Ended> WriteRun::write(AccountRuntime& account, const WriteTask& task) {
  CalendarWriter* writer = account.provider == nullptr ? nullptr : account.provider->writer();
  if (writer == nullptr || !account.settings.write) {
    return fail(Errc::forbidden, "account " + task.account +
                                     (writer == nullptr ? " is of a provider that only reads"
                                                        : " is not to be written any more: its "
                                                          "configuration has no `write = true`"));
  }
  if (account.refused) {
    return fail(Errc::unauthorized, "account " + task.account +
                                        ": the server refused the credentials a moment ago; not "
                                        "tried again");
  }
  TM_ASSIGN(const auto order, compose(task, writer->wants_icalendar()));
  if (!order) {
    // A pull may have brought what an earlier attempt of ours has made, whose answer was lost.
    TM_ASSIGN(auto item, mirrored(task));
    const bool conflict = !is_as_wanted(item, task);
    return Ended{conflict, std::move(item), true};
  }
  auto outcome = [&]() -> Result<WriteOutcome> {
    try {
      return writer->write(*order);
    } catch (const std::exception& error) {
      return fail(Errc::internal, std::string("the write failed unexpectedly: ") + error.what());
    }
  }();
  if (!outcome) return fail(std::move(outcome).error());
  TM_ASSIGN(auto ended, judge(account, task, std::move(*outcome)));
  ended.mixed = ended.mixed && !is_as_sent(ended.item, *order);
  return ended;
}

Result<std::optional<WriteOrder>> WriteRun::compose(const WriteTask& task, bool icalendar) const {
  WriteOrder order;
  order.calendar_id = task.remote_id;
  order.key = task.key;
  if (mutated(Mutation::write_under_new_key)) order.key += effect_.id;
  if (task.kind == WriteKind::create) {
    const std::string name = new_event_name(task.key);
    CalendarEvent event;
    event.ical_uid = name;
    order.after = changed(std::move(event), task.changes);
    if (icalendar) order.icalendar = icalendar::new_resource(*order.after, task.accepted);
    // An earlier attempt may have made it, and a pull have brought it, with what others made of it.
    TM_ASSIGN(auto body, read_body(context_.store, effect_.instance, name));
    order.base_bytes = std::move(body).value_or("");
    return order;
  }
  order.kind = task.kind == WriteKind::update ? WriteOrder::Kind::update : WriteOrder::Kind::remove;
  order.href = task.href;
  order.recurrence_id = task.recurrence_id;
  TM_ASSIGN(const auto row,
            read_row(context_.store, effect_.instance, href_key(kIndexRow, task.href)));
  TM_ASSIGN(auto body, read_body(context_.store, effect_.instance, task.href));
  if (!row || !body) return std::nullopt;
  TM_ASSIGN(const auto index, decode_index_row(*row));
  if (index.body_hash != task.base_hash) return std::nullopt;
  order.base_etag = index.etag;
  order.base_bytes = std::move(*body);
  TM_ASSIGN(const auto events, resource_events(context_.store, effect_.instance, task.href));
  if (const auto* event = find_event(events, task.recurrence_id)) {
    order.before = *event;
  } else {
    TM_ASSIGN(order.before, instance_of(order.base_bytes, events, task.recurrence_id));
  }
  if (order.kind == WriteOrder::Kind::update) {
    order.after = changed(*order.before, task.changes);
    TM_TRY(check_times(*order.after));
  }
  if (icalendar) TM_TRY(compose_icalendar(task, order));
  return order;
}

Result<void> WriteRun::compose_icalendar(const WriteTask& task, WriteOrder& order) const {
  if (order.kind == WriteOrder::Kind::update) {
    TM_ASSIGN(order.icalendar,
              icalendar::edit_event(order.base_bytes, *order.before, *order.after, task.accepted));
  } else if (!order.recurrence_id.empty()) {
    TM_ASSIGN(order.icalendar,
              icalendar::remove_instance(order.base_bytes, order.recurrence_id, task.accepted));
  } else {
    return {};
  }
  // What we could not read ourselves is not sent.
  const auto read = icalendar::parse_resource(order.icalendar, {order.href, {}});
  if (read) return {};
  return fail(Errc::invalid_argument, "the event would be unreadable: " + read.error().message);
}

Result<WriteRun::Ended> WriteRun::judge(const AccountRuntime& account, const WriteTask& task,
                                        WriteOutcome outcome) const {
  const PullOrder nothing;
  const KnownRows known(context_.store, effect_.instance, nothing, [] { return Result<void>{}; });
  Ended ended{outcome.conflict, {}, outcome.mixed};
  ItemDecoder decoder(known, account.settings.max_resource_bytes,
                      [&](PageItem&& item) -> Result<void> {
                        ended.item = std::move(item);
                        return {};
                      });
  TM_TRY(decoder.decode(std::move(outcome.item)));
  if (ended.conflict && is_as_wanted(ended.item, task)) ended.conflict = false;
  if (mutated(Mutation::write_conflict_ignored)) ended.conflict = false;
  return ended;
}

// The version that a pull has brought meanwhile.
Result<PageItem> WriteRun::mirrored(const WriteTask& task) const {
  PageItem item;
  item.href = task.href;
  item.kind = PageItem::Kind::deleted;
  TM_ASSIGN(const auto row,
            read_row(context_.store, effect_.instance, href_key(kIndexRow, task.href)));
  TM_ASSIGN(auto body, read_body(context_.store, effect_.instance, task.href));
  if (!row || !body) return item;
  TM_ASSIGN(auto index, decode_index_row(*row));
  TM_ASSIGN(auto events, resource_events(context_.store, effect_.instance, task.href));
  item.kind = PageItem::Kind::body;
  item.events = place_events(*body, std::move(events));
  item.etag = std::move(index.etag);
  item.body_hash = std::move(index.body_hash);
  item.bytes = std::move(*body);
  return item;
}

void WriteRun::note(const AccountRuntime& account, const WriteTask& task, std::string_view outcome,
                    const Error* error) const {
  context_.metrics.add("tidemark_writes_total", {{"provider", account.settings.provider},
                                                 {"kind", std::string(to_text(task.kind))},
                                                 {"outcome", std::string(outcome)}});
  if (error == nullptr && outcome == "done") return;
  log::warning(error == nullptr ? "an event was not written: the server has another version"
                                : "an event could not be written",
               {.connector = account.connector(),
                .correlation_id = effect_.correlation_id,
                .company_id = effect_.tenant,
                .error_code = error == nullptr ? name(Errc::conflict) : name(error->code),
                .calendar = task.calendar,
                .detail = task.key + (error == nullptr ? std::string() : ": " + error->message)});
}

}  // namespace tidemark::sync
