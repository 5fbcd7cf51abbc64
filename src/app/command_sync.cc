// `tidemark sync`: one sync, then the end.
#include <algorithm>

#include "api/sync_progress.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/progress_line.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::milliseconds kLook{100};  // how soon an interrupt is seen

struct Counts {
  std::uint64_t created = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
};
using CountsByCalendar = std::map<std::string, Counts>;  // by calendar id

void add_counts(CountsByCalendar& sums, const Json& calendars) {
  for (const auto& calendar : calendars) {
    Counts& counts = sums[text_at(calendar, "calendar")];
    counts.created += calendar.value("created", std::uint64_t{0});
    counts.updated += calendar.value("updated", std::uint64_t{0});
    counts.deleted += calendar.value("deleted", std::uint64_t{0});
  }
}

std::uint64_t total(const CountsByCalendar& sums) {
  std::uint64_t sum = 0;
  for (const auto& [id, counts] : sums) sum += counts.created + counts.updated + counts.deleted;
  return sum;
}

std::string_view mode_name(const SyncArguments& options) {
  if (options.full) return "full";
  return options.reconcile ? "reconcile" : "incremental";
}

ApiResult<std::vector<std::string>> request_all(Backend& backend, const SyncArguments& options) {
  std::vector<std::string> correlations;
  auto targets = options.targets;
  if (targets.empty()) targets.emplace_back();
  for (const auto& target : targets) {
    const Json body = {{"target", target}, {"mode", mode_name(options)}};
    const auto receipt = backend.call_json({"POST", "/v1/sync", {}, {}, dump_json(body)});
    if (!receipt) return tl::unexpected(receipt.error());
    correlations.push_back(text_at(*receipt, "correlation_id"));
  }
  return correlations;
}

// In our own process whatever runs, runs for us, what a killed run left behind included: wait for
// all of it and count all of it, most of it meanwhile.
ApiResult<CountsByCalendar> finish_here(Runtime& runtime, Sequence before) {
  ProgressLine progress;
  SyncProgress done;
  done.last = before;
  const auto count = [&] { return add_records(runtime.store(), {}, done); };
  while (!runtime.engine().wait_until_idle(kLook) && !interrupted()) {
    if (const auto counted = count(); !counted) return tl::unexpected(to_failure(counted.error()));
    const auto depths = runtime.engine().depths();
    progress.update("syncing: " + std::to_string(runtime.store().last_sequence() - before) +
                    " steps, " + std::to_string(depths.outbox) + " requests to go");
  }
  CountsByCalendar sums;
  if (runtime.store().last_sequence() == before) return sums;
  if (const auto counted = count(); !counted) return tl::unexpected(to_failure(counted.error()));
  add_counts(sums, to_json(done));
  return sums;
}

ApiResult<CountsByCalendar> finish_there(Backend& backend,
                                         const std::vector<std::string>& correlations) {
  ProgressLine progress;
  CountsByCalendar sums;
  for (const auto& correlation : correlations) {
    for (bool done = false; !done && !interrupted();) {
      const auto answer = backend.call_json({"GET", "/v1/sync/" + correlation, {{"wait", "1"}}});
      if (!answer) return tl::unexpected(answer.error());
      done = answer->value("done", true);
      CountsByCalendar now = sums;
      add_counts(now, (*answer)["calendars"]);
      progress.update("syncing: " + std::to_string(total(now)) + " changes");
      if (done) sums = std::move(now);
    }
  }
  return sums;
}

// Which rows of the status this run was about.
class Scope {
 public:
  // Of these accounts, as the API lists them.
  Scope(const Json& accounts, const std::vector<std::string>& targets) : targets_(targets) {
    for (const auto& account : accounts) {
      if (text_at(account, "error_code") == "not_configured") continue;
      accounts_.push_back(text_at(account, "id"));
    }
  }

  bool empty() const { return accounts_.empty(); }
  bool has_account(const std::string& id) const {
    if (std::find(accounts_.begin(), accounts_.end(), id) == accounts_.end()) return false;
    return targets_.empty() ||
           std::any_of(targets_.begin(), targets_.end(), [&](const auto& target) {
             return target.substr(0, target.find('/')) == id;
           });
  }
  bool has_calendar(const Json& calendar) const {
    const auto account = text_at(calendar, "account");
    if (!has_account(account)) return false;
    return targets_.empty() ||
           std::any_of(targets_.begin(), targets_.end(), [&](const auto& target) {
             const auto slash = target.find('/');
             if (target.substr(0, slash) != account) return false;
             if (slash == std::string::npos) return true;
             const auto wanted = target.substr(slash + 1);
             return glob_match(wanted, text_at(calendar, "name")) ||
                    glob_match(wanted, text_at(calendar, "id"));
           });
  }

