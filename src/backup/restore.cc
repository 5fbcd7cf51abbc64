#include "backup/restore.h"

#include "audit/audit_key.h"
#include "audit/checkpoint_machine.h"
#include "audit/verify.h"
#include "backup/content.h"
#include "backup/durable_file.h"
#include "backup/marks.h"
#include "backup/unfinished_directory.h"
#include "base/log.h"
#include "base/private_file.h"
#include "base/sha256.h"

namespace tidemark::backup {
namespace {

constexpr std::size_t kMaxKeyBytes = 4096;

std::string named(const Manifest& manifest) {
  return "backup " + std::to_string(manifest.id);
}

// The keys' names come from the manifest, which anybody may have written.
bool is_key_name(const std::string& name) {
  return name == "audit.key" || name == "audit.pub" || name == "push.key";
}

Result<void> restore_keys(const BackupDirectory& directory, const Manifest& manifest,
                          const std::string& target) {
  for (const auto& [file, sum] : manifest.keys) {
    const std::string path = directory.path_of(manifest.id) + "/" + file;
    if (!is_key_name(file)) return fail(Errc::corrupt, named(manifest) + " names a key " + file);
    const auto content = read_private_file(path, kMaxKeyBytes, FileGuard::directory);
    if (!content && content.error().code == Errc::not_found) {
      return fail(Errc::corrupt, path + " is missing");
    }
    if (!content) return fail(content.error());
    if (to_hex(sha256(content->reveal())) != sum) {
      return fail(Errc::corrupt, path +
                                     " is not what was backed up: its SHA-256 differs from the "
                                     "manifest");
    }
    TM_TRY(write_new_private_file(target + "/" + file, content->reveal()));
  }
  return {};
}

// A data directory like the one that was backed up, its content compared with the manifest.
Result<Content> restore_into(const BackupDirectory& directory, const Manifest& manifest,
                             const std::string& target, const GoOn& go_on) {
  const std::string store = target + "/store";
  TM_ASSIGN(const auto archive, directory.archive());
  TM_TRY(archive->restore(manifest.id, manifest.content.point, store));
  if (!go_on()) return fail(Errc::cancelled, "restoring was interrupted");
  TM_TRY(restore_keys(directory, manifest, target));
  TM_ASSIGN(const auto frozen, FrozenStore::open(store));
  TM_ASSIGN(auto content, read_content(*frozen, go_on));
  const auto differs = difference(manifest.content, content);
  if (!differs.empty()) return fail(Errc::corrupt, differs);
  return content;
}

// Opened as `serve` opens it: with the logs and the watermark checked, and migrated if need be.
Result<Verification> check_audit(const std::string& target, const GoOn& go_on) {
  TM_ASSIGN(const auto store, Store::open({.path = target + "/store", .create_if_missing = false}));
  Verification verification;
  const Sequence last = store->last_sequence();
  audit::VerifyOptions options{.after = 0, .last = last, .ends = true, .payloads = true};
  do {
    if (!go_on()) return fail(Errc::cancelled, "the verification was interrupted");
    TM_ASSIGN(const auto part, audit::verify_records(*store, options));
    verification.records += part.records;
    verification.payloads += part.payloads;
    options.after = part.next;
    if (part.finding) {
      verification.finding = part.finding->what;
      return verification;
    }
  } while (options.after != 0);
  TM_ASSIGN(const auto notes, audit::notes_to_verify(*store, last, last));
  auto key = audit::load_verifier_key(target);
  if (!key && notes.empty() && key.error().code == Errc::not_found) key = audit::VerifierKey{};
  if (!key) return fail(key.error());
  TM_ASSIGN(const auto rest, audit::verify_checkpoints(*store, last, notes, *key));
  verification.checkpoints = rest.checkpoints;
  if (rest.finding) verification.finding = rest.finding->what;
  return verification;
}

// What says that the backup, and not this machine, is at fault.
bool is_finding(const Error& error) {
  return error.code == Errc::corrupt || error.code == Errc::parse_error ||
         error.code == Errc::not_found ||
         (error.code == Errc::io_error && error.message.find("No such file") != std::string::npos);
}

Result<Verification> look_into(const BackupDirectory& directory, const Manifest& manifest,
                               const std::string& scratch, const GoOn& go_on) {
  TM_ASSIGN(const auto content, restore_into(directory, manifest, scratch, go_on));
  TM_ASSIGN(auto verification, check_audit(scratch, go_on));
  for (const auto& [table, count] : content.rows) verification.rows += count;
  return verification;
}

void note(const BackupDirectory& directory, const Manifest& manifest, const VerifyRequest& request,
          Verified& verified) {
  const auto kept = replace_file(directory.verified_path(manifest.id),
                                 dump_json(to_json(verified.verification)) + "\n");
  if (!kept) {
    log::warning("the result could not be kept beside the backup",
                 {.error_code = name(kept.error().code), .detail = kept.error().message});
  }
  if (!verified.verification.finding.empty() || request.data_dir.empty()) return;
  // Somebody's data directory is not told of backups that are not its own.
  const auto created = read_mark(request.data_dir, MarkKind::created);
  if (!created || created->origin != manifest.content.origin) return;
  const Mark mark{manifest.id, verified.verification.at, directory.path(), manifest.content.origin,
                  manifest.content.point.sequence};
  const auto written = write_mark(request.data_dir, MarkKind::verified, mark);
  verified.noted = written.has_value();
}

Result<Manifest> whole_manifest(Entry entry) {
  if (entry.damage.message.empty() && entry.manifest) return std::move(*entry.manifest);
  return fail(in_context("backup " + std::to_string(entry.id), entry.damage));
}

}  // namespace

Result<Verified> verify(const VerifyRequest& request, const Clock& clock) {
  TM_ASSIGN(const auto directory,
            BackupDirectory::open(request.directory, "", BackupDirectory::Use::read));
  TM_ASSIGN(auto entry, directory.find(request.id));
  Verified verified{entry.id, {}, false};
  if (!entry.manifest) {
    if (!is_finding(entry.damage)) return fail(entry.damage);
    verified.verification.finding = entry.damage.message;
    verified.verification.at = clock.now();
    return verified;
  }
  const Manifest& manifest = *entry.manifest;
  const auto& place = request.scratch.empty() ? request.directory : request.scratch;
  auto scratch = UnfinishedDirectory::scratch_in(place);
  if (!scratch) {
    scratch.error().message += ". --scratch names another place to restore to";
    return fail(scratch.error());
  }
  auto found = look_into(directory, manifest, scratch->path(), request.go_on);
  if (found) {
    verified.verification = std::move(*found);
  } else if (is_finding(found.error())) {
    verified.verification.finding = found.error().message;
  } else {
    return fail(found.error());
  }
  verified.verification.at = clock.now();
  note(directory, manifest, request, verified);
  return verified;
}

Result<Manifest> restore(const std::string& from, std::optional<std::uint32_t> id,
                         const std::string& target, const GoOn& go_on) {
  TM_ASSIGN(auto made, UnfinishedDirectory::beside(target));
  TM_ASSIGN(const auto directory, BackupDirectory::open(from, "", BackupDirectory::Use::read));
  TM_ASSIGN(auto entry, directory.find(id));
  TM_ASSIGN(auto manifest, whole_manifest(std::move(entry)));
  TM_TRY(restore_into(directory, manifest, made.path(), go_on));
  if (!go_on()) return fail(Errc::cancelled, "restoring was interrupted");
  TM_TRY(made.finish());
  return manifest;
}

}  // namespace tidemark::backup
