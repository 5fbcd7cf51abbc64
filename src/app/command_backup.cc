// backup create, list, verify, restore, prune. Only `create` needs the data directory; the others
// work on the backups alone, on any machine.
#include <algorithm>
#include <charconv>
#include <filesystem>

#include "app/backup_commands.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "backup/restore.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Result<std::string> directory_of(const Config& config, const std::string& given) {
  const std::string& chosen = given.empty() ? config.backup.directory : given;
  if (chosen.empty()) {
    return fail(Errc::invalid_argument,
                "which directory? Name it, or set directory in [backup] of the configuration");
  }
  return std::filesystem::absolute(chosen).lexically_normal().string();
}

struct Chosen {
  std::string directory;
  std::optional<std::uint32_t> id;
};

// "verify 3" is backup 3 of the configured directory.
Result<Chosen> choose(const Config& config, BackupPlace place) {
  if (place.id.empty() && is_number(place.directory) && !config.backup.directory.empty()) {
    std::swap(place.id, place.directory);
  }
  Chosen chosen;
  TM_ASSIGN(chosen.directory, directory_of(config, place.directory));
  if (place.id.empty()) return chosen;
  std::uint32_t id = 0;
  const char* end = place.id.data() + place.id.size();
  const auto read = std::from_chars(place.id.data(), end, id);
  if (read.ec != std::errc() || read.ptr != end) {
    return fail(Errc::invalid_argument,
                "\"" + place.id +
                    "\" is no id of a backup: it is a number, as `tidemark backup "
                    "list` shows it");
  }
  chosen.id = id;
  return chosen;
}

int failed_with(const Error& error) {
  return failed(to_failure(error));
}

// That backups are refused is nothing that is wrong with the store.
int not_verified(const Error& error) {
  const int code = failed_with(error);
  if (error.code == Errc::corrupt) return kDifferenceFound;
  return code == kBadUsage ? code : kFailed;
}

std::string size_at(const Json& object, const char* field) {
  return format_size(object.value(field, std::uint64_t{0}));
}

std::string verdict(const Json& item) {
  if (!item["damage"].is_null()) return "damaged: " + text_at(item, "damage");
  const Json& verified = item["verified"];
  if (verified.is_null()) return "-";
  const auto finding = text_at(verified, "finding");
  return finding.empty() ? short_time(text_at(verified, "at")) : "WRONG: " + finding;
}

std::string text_of(const backup::Verification& verification) {
  return std::to_string(verification.records) + " records, " +
         std::to_string(verification.payloads) + " inputs and events and " +
         std::to_string(verification.checkpoints) + " signed checkpoints hold, " +
         std::to_string(verification.rows) + " rows as counted";
}

}  // namespace

int run_backup_create(const Config& config, const BackupCreateOptions& options) {
  const auto directory = directory_of(config, options.directory);
  if (!directory) return failed_with(directory.error());
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    ApiRequest request{"POST", "/v1/backups", {}, {}, dump_json({{"directory", *directory}})};
    request.takes_long = true;
    const auto made = backend.call_json(request);
    if (!made) return failed(made.error());
    options.json ? Output::line(dump_json(*made))
                 : Output::line("backup " + text_at(*made, "id") + " in " + *directory +
                                ": through sequence " + text_at(*made, "sequence") + ", " +
                                size_at(*made, "bytes") + ", of which " +
                                size_at(*made, "added_bytes") + " are new");
    return static_cast<int>(kDone);
  });
}

int run_backup_list(const Config& config, const BackupCreateOptions& options) {
  const auto directory = directory_of(config, options.directory);
  if (!directory) return failed_with(directory.error());
  const auto opened =
      backup::BackupDirectory::open(*directory, "", backup::BackupDirectory::Use::read);
  if (!opened) return failed_with(opened.error());
  const auto entries = opened->entries();
  if (!entries) return failed_with(entries.error());
  Json items = Json::array();
  for (const auto& entry : *entries) items.push_back(to_json(entry));
  if (options.json) {
    Output::line(dump_json({{"items", items}, {"next_page", nullptr}}));
    return kDone;
  }
  TextTable table({{"ID", true},
                   {"MADE"},
                   {"SEQUENCE", true},
                   {"SIZE", true},
                   {"NEW", true},
                   {"VERIFIED", false, true}});
  for (const auto& item : items) {
    table.add({text_at(item, "id"), short_time(text_at(item, "created_at")),
               text_at(item, "sequence"), size_at(item, "bytes"), size_at(item, "added_bytes"),
               verdict(item)});
  }
  if (table.empty()) {
    say("there is no finished backup in " + *directory);
  } else {
    Output::write(table.text(Output::width()));
  }
  return kDone;
}

int run_backup_verify(const Config& config, const BackupVerifyOptions& options) {
  const auto chosen = choose(config, options.place);
  if (!chosen) return failed_with(chosen.error());
  catch_interrupts();
  const SystemClock clock;
  const auto verified = backup::verify({chosen->directory, chosen->id, options.scratch,
                                        config.data_dir, [] { return !interrupted(); }},
                                       clock);
  if (!verified) return not_verified(verified.error());
  if (options.json) {
    Json json = to_json(verified->verification);
    json["id"] = verified->id;
    json["noted"] = verified->noted;
    Output::line(dump_json(json));
  }
  const std::string name = "backup " + std::to_string(verified->id);
  if (!verified->verification.finding.empty()) {
    say(name + " in " + chosen->directory +
        " is not what it should be: " + verified->verification.finding);
    return kDifferenceFound;
  }
  if (!options.json) Output::line(name + " was restored: " + text_of(verified->verification));
  return kDone;
}

int run_backup_restore(const Config& config, const BackupRestoreOptions& options) {
  const auto chosen = choose(config, options.place);
  if (!chosen) return failed_with(chosen.error());
  if (options.target.empty()) {
    say("--to: name the data directory to make");
    return kBadUsage;
  }
  catch_interrupts();
  const auto restored =
      backup::restore(chosen->directory, chosen->id, options.target, [] { return !interrupted(); });
  if (!restored) return failed_with(restored.error());
  if (options.json) {
    Output::line(dump_json(to_json(*restored)));
    return kDone;
  }
  Output::line("backup " + std::to_string(restored->id) + " of " +
               format_rfc3339(restored->created_at) + " is now " + options.target +
               ", through sequence " + std::to_string(restored->content.point.sequence));
  say("name it as data_dir to go on from there; stored secrets need the master key of that day");
  if (!restored->keys.contains("audit.key")) {
    say("the backup has no audit.key: one is made when the journal is signed next");
  }
  return kDone;
}

int run_backup_prune(const Config& config, const BackupPruneOptions& options) {
  const auto directory = directory_of(config, options.directory);
  if (!directory) return failed_with(directory.error());
  const auto gone = backup::prune(*directory, options.keep);
  if (!gone) return failed_with(gone.error());
  if (options.json) {
    Output::line(dump_json({{"removed", *gone}}));
    return kDone;
  }
  std::string list;
  for (const auto id : *gone) list += (list.empty() ? "" : ", ") + std::to_string(id);
  Output::line(list.empty() ? "nothing to remove" : "removed: " + list);
  return kDone;
}

}  // namespace tidemark::app
