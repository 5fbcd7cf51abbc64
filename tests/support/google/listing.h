// Lists with pages and sync tokens, for events and calendarList alike.
// https://developers.google.com/workspace/calendar/api/guides/sync and .../pagination
//
// A pass begins with a list of ids and ends with a sync token for the version it began at, so that
// whatever happens between its pages is in the next pass. Rows are shown as they are when their
// page is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"
#include "support/google/google_request.h"

namespace tidemark::test::google {

// What Google is free to do, for a test to choose.
struct ListingOptions {
  enum class Order : std::uint8_t { by_change, exceptions_first, masters_first };
  Order order = Order::by_change;
  std::size_t largest_page = 0;         // 0: maxResults decides alone
  bool empty_pages_between = false;     // after each page an empty one, which may be the last
  std::optional<std::uint32_t> seed{};  // pages of any size, also empty, up to what is allowed
  bool bare_tombstones = false;         // only `id` and `status`, and what ties an instance
  bool cascade_listed = true;           // a deleted series lists tombstones of its exceptions, too
  bool omit_next_sync_token = false;    // no sync token on the last page: against the contract
  // Tombstones vanish, and sync tokens are refused, when they get this old.
  std::optional<std::chrono::milliseconds> tombstone_lifetime{};
  std::string stale_token_reason = "fullSyncRequired";
  // calendarList: what is read-only in an entry (a renamed calendar, another access role) does not
  // come with a sync token, says Google's reference. True: it does.
  bool read_only_changes_listed = false;
};

struct ListQuery {
  std::string scope;      // which list: a sync token of another one is refused
  Parameters parameters;  // as they came
  std::size_t max_results = 0;
  std::size_t smallest_version = 0;  // sync tokens of versions below are stale
  std::uint64_t generation = 0;      // of the list's subject: tokens of an earlier one are stale
};

struct ListSource {
  std::uint64_t version = 0;
  // Changed after the version; nothing: everything.
  std::function<std::vector<std::string>(std::optional<std::uint64_t>)> ids;
  // Nothing: not in this list (any more).
  std::function<std::optional<Json>(const std::string& id, bool incremental)> item;
};

struct ListPage {
  Json items = Json::array();
  std::string next_page_token{};
  std::string next_sync_token{};  // of the two at most one
};

class Lister {
 public:
  tl::expected<ListPage, HttpResponse> list(const ListQuery& query, const ListSource& source,
                                            const ListingOptions& options, WallTime now);

  // The page of this number, from 1, of the next pass that gets there answers 410, once.
  void answer_gone(const std::string& scope, int page, const std::string& reason) {
    gone_[scope] = {page, reason};
  }
  // Page tokens handed out so far are refused.
  void forget_pages() { pages_.clear(); }
  // Page tokens that stay good; older ones are refused, so that long runs do not fill the memory.
  static constexpr std::size_t kPagesKept = 256;

 private:
  struct Pass {
    std::string scope;
    Parameters parameters;
    bool incremental = false;
    std::uint64_t base = 0;  // incremental: the sync token's version
    WallTime base_issued{};  // and when it was
    std::uint64_t version = 0;
    std::uint64_t generation = 0;
    WallTime started{};
    std::vector<std::string> ids;
  };
  struct Page {
    std::shared_ptr<const Pass> pass;
    std::size_t position = 0;
    int number = 1;
  };
  struct Gone {
    int page = 0;
    std::string reason;
  };

  tl::expected<Page, HttpResponse> begin(const ListQuery& query, const ListSource& source,
                                         WallTime now) const;
  tl::expected<Page, HttpResponse> resume(const ListQuery& query, const std::string& token) const;
  std::optional<HttpResponse> refusal(const Page& page, const ListQuery& query,
                                      const ListingOptions& options, WallTime now);
  std::string keep(Page page);

  std::map<std::string, Page> pages_;
  std::deque<std::string> page_order_;  // of pages_, oldest first
  std::uint64_t page_count_ = 0;
  std::map<std::string, Gone> gone_;
};

// Masters or exceptions first, otherwise as they are.
void sort_ids(std::vector<std::string>& ids, ListingOptions::Order order,
              const std::function<bool(const std::string&)>& is_exception);

}  // namespace tidemark::test::google