 private:
  std::vector<std::string> targets_;
  std::vector<std::string> accounts_;
};

// What failed on this machine; everything else is what an upstream did or gave.
bool is_ours(std::string_view error_code) {
  return error_code == name(Errc::internal) || error_code == name(Errc::io_error) ||
         error_code == name(Errc::disk_full) || error_code == name(Errc::overloaded) ||
         error_code == name(Errc::corrupt) || error_code == name(Errc::cancelled);
}

struct Summary {
  Json calendars = Json::array();
  Json accounts = Json::array();  // those that failed
  int exit_code = kDone;

  void blame(const std::string& error_code) {
    // An upstream that failed is the more telling of the two.
    if (exit_code != kUpstreamFailed) exit_code = is_ours(error_code) ? kFailed : kUpstreamFailed;
  }
};

Summary summarize(const Json& status, const Scope& scope, const CountsByCalendar& sums) {
  Summary summary;
  for (const auto& account : status["accounts"]) {
    const auto code = text_at(account, "error_code");
    if (code.empty() || !scope.has_account(text_at(account, "id"))) continue;
    summary.accounts.push_back(account);
    summary.blame(code);
  }
  for (const auto& calendar : status["calendars"]) {
    const auto id = text_at(calendar, "id");
    const auto found = sums.find(id);
    if (found == sums.end() && !scope.has_calendar(calendar)) continue;
    const Counts counts = found == sums.end() ? Counts{} : found->second;
    const auto code = text_at(calendar, "error_code");
    if (code == "deselected") continue;
    if (!code.empty()) summary.blame(code);
    summary.calendars.push_back({{"id", id},
                                 {"account", calendar["account"]},
                                 {"name", calendar["name"]},
                                 {"created", counts.created},
                                 {"updated", counts.updated},
                                 {"deleted", counts.deleted},
                                 {"state", calendar["state"]},
                                 {"error_code", calendar.value("error_code", Json())},
                                 {"error", calendar.value("error", Json())}});
  }
  return summary;
}

void show(const Summary& summary) {
  TextTable table({{"CALENDAR", false, true},
                   {"CREATED", true},
                   {"UPDATED", true},
                   {"DELETED", true},
                   {"STATE"}});
  for (const auto& calendar : summary.calendars) {
    table.add({text_at(calendar, "account") + "/" + text_at(calendar, "name"),
               text_at(calendar, "created"), text_at(calendar, "updated"),
               text_at(calendar, "deleted"), text_at(calendar, "state")});
  }
  if (!table.empty()) Output::write(table.text(Output::width()));
  show_errors(summary.accounts);
  show_errors(summary.calendars);
}

int sync_with(Backend& backend, const Config& config, const SyncArguments& options) {
  Runtime* here = backend.runtime();
  const Sequence before = here == nullptr ? 0 : here->store().last_sequence();
  if (here != nullptr) {
    if (auto started = here->start(); !started) return failed(to_failure(started.error()));
  }
  const auto accounts = backend.call_json({"GET", "/v1/accounts"});
  if (!accounts) return failed(accounts.error());
  if (Scope((*accounts)["items"], {}).empty()) {
    say("there is no account: add an [[account]] to " + config.file +
        ", or see `tidemark account add --help`");
    return kBadUsage;
  }
  const auto correlations = request_all(backend, options);
  if (!correlations) return failed(correlations.error());
  const auto sums =
      here != nullptr ? finish_here(*here, before) : finish_there(backend, *correlations);
  if (interrupted()) {
    if (here != nullptr) here->stop(std::chrono::seconds(3));
    say(here != nullptr
            ? "interrupted; what has arrived is kept and the next sync goes on from there"
            : "interrupted; `tidemark serve` goes on syncing");
    return kFailed;
  }
  if (!sums) return failed(sums.error());
  const auto status = backend.call_json({"GET", "/v1/status"});
  if (!status) return failed(status.error());
  const auto summary = summarize(*status, Scope((*status)["accounts"], options.targets), *sums);
  if (options.json) {
    Output::line(dump_json({{"correlation_ids", *correlations},
                            {"calendars", summary.calendars},
                            {"failed_accounts", summary.accounts}}));
  } else {
    show(summary);
  }
  return summary.exit_code;
}

}  // namespace

int run_sync(const Config& config, const SyncArguments& options) {
  catch_interrupts();
  return with_backend(config, Runtime::Purpose::sync,
                      [&](Backend& backend) { return sync_with(backend, config, options); });
}

}  // namespace tidemark::app
