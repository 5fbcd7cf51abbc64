#include "app/config_master_key.h"

#include <algorithm>

#include "app/config_secret.h"

namespace tidemark::app {
namespace {

constexpr auto kExample =
    "[{ file = \"...\" }], of { file = \"...\" }, { env = \"...\" } and { credential = \"...\" }";
constexpr auto kNotHere =
    "the master key is a credential, and the service manager hands it out to the service only: "
    "use this command while `tidemark serve` runs";

MasterKeySource source_of(const SecretPlace& place) {
  switch (place.kind) {
    case SecretPlace::Kind::file: return {.file = place.name};
    case SecretPlace::Kind::env: return {.env = place.name};
    case SecretPlace::Kind::credential: return {.credential = place.name};
  }
  return {};
}

std::string key_of(SecretPlace::Kind kind) {
  switch (kind) {
    case SecretPlace::Kind::file: return "file";
    case SecretPlace::Kind::env: return "env";
    case SecretPlace::Kind::credential: return "credential";
  }
  return {};
}

class SecretsReader {
 public:
  explicit SecretsReader(ConfigReader& reader) : reader_(reader) {}

  // True: it was there and loaded, or need not be here.
  bool add(ConfigSection& table, bool required);
  void warn_of_twins(const ConfigSection& table);
  SecretsConfig take() && { return std::move(secrets_); }

 private:
  bool has_credentials() const;
  Result<MasterKey> load(const SecretPlace& place) const;

  ConfigReader& reader_;
  SecretsConfig secrets_;
};

bool SecretsReader::has_credentials() const {
  const auto found = reader_.source().variables.find("CREDENTIALS_DIRECTORY");
  return found != reader_.source().variables.end() && !found->second.empty();
}

Result<MasterKey> SecretsReader::load(const SecretPlace& place) const {
  if (place.kind != SecretPlace::Kind::env) return MasterKey::load(source_of(place));
  const auto& variables = reader_.source().variables;
  const auto found = variables.find(place.name);
  if (found == variables.end() || found->second.empty()) {
    return fail(Errc::not_found,
                "the variable " + place.name + " is not set; set it to the master key");
  }
  return MasterKey::parse(found->second);
}

bool SecretsReader::add(ConfigSection& table, bool required) {
  const auto place = read_secret_place(reader_, table, SecretPlaces::file_env_or_credential);
  if (!place) return false;
  reader_.show(table.own_key(), "********", place->origin);
  secrets_.sources.push_back(source_of(*place));
  if (place->kind == SecretPlace::Kind::credential && !has_credentials() &&
      !reader_.source().serves) {
    if (required) secrets_.missing = kNotHere;
    return true;
  }
  auto key = load(*place);
  if (!key) {
    table.problem(place->origin, key_of(place->kind), key.error().message);
    return false;
  }
  secrets_.keys.push_back(std::move(*key));
  return true;
}

void SecretsReader::warn_of_twins(const ConfigSection& table) {
  const auto& keys = secrets_.keys;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const bool twin = std::any_of(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i),
                                  [&](const MasterKey& key) { return key.id() == keys[i].id(); });
    if (twin) {
      reader_.warning(table.origin_of("old_master_keys"), table.full("old_master_keys"),
                      "the master key " + keys[i].id().text() + " is there more than once");
    }
  }
}

}  // namespace

SecretsConfig read_secrets(ConfigReader& reader, ConfigSection section) {
  SecretsReader secrets(reader);
  const std::size_t before = reader.problems().size();
  ConfigSection current = section.child("master_key");
  const bool has_current = secrets.add(current, true);
  auto old = section.children("old_master_keys", kExample);
  if (old.size() > kMaxOldMasterKeys) {
    section.problem(section.origin_of("old_master_keys"), "old_master_keys",
                    "has more than 16 keys; rotate, then remove those that are no longer used");
    old.clear();
  }
  if (!old.empty() && !has_current && reader.problems().size() == before) {
    section.problem(section.origin_of("old_master_keys"), "old_master_keys",
                    "is of use only beside master_key, which is missing");
  }
  for (auto& table : old) secrets.add(table, false);
  section.finish();
  secrets.warn_of_twins(section);
  auto out = std::move(secrets).take();
  // The first key is the one that wraps: an old one must not take its place.
  if (!out.missing.empty()) out.keys.clear();
  return out;
}

}  // namespace tidemark::app
