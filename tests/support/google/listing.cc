#include "support/google/listing.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/text.h"
#include "support/google/google_error.h"

namespace tidemark::test::google {
namespace {

struct SyncToken {
  std::string scope;
  std::uint64_t generation = 0;
  std::uint64_t version = 0;
  WallTime issued{};
  std::string fingerprint;
};

// What has to stay the same from one synchronisation to the next. Left out: what moves anyway, and
// what the first list may restrict but a sync token may not come with.
std::string fingerprint(const Parameters& parameters) {
  Parameters kept = parameters;
  for (const char* name : {"maxResults", "pageToken", "syncToken", "updatedMin", "iCalUID",
                           "showDeleted", "showHidden"}) {
    kept.erase(name);
  }
  if (const auto found = kept.find("singleEvents"); found != kept.end() && found->second == "false")
    kept.erase(found);
  return to_hex(sha256(write_form(kept))).substr(0, 12);
}

std::string scope_digest(const std::string& scope) {
  return to_hex(sha256(scope)).substr(0, 12);
}

// Opaque to clients; base64, so that it needs escaping in a query.
std::string write_token(const SyncToken& token) {
  return to_base64("sync|" + scope_digest(token.scope) + "|" + std::to_string(token.generation) +
                   "|" + std::to_string(token.version) + "|" +
                   std::to_string(token.issued.time_since_epoch().count()) + "|" +
                   token.fingerprint);
}

std::optional<SyncToken> read_token(const std::string& text) {
  const auto bytes = from_base64(text);
  if (!bytes) return std::nullopt;
  const std::vector<std::string> parts = split(*bytes, '|');
  if (parts.size() != 6 || parts[0] != "sync") return std::nullopt;
  // Only our own base64 begins like this, so the numbers are numbers.
  return SyncToken{parts[1], std::stoull(parts[2]), std::stoull(parts[3]),
                   WallTime(std::chrono::milliseconds(std::stoll(parts[4]))), parts[5]};
}

std::size_t page_size(const ListQuery& query, const ListingOptions& options, int number) {
  std::size_t size = query.max_results;
  if (options.largest_page != 0) size = std::min(size, options.largest_page);
  if (options.empty_pages_between && number % 2 == 0) return 0;
  if (!options.seed) return size;
  // By number, so that the same page token brings the same page again.
  std::mt19937 random(*options.seed + static_cast<std::uint32_t>(number) * 2654435761U);
  return random() % (size + 1);
}

}  // namespace

void sort_ids(std::vector<std::string>& ids, ListingOptions::Order order,
              const std::function<bool(const std::string&)>& is_exception) {
  if (order == ListingOptions::Order::by_change) return;
  const bool exceptions_first = order == ListingOptions::Order::exceptions_first;
  std::stable_partition(ids.begin(), ids.end(), [&](const std::string& id) {
    return is_exception(id) == exceptions_first;
  });
}

tl::expected<Lister::Page, HttpResponse> Lister::begin(const ListQuery& query,
                                                       const ListSource& source,
                                                       WallTime now) const {
  auto pass = std::make_shared<Pass>();
  pass->scope = query.scope;
  pass->parameters = query.parameters;
  pass->version = source.version;
  pass->generation = query.generation;
  pass->started = now;
  std::optional<std::uint64_t> base;
  if (const auto found = query.parameters.find("syncToken"); found != query.parameters.end()) {
    const auto token = read_token(found->second);
    if (!token || token->scope != scope_digest(query.scope) ||
        token->fingerprint != fingerprint(query.parameters)) {
      return tl::unexpected(invalid_parameter("syncToken", "Invalid sync token value."));
    }
    pass->incremental = true;
    pass->base = token->version;
    pass->base_issued = token->issued;
    pass->generation = token->generation;
    base = token->version;
  }
  pass->ids = source.ids(base);
  return Page{std::move(pass)};
}

tl::expected<Lister::Page, HttpResponse> Lister::resume(const ListQuery& query,
                                                        const std::string& token) const {
  const auto found = pages_.find(token);
  Parameters parameters = query.parameters;
  parameters.erase("pageToken");
  if (found == pages_.end() || found->second.pass->scope != query.scope ||
      found->second.pass->parameters != parameters) {
    return tl::unexpected(invalid_parameter("pageToken"));
  }
  return found->second;
}

std::optional<HttpResponse> Lister::refusal(const Page& page, const ListQuery& query,
                                            const ListingOptions& options, WallTime now) {
  const Pass& pass = *page.pass;
  const bool too_old = pass.incremental && options.tombstone_lifetime &&
                       pass.base_issued + *options.tombstone_lifetime <= now;
  if (too_old || pass.generation != query.generation ||
      (pass.incremental && pass.base < query.smallest_version)) {
    return gone(options.stale_token_reason);
  }
  const auto planned = gone_.find(query.scope);
  if (planned == gone_.end() || planned->second.page != page.number) return std::nullopt;
  HttpResponse response = gone(planned->second.reason);
  gone_.erase(planned);
  return response;
}

std::string Lister::keep(Page page) {
  std::string token =
      to_base64("page|" + scope_digest(page.pass->scope) + "|" + std::to_string(++page_count_));
  pages_[token] = std::move(page);
  page_order_.push_back(token);
  if (page_order_.size() > kPagesKept) {
    pages_.erase(page_order_.front());
    page_order_.pop_front();
  }
  return token;
}

tl::expected<ListPage, HttpResponse> Lister::list(const ListQuery& query, const ListSource& source,
                                                  const ListingOptions& options, WallTime now) {
  const auto page_token = query.parameters.find("pageToken");
  const auto page = page_token == query.parameters.end() ? begin(query, source, now)
                                                         : resume(query, page_token->second);
  if (!page) return tl::unexpected(page.error());
  if (auto refused = refusal(*page, query, options, now)) return tl::unexpected(*refused);

  const Pass& pass = *page->pass;
  const std::size_t end =
      std::min(pass.ids.size(), page->position + page_size(query, options, page->number));
  ListPage out;
  for (std::size_t i = page->position; i < end; ++i) {
    if (auto item = source.item(pass.ids[i], pass.incremental)) {
      out.items.push_back(std::move(*item));
    }
  }
  const bool empty_one_follows = options.empty_pages_between && page->number % 2 == 1;
  if (end < pass.ids.size() || empty_one_follows) {
    out.next_page_token = keep({page->pass, end, page->number + 1});
  } else if (!options.omit_next_sync_token) {
    out.next_sync_token = write_token(
        {pass.scope, pass.generation, pass.version, pass.started, fingerprint(pass.parameters)});
  }
  return out;
}

}  // namespace tidemark::test::google
