#include "backup/manifest.h"

#include "base/text.h"

namespace tidemark::backup {
namespace {

constexpr std::uint64_t kManifestFormat = 1;

// Reads fields, remembering whether each was there and of the right kind.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    wrong(name);
    return {};
  }
  std::uint64_t number(const char* name, std::uint64_t most = UINT64_MAX) {
    const Json* value = find(name);
    if (value != nullptr && value->is_number_unsigned() && value->get<std::uint64_t>() <= most) {
      return value->get<std::uint64_t>();
    }
    wrong(name);
    return 0;
  }
  WallTime time(const char* name) {
    const auto parsed = parse_rfc3339(text(name));
    if (parsed) return *parsed;
    wrong(name);
    return {};
  }
  const Json& object(const char* name) {
    static const Json kNone = Json::object();
    const Json* value = find(name);
    if (value != nullptr && value->is_object()) return *value;
    wrong(name);
    return kNone;
  }
  void wrong(const std::string& name) {
    if (wrong_.empty()) wrong_ = name;
  }
  Result<void> finish() const {
    if (wrong_.empty()) return {};
    return fail(Errc::corrupt, "\"" + wrong_ + "\" is missing or not what it should be");
  }

 private:
  const Json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  const Json& object_;
  std::string wrong_;
};

Result<Json> object_of(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(Errc::corrupt, json.error().message);
  if (!json->is_object()) return fail(Errc::corrupt, "it is no JSON object");
  return std::move(*json);
}

Content content_of(Fields& fields) {
  Content content;
  content.point = {fields.number("sequence"), fields.number("commits"),
                   static_cast<std::uint32_t>(fields.number("store_format", UINT32_MAX))};
  content.origin = fields.text("origin");
  content.root = fields.text("root");
  for (const auto& [table, count] : fields.object("rows").items()) {
    if (!count.is_number_unsigned()) fields.wrong("rows." + table);
    content.rows[table] = count.is_number_unsigned() ? count.get<std::uint64_t>() : 0;
  }
  return content;
}

}  // namespace

Json to_json(const Manifest& manifest) {
  const Content& content = manifest.content;
  return {{"format", kManifestFormat},
          {"id", manifest.id},
          {"created_at", format_rfc3339(manifest.created_at)},
          {"version", manifest.version},
          {"store_format", content.point.format},
          {"sequence", content.point.sequence},
          {"commits", content.point.commits},
          {"origin", content.origin},
          {"root", content.root},
          {"rows", content.rows},
          {"bytes", manifest.bytes},
          {"added_bytes", manifest.added_bytes},
          {"files", manifest.files},
          {"keys", manifest.keys}};
}

Result<Manifest> manifest_from_json(std::string_view text) {
  TM_ASSIGN(const Json json, object_of(text));
  Fields fields(json);
  if (fields.number("format") > kManifestFormat) {
    return fail(Errc::newer_format, "it was made by a newer version of Tidemark: use that one");
  }
  Manifest manifest;
  manifest.id = static_cast<std::uint32_t>(fields.number("id", UINT32_MAX));
  manifest.created_at = fields.time("created_at");
  manifest.version = fields.text("version");
  manifest.content = content_of(fields);
  manifest.bytes = fields.number("bytes");
  manifest.added_bytes = fields.number("added_bytes");
  manifest.files = static_cast<std::uint32_t>(fields.number("files", UINT32_MAX));
  for (const auto& [name, sum] : fields.object("keys").items()) {
    if (!sum.is_string()) fields.wrong("keys." + name);
    manifest.keys[name] = sum.is_string() ? sum.get<std::string>() : "";
  }
  TM_TRY(fields.finish());
  return manifest;
}

Json to_json(const Verification& verification) {
  return {{"at", format_rfc3339(verification.at)},
          {"records", verification.records},
          {"payloads", verification.payloads},
          {"checkpoints", verification.checkpoints},
          {"rows", verification.rows},
          {"finding", verification.finding.empty() ? Json() : Json(verification.finding)}};
}

Result<Verification> verification_from_json(std::string_view text) {
  TM_ASSIGN(const Json json, object_of(text));
  Fields fields(json);
  Verification verification;
  verification.at = fields.time("at");
  verification.records = fields.number("records");
  verification.payloads = fields.number("payloads");
  verification.checkpoints = fields.number("checkpoints");
  verification.rows = fields.number("rows");
  if (!json.contains("finding") || !json["finding"].is_null()) {
    verification.finding = fields.text("finding");
  }
  TM_TRY(fields.finish());
  return verification;
}

Json to_json(const Mark& mark) {
  return {{"id", mark.id},
          {"at", format_rfc3339(mark.at)},
          {"directory", mark.directory},
          {"origin", mark.origin},
          {"sequence", mark.sequence}};
}

Result<Mark> mark_from_json(std::string_view text) {
  TM_ASSIGN(const Json json, object_of(text));
  Fields fields(json);
  Mark mark;
  mark.id = static_cast<std::uint32_t>(fields.number("id", UINT32_MAX));
  mark.at = fields.time("at");
  mark.directory = fields.text("directory");
  mark.origin = fields.text("origin");
  mark.sequence = fields.number("sequence");
  TM_TRY(fields.finish());
  return mark;
}

}  // namespace tidemark::backup
