#include "app/config_secret.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace tidemark::app {
namespace {

// Flags go before variables, variables before the file.
int strength(const SecretPlace& place) {
  switch (place.origin.kind) {
    case Origin::Kind::preset: return 0;
    case Origin::Kind::file: return 1;
    case Origin::Kind::variable: return 2;
    case Origin::Kind::flag: return 3;
  }
  return 0;
}

void warn_when_all_can_read(ConfigReader& reader, const ConfigSection& table,
                            const SecretPlace& place) {
  struct stat status {};
  if (::stat(place.name.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
  reader.warning(place.origin, table.full("file"),
                 "everyone on this machine can read " + place.name + "; run chmod 600 on it");
}

}  // namespace

std::optional<SecretPlace> read_secret_place(ConfigReader& reader, ConfigSection& table,
                                             SecretPlaces allowed) {
  using Kind = SecretPlace::Kind;
  const bool credentials = allowed == SecretPlaces::file_env_or_credential;
  const std::string names = credentials ? "{ file = \"...\" }, { env = \"...\" } or "
                                          "{ credential = \"...\" }"
                                        : "{ file = \"...\" } or { env = \"...\" }";
  std::vector<SecretPlace> places;
  const auto add = [&](Kind kind, const Setting<std::string>& setting) {
    if (setting.given) places.push_back({kind, setting.value, setting.origin});
  };
  const std::size_t before = reader.problems().size();
  add(Kind::file, table.path("file"));
  add(Kind::env, table.text("env"));
  if (credentials) add(Kind::credential, table.text("credential"));
  table.finish();
  if (places.empty()) {
    // A problem within the table has been told already.
    if (table.present() && reader.problems().size() == before) {
      reader.problem(table.origin(), table.own_key(), "write " + names);
    }
    return std::nullopt;
  }
  std::stable_sort(places.begin(), places.end(), [](const SecretPlace& a, const SecretPlace& b) {
    return strength(a) > strength(b);
  });
  for (const auto& place : places) {
    if (place.kind == Kind::env) reader.know_variable(place.name);
  }
  if (places.size() > 1 && strength(places[0]) == strength(places[1])) {
    reader.problem(table.origin(), table.own_key(),
                   credentials ? "give one of file, env and credential, not several"
                               : "give either file or env, not both");
    return std::nullopt;
  }
  if (places[0].name.empty()) {
    // An empty path has been told already.
    if (places[0].kind != Kind::file) {
      reader.problem(places[0].origin, table.own_key(), "must not be empty: write " + names);
    }
    return std::nullopt;
  }
  return places[0];
}

std::optional<Secret> read_secret(ConfigReader& reader, ConfigSection& table,
                                  std::string_view wanted) {
  const auto place = read_secret_place(reader, table, SecretPlaces::file_or_env);
  if (!place) return std::nullopt;
  if (place->kind == SecretPlace::Kind::env) {
    const auto& variables = reader.source().variables;
    const auto found = variables.find(place->name);
    if (found == variables.end() || found->second.empty()) {
      table.problem(
          place->origin, "env",
          "the variable " + place->name + " is not set; set it to " + std::string(wanted));
      return std::nullopt;
    }
    reader.show(table.own_key(), "********", place->origin);
    return Secret(found->second);
  }
  auto secret = read_secret_file(place->name);
  if (!secret) {
    table.problem(place->origin, "file", secret.error().message);
    return std::nullopt;
  }
  warn_when_all_can_read(reader, table, *place);
  reader.show(table.own_key(), "********", place->origin);
  return std::move(*secret);
}

Result<Secret> read_secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::not_found, "cannot read the file " + path);
  std::string text(kMaxSecretBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(Errc::io_error, "cannot read the file " + path);
  if (text.size() > kMaxSecretBytes) {
    return fail(Errc::limit_exceeded, "the file " + path + " is too large to be a secret");
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid_argument, "the file " + path + " is empty");
  return Secret(std::move(text));
}

}  // namespace tidemark::app
