// `tidemark replay`: would this binary have done what was done?
#include <algorithm>
#include <filesystem>

#include "app/audit_commands.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/machines.h"
#include "app/output.h"
#include "app/progress_line.h"
#include "app/scratch_directory.h"
#include "backup/restore.h"
#include "backup/unfinished_directory.h"
#include "base/hex.h"
#include "base/private_file.h"
#include "base/text.h"
#include "engine/journal_replay.h"
#include "store/copy.h"

namespace tidemark::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBytes = 2000;

// Of `--to`: a sequence or a time.
Result<ReplayOptions> read_bounds(const ReplayCommandOptions& options) {
  ReplayOptions bounds;
  bounds.most_differences = options.differences;
  if (options.to.empty()) return bounds;
  if (options.into.empty()) {
    return fail(Errc::invalid_argument, "--to rebuilds: say where to with --into DIRECTORY");
  }
  const bool number = std::all_of(options.to.begin(), options.to.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (number && options.to.size() < 20) {
    bounds.through = std::stoull(options.to);
    return bounds;
  }
  auto time = parse_rfc3339(options.to);
  if (!time) {
    return fail(Errc::invalid_argument, "--to " + options.to +
                                            ": a record's sequence, or a time such as "
                                            "2026-01-31T12:00:00Z");
  }
  bounds.until = *time;
  return bounds;
}

// The store of a data directory, or a store by itself.
std::string store_in(const std::string& directory) {
  std::error_code error;
  const auto inside = fs::path(directory) / "store";
  return fs::is_directory(inside, error) ? inside.string() : directory;
}

// What is replayed.
struct Source {
  std::string store;     // a copy to work on, so that nothing here can touch the original
  std::string data_dir;  // where its audit key is
};

ApiResult<Source> copy_source(const Config& config, const ReplayCommandOptions& options,
                              const ScratchDirectory& scratch) {
  const std::string copy = scratch / "source";
  const std::string from = options.from.empty() ? config.data_dir : options.from;
  if (backup::is_backup_directory(from)) {
    const std::string restored = scratch / "restored";
    const auto done = backup::restore(from, std::nullopt, restored, [] { return !interrupted(); });
    if (!done) return tl::unexpected(to_failure(done.error()));
    return Source{store_in(restored), restored};
  }
  auto copied = copy_store(store_in(from), copy);
  if (copied) return Source{copy, from};
  if (copied.error().code != Errc::locked || !options.from.empty()) {
    return tl::unexpected(to_failure(copied.error()));
  }
  auto backend = Backend::open(config, Runtime::Purpose::read);
  if (!backend) return tl::unexpected(backend.error());
  const auto made = (*backend)->call_json(
      {"POST", "/v1/store/copies", {}, {}, dump_json({{"name", scratch.name()}})});
  if (!made) return tl::unexpected(made.error());
  return Source{text_at(*made, "path"), from};
}

Result<std::unique_ptr<Store>> open_store(const Config& config, const std::string& path,
                                          bool create) {
  StoreOptions options = config.store;
  options.path = path;
  options.create_if_missing = create;
  options.maintenance_interval = std::chrono::milliseconds{0};
  return Store::open(options);
}

// Takes the audit's key along, so that checkpoints go on being signed by the same one.
Result<void> finish_rebuilt(backup::UnfinishedDirectory& rebuilt, const std::string& from) {
  constexpr std::size_t kMaxKeyBytes = 4096;
  for (const std::string name : {"/audit.key", "/audit.pub"}) {
    const auto key = read_private_file(from + name, kMaxKeyBytes, FileGuard::directory);
    if (!key && key.error().code == Errc::not_found) continue;
    if (!key) return fail(key.error());
    TM_TRY(write_new_private_file(rebuilt.path() + name, key->reveal()));
  }
  return rebuilt.finish();
}

// Text where it is text, what a machine's CBOR says where it is that (with or without the byte for
// its format before it), else hexadecimal.
Json shown(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  for (const std::size_t before : {0, 1}) {
    auto value = from_cbor(bytes.substr(std::min(before, bytes.size())));
    if (value && value->is_object()) return *std::move(value);
  }
  return Json{{"hex", to_hex_text(bytes)}};
}

Json to_json(const ReplayReport& report) {
  Json machines = Json::array();
  for (const auto& made : report.made) {
    machines.push_back({{"kind", made.kind},
                        {"version", made.version},
                        {"current_version", made.current == 0 ? Json() : Json(made.current)},
                        {"records", made.records}});
  }
  Json differences = Json::array();
  for (const auto& difference : report.differences) {
    differences.push_back({{"sequence", difference.recorded.sequence},
                           {"what", difference.what},
                           {"input", shown(difference.input)},
                           {"recorded", to_json(difference.recorded)},
                           {"now", difference.now ? to_json(*difference.now) : Json()}});
  }
  return {{"last", report.last},
          {"records", report.records},
          {"different", report.different},
          {"passed_over", report.passed_over},
          {"values", report.values_compared ? Json(*report.values_compared) : Json()},
          {"different_value",
           report.first_different_value.empty() ? Json() : Json(report.first_different_value)},
          {"missing_secrets", report.missing_secrets},
          {"machines", std::move(machines)},
          {"differences", std::move(differences)}};
}

std::string cut(std::string text) {
  if (text.size() <= kShownBytes) return text;
  const std::size_t left = text.size() - kShownBytes;
  text.resize(kShownBytes);
  while (!text.empty() && !is_valid_utf8(text)) text.pop_back();
  return text + "... (" + std::to_string(left) + " bytes more: --json)";
}

// Input, recorded output, new output: of the output what differs.
void show_difference(const ReplayDifference& difference) {
  const auto& record = difference.recorded;
  Output::line("record " + std::to_string(record.sequence) + ", " + record.instance.value + ", " +
               record.input_type + ": " + difference.what);
  const Json input = shown(difference.input);
  Output::line("  input     " +
               cut(input.is_string() ? input.get<std::string>() : dump_json(input)));
  if (!difference.now) return;
  const Json before = to_json(record);
  const Json now = to_json(*difference.now);
  for (const auto& [field, value] : before.items()) {
    if (field == "hash" || field == "machine_version") continue;
    if (!now.contains(field) || now.at(field) == value) continue;
    Output::line("  " + field);
    Output::line("    recorded  " + cut(dump_json(value)));
    Output::line("    now       " + cut(dump_json(now.at(field))));
  }
}

void show_report(const ReplayReport& report) {
  for (const auto& difference : report.differences) show_difference(difference);
  if (report.different > report.differences.size()) {
    Output::line("and " + std::to_string(report.different - report.differences.size()) +
                 " more differences");
  }
  for (const auto& made : report.made) {
    if (made.version == made.current) continue;
    Output::line(std::to_string(made.records) + " records were made by " + made.kind + " version " +
                 std::to_string(made.version) + "; this binary has " +
                 (made.current == 0 ? "none" : "version " + std::to_string(made.current)));
  }
  std::string line = std::to_string(report.records) + " records replayed and the same";
  if (report.different != 0) {
    line += ", " + std::to_string(report.different) + " different, " +
            std::to_string(report.passed_over) + " after those of the same instances passed over";
  }
  Output::line(line);
  if (!report.values_compared) return;
  Output::line(report.first_different_value.empty()
                   ? std::to_string(*report.values_compared) +
                         " states, rows, timers and effects in the store are what they recorded"
                   : "the store is not what was recorded: " + report.first_different_value);
}

int finish(const ReplayCommandOptions& options, const Source& source, const ReplayReport& report,
           backup::UnfinishedDirectory* rebuilt) {
  options.json ? static_cast<void>(Output::line(dump_json(to_json(report)))) : show_report(report);
  Output::flush();
  if (!report.same()) return kDifferenceFound;
  if (rebuilt == nullptr) return kDone;
  const auto made = finish_rebuilt(*rebuilt, source.data_dir);
  if (!made) return failed(to_failure(made.error()));
  for (const auto& secret : report.missing_secrets) say("a secret is no longer there: " + secret);
  say(options.into + " is the data directory as of record " + std::to_string(report.last) +
      ". To look at it: --data-dir " + options.into +
      ". Running `serve` on it would do again what was done since.");
  return kDone;
}

ApiResult<ReplayReport> replay(const Config& config, ReplayOptions bounds,
                               const std::string& source_path, const std::string& target_path) {
  auto source = open_store(config, source_path, false);
  if (!source) return tl::unexpected(to_failure(source.error()));
  auto target = open_store(config, target_path, true);
  if (!target) return tl::unexpected(to_failure(target.error()));
  ProgressLine progress;
  bounds.progress = [&](Sequence done, Sequence last) {
    progress.update("replaying: " + std::to_string(done) + " of " + std::to_string(last) +
                    " records");
    return !interrupted();
  };
  auto report = replay_journal(**source, **target, all_machines(), bounds);
  if (!report) return tl::unexpected(to_failure(report.error()));
  return *std::move(report);
}

}  // namespace

int run_replay(const Config& config, const ReplayCommandOptions& options) {
  const auto bounds = read_bounds(options);
  if (!bounds) return failed(to_failure(bounds.error()));
  std::optional<backup::UnfinishedDirectory> rebuilt;
  if (!options.into.empty()) {
    auto begun = backup::UnfinishedDirectory::beside(options.into);
    if (!begun) return failed(to_failure(in_context("--into", begun.error())));
    rebuilt.emplace(*std::move(begun));
  }
  catch_interrupts();
  auto scratch = ScratchDirectory::make(config.data_dir);
  if (!scratch) return failed(to_failure(scratch.error()));
  const auto source = copy_source(config, options, *scratch);
  if (!source) return failed(source.error());
  const auto report = replay(config, *bounds, source->store,
                             rebuilt ? rebuilt->path() + "/store" : *scratch / "target");
  if (!report) return failed(report.error());
  return finish(options, *source, *report, rebuilt ? &*rebuilt : nullptr);
}

}  // namespace tidemark::app
