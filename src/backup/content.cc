#include "backup/content.h"

#include "audit/retention_machine.h"
#include "base/sha256.h"
#include "engine/journal_tree.h"
#include "engine/merkle.h"

namespace tidemark::backup {
namespace {

std::string in_words(const std::string& what, const std::string& promised,
                     const std::string& found) {
  return what + " is " + found + ", the manifest says " + promised;
}

// The leaf of record 1, which retention keeps (audit/retention_drop.cc). Where it was dropped
// before that was so, the root of its tile.
Result<Sha256> read_origin(const StoreView& view) {
  auto leaf = engine::read_node(view, {0, 0});
  if (leaf || leaf.error().code != Errc::not_found) return leaf;
  TM_ASSIGN(const auto retention, audit::read_retention(view));
  if (retention.through >= engine::kTileLeaves) {
    return engine::read_node(view, {engine::kTileLevel, 0});
  }
  return fail(Errc::corrupt, "the journal's first record is missing");
}

}  // namespace

Result<Content> read_content(const FrozenStore& store, const std::function<bool()>& go_on) {
  const StoreView& view = store.view();
  Content content;
  content.point = store.point();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    std::uint64_t& count = content.rows[std::string(name(table))];
    bool goes_on = true;
    TM_TRY(view.scan(table, "", "", [&](std::string_view, std::string_view) {
      ++count;
      goes_on = go_on();
      return goes_on;
    }));
    if (!goes_on) return fail(Errc::cancelled, "the backup was stopped");
  }
  if (content.point.sequence > 0) {
    TM_ASSIGN(const auto origin, read_origin(view));
    content.origin = to_hex(origin);
  }
  TM_ASSIGN(const auto root, merkle::root(content.point.sequence, engine::journal_nodes(view)));
  content.root = to_hex(root);
  return content;
}

std::string difference(const Content& promised, const Content& found) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  if (promised.point.sequence != found.point.sequence) {
    return in_words("the last sequence", number(promised.point.sequence),
                    number(found.point.sequence));
  }
  if (promised.point.commits != found.point.commits) {
    return in_words("the number of commits", number(promised.point.commits),
                    number(found.point.commits));
  }
  if (promised.point.format != found.point.format) {
    return in_words("the store's format", number(promised.point.format),
                    number(found.point.format));
  }
  if (promised.root != found.root) {
    return in_words("the root of the journal's tree", promised.root, found.root);
  }
  if (promised.origin != found.origin) {
    return in_words("the hash of the first record", promised.origin, found.origin);
  }
  for (const auto& [table, count] : found.rows) {
    const auto said = promised.rows.find(table);
    const std::uint64_t wanted = said == promised.rows.end() ? 0 : said->second;
    if (wanted != count) {
      return in_words("the number of rows in table " + table, number(wanted), number(count));
    }
  }
  return promised.rows.size() == found.rows.size() ? "" : "the manifest names unknown tables";
}

}  // namespace tidemark::backup
