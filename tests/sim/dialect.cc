#include "sim/dialect.h"

#include <vector>

namespace tidemark::sim {

Dialect Dialect::any(Random& random) {
  using B = BadToken;
  using E = Etags;
  std::vector<Dialect> known;
  known.push_back({.name = "radicale", .tells_deleted_first = true});
  known.push_back({.name = "xandikos",
                   .bad_token = B::fail_500,
                   .etags = E::content,
                   .tokens_name_content = true,
                   .data_in_report = false});
  known.push_back({.name = "cyrus", .page = 5});
  known.push_back({.name = "davical",
                   .bad_token = B::list_all,
                   .data_in_report = false,
                   .omits_missing = true,
                   .repeats_unchanged = true});
  known.push_back({.name = "sogo",
                   .bad_token = B::list_all,
                   .etags = E::same_for_new,
                   .tells_deleted_first = true,
                   .repeats_unchanged = true,
                   .raw_hrefs = true});
  known.push_back({.name = "pages",
                   .etags = E::weak,
                   .page = 3,
                   .token_property = false,
                   .data_in_report = false,
                   .query_has_data = false,
                   .lists_itself = true});
  known.push_back(
      {.name = "etags", .sync_collection = false, .token_property = false, .absolute_hrefs = true});
  known.push_back({.name = "content",
                   .etags = E::content,
                   .tokens_name_content = true,
                   .tells_deleted_first = true});
  known.push_back({.name = "content etags",
                   .etags = E::content,
                   .sync_collection = false,
                   .tokens_name_content = true,
                   .token_property = false});
  known.push_back({.name = "rewrites", .rewrites_puts = true});
  Dialect mixture{.name = "mixture"};
  mixture.bad_token = static_cast<B>(random.below(3));
  mixture.etags = static_cast<E>(random.below(5));
  mixture.tokens_name_content = mixture.etags == E::content;
  mixture.page = random.chance(500) ? 1 + random.below(8) : 0;
  mixture.token_property = random.chance(500);
  mixture.data_in_report = random.chance(500);
  mixture.query_has_data = random.chance(500);
  mixture.omits_missing = random.chance(500);
  mixture.lists_itself = random.chance(500);
  mixture.tells_deleted_first = random.chance(500);
  mixture.repeats_unchanged = random.chance(500);
  mixture.rewrites_puts = random.chance(300);
  mixture.raw_hrefs = random.chance(500);
  mixture.absolute_hrefs = random.chance(500);
  known.push_back(std::move(mixture));
  return random.pick(known);
}

}  // namespace tidemark::sim
