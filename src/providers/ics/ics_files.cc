#include "providers/ics/ics_files.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "providers/ics/file_scan.h"
#include "providers/ics/whole_calendar.h"

namespace tidemark::ics {
namespace {

namespace fs = std::filesystem;
using Kind = RemoteItem::Kind;

constexpr int kVersion = 1;
constexpr std::string_view kFailed =
    "!";  // before the fingerprint of a file that could not be used

// href -> fingerprint of the file as last mirrored.
using Fingerprints = std::map<std::string, std::string>;

Fingerprints read_cursor(const std::string& text) {
  Fingerprints files;
  const auto json = parse_json(text);
  if (!json || !json->is_object() || json->value("v", Json()) != kVersion) return files;
  const auto list = json->find("files");
  if (list == json->end() || !list->is_object()) return files;
  for (const auto& [href, fingerprint] : list->items()) {
    if (fingerprint.is_string()) files.emplace(href, fingerprint.get<std::string>());
  }
  return files;
}

std::string write_cursor(const Fingerprints& files) {
  return dump_json(Json{{"v", kVersion}, {"files", files}});
}

class FilePull {
 public:
  FilePull(const AccountSettings& settings, const KnownResources& known, const ItemSink& sink)
      : settings_(settings), known_(known), sink_(sink) {}

  Result<PullResult> run(const Fingerprints& before, const std::string& cursor) {
    TM_ASSIGN(const Scan scan, scan_files(settings_.path));
    TM_TRY(remember_shown());
    const bool again = known_.interrupted() || !shown_.empty();
    const bool single = scan.files.size() == 1 && scan.files.front().path == settings_.path;
    Fingerprints now;
    std::vector<const FoundFile*> changed;
    for (const FoundFile& file : scan.files) {
      const auto old = before.find(file.href);
      const bool same =
          old != before.end() && (old->second == file.fingerprint ||
                                  old->second == std::string(kFailed) + file.fingerprint);
      if (same) {
        now[file.href] = old->second;
        kept_.insert(file.href);
      } else {
        changed.push_back(&file);
      }
    }
    const bool folders_as_before = scan.unreadable_folders.empty();
    if (changed.empty() && now.size() == before.size() && folders_as_before && !cursor.empty() &&
        !again) {
      return PullResult{cursor, true, false, false};
    }
    for (const FoundFile* file : changed) {
      TM_ASSIGN(now[file->href], emit(*file, single));
    }
    for (const auto& [href, reason] : scan.unreadable_folders) {
      kept_folders_.push_back(href);
      TM_TRY(send(
          {.kind = Kind::failed, .href = href, .reason = "the folder cannot be read: " + reason}));
    }
    TM_TRY(keep_known());
    for (const auto& [file, hrefs] : shown_) {
      if (!keeps(file)) TM_TRY(send_deleted(hrefs));
    }
    TM_TRY(flush());
    return PullResult{write_cursor(now), true, true, false};
  }

 private:
  // An earlier attempt in the same pass may have shown what is gone by now, and nobody else would
  // tell: in this pass it has been seen, and no cursor names it.
  Result<void> remember_shown() {
    if (known_.count_in_this_pass() == 0) return {};
    return known_.for_each([&](const KnownResource& known) {
      if (known.in_this_pass) shown_[file_of(known.href)].push_back(known.href);
      return true;
    });
  }

  // Sends the file's bytes, or why they cannot be used; returns the fingerprint to remember.
  Result<std::string> emit(const FoundFile& file, bool single) {
    auto bytes = read_file(file.path, settings_.max_body_bytes);
    Result<void> usable;
    if (bytes) {
      usable = check_whole_calendar(*bytes);
    } else {
      usable = fail(bytes.error());
    }
    if (!usable) {
      Error error = std::move(usable).error();
      if (single) return fail(in_context(file.path.string(), std::move(error)));
      kept_.insert(file.href);
      TM_TRY(send({.kind = Kind::failed, .href = file.href, .reason = std::move(error.message)}));
      return std::string(kFailed) + file.fingerprint;
    }
    // Of the parts that were shown before, those that are still there come again.
    if (const auto shown = shown_.extract(file.href)) TM_TRY(send_deleted(shown.mapped()));
    RemoteItem item;
    item.href = file.href;
    item.bytes = std::move(*bytes);
    item.many_uids = true;
    TM_TRY(send(std::move(item)));
    return file.fingerprint;
  }

  // The mirror holds a file as "<href>#<uid>", and as "<href>" what it could not read: both stay
  // when the file was not read again.
  Result<void> keep_known() {
    std::vector<RemoteItem> seen;
    TM_TRY(known_.for_each([&](const KnownResource& known) {
      // A file reported as failed in this pass is seen by that.
      if (keeps(file_of(known.href)) && !failed_.contains(known.href)) {
        seen.push_back({.kind = Kind::unchanged, .href = known.href, .etag = known.etag});
      }
      return true;
    }));
    for (RemoteItem& item : seen) TM_TRY(send(std::move(item)));
    return {};
  }

  static std::string file_of(const std::string& href) { return href.substr(0, href.find('#')); }

  bool keeps(const std::string& file) const {
    return kept_.contains(file) ||
           std::any_of(kept_folders_.begin(), kept_folders_.end(),
                       [&](const auto& folder) { return file.starts_with(folder); });
  }

  Result<void> send_deleted(const std::vector<std::string>& hrefs) {
    for (const auto& href : hrefs) TM_TRY(send({.kind = Kind::deleted, .href = href}));
    return {};
  }

  Result<void> send(RemoteItem item) {
    constexpr std::size_t kItems = 200;
    constexpr std::size_t kBytes = 1U << 20;
    if (item.kind == Kind::failed) failed_.insert(item.href);
    bytes_ += item.bytes.size();
    group_.push_back(std::move(item));
    return group_.size() >= kItems || bytes_ >= kBytes ? flush() : Result<void>{};
  }

  Result<void> flush() {
    bytes_ = 0;
    if (group_.empty()) return {};
    return sink_(std::exchange(group_, {}));
  }

  const AccountSettings& settings_;
  const KnownResources& known_;
  const ItemSink& sink_;
  std::map<std::string, std::vector<std::string>> shown_;  // hrefs by file
  std::set<std::string> kept_;
  std::vector<std::string> kept_folders_;
  std::set<std::string> failed_;
  std::vector<RemoteItem> group_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Discovery> FileCalendar::discover() const {
  std::error_code error;
  const fs::path path = fs::absolute(settings_.path, error).lexically_normal();
  if (error || !fs::exists(path, error)) {
    return fail(Errc::not_found,
                "account " + settings_.id + ": " + settings_.path +
                    ": there is no such file or folder; check path in the configuration");
  }
  RemoteCalendar calendar;
  calendar.id = "file:" + to_valid_utf8(path.string());
  const fs::path named = path.has_filename() ? path : path.parent_path();
  calendar.name =
      to_valid_utf8((fs::is_directory(path, error) ? named.filename() : named.stem()).string());
  calendar.read_only = true;
  return Discovery{{std::move(calendar)}, {}};
}

Result<PullResult> FileCalendar::pull(const PullRequest& request, const KnownResources& known,
                                      const ItemSink& sink) const {
  const bool incremental = request.mode == PullMode::incremental;
  const Fingerprints before = incremental ? read_cursor(request.cursor) : Fingerprints{};
  auto result =
      FilePull(settings_, known, sink).run(before, incremental ? request.cursor : std::string());
  if (!result) return fail(in_context("account " + settings_.id, std::move(result).error()));
  return result;
}

}  // namespace tidemark::ics
