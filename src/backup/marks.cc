#include "backup/marks.h"

#include "backup/durable_file.h"

namespace tidemark::backup {
namespace {

std::string path_of(const std::string& data_dir, MarkKind kind) {
  return data_dir + (kind == MarkKind::created ? "/backup-created.json" : "/backup-verified.json");
}

}  // namespace

std::optional<Mark> read_mark(const std::string& data_dir, MarkKind kind) {
  const auto text = read_text(path_of(data_dir, kind));
  if (!text || !*text) return std::nullopt;
  auto mark = mark_from_json(**text);
  if (!mark) return std::nullopt;
  return std::move(*mark);
}

Result<void> write_mark(const std::string& data_dir, MarkKind kind, const Mark& mark) {
  return replace_file(path_of(data_dir, kind), dump_json(to_json(mark)) + "\n");
}

}  // namespace tidemark::backup
