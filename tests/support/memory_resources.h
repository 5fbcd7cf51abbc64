// A mirror in memory, for tests of providers: applies items as the sync machine does.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "providers/calendar_provider.h"

namespace tidemark::test {

class MemoryResources final : public KnownResources {
 public:
  struct Resource {
    std::string etag;
    std::string bytes;
    bool in_this_pass = false;
    bool deleted = false;  // goes when the pass ends
  };

  Result<std::optional<KnownResource>> find(std::string_view href) const override {
    const auto found = resources.find(std::string(href));
    if (found == resources.end()) return std::optional<KnownResource>{};
    return std::optional<KnownResource>(KnownResource{
        found->first, found->second.etag, found->second.in_this_pass, found->second.deleted});
  }

  Result<std::optional<std::string>> body(std::string_view href) const override {
    const auto found = resources.find(std::string(href));
    if (found == resources.end()) return std::optional<std::string>{};
    return std::optional<std::string>(found->second.bytes);
  }

  Result<void> for_each(const std::function<bool(const KnownResource&)>& visitor) const override {
    for (const auto& [href, resource] : resources) {
      if (!visitor({href, resource.etag, resource.in_this_pass, resource.deleted})) break;
    }
    return {};
  }

  Result<std::vector<KnownResource>> pending(std::size_t limit) const override {
    std::vector<KnownResource> list;
    for (const std::string& href : pending_hrefs) {
      if (list.size() >= limit) break;
      list.push_back({href, {}, true});
    }
    return list;
  }

  Result<std::vector<AheadResource>> ahead(std::size_t limit) const override {
    std::vector<AheadResource> list;
    for (const auto& [href, etag] : ahead_of_cursor) {
      if (list.size() < limit) list.push_back({href, etag});
    }
    return list;
  }
  bool interrupted() const override { return was_interrupted; }

  std::size_t count() const override { return resources.size(); }

  std::size_t count_in_this_pass() const override {
    std::size_t count = 0;
    for (const auto& [href, resource] : resources) count += resource.in_this_pass ? 1 : 0;
    return count;
  }

  void apply(RemoteItem&& item) {
    items.push_back(item);
    switch (item.kind) {
      case RemoteItem::Kind::body:
        resources[item.href] = {item.etag, item.bytes, true};
        pending_hrefs.erase(item.href);
        break;
      case RemoteItem::Kind::deleted:
        if (resources.contains(item.href)) resources[item.href].deleted = true;
        pending_hrefs.erase(item.href);
        break;
      case RemoteItem::Kind::unchanged: resources[item.href].in_this_pass = true; break;
      case RemoteItem::Kind::pending:
        pending_hrefs.insert(item.href);
        listed.insert(item.href);
        break;
      case RemoteItem::Kind::failed:
        pending_hrefs.erase(item.href);
        failed[item.href] = item.reason;
        break;
    }
  }

  ItemSink sink() {
    return [this](std::vector<RemoteItem>&& group) -> Result<void> {
      for (RemoteItem& item : group) apply(std::move(item));
      return {};
    };
  }

  void begin_pass() {
    items.clear();
    pulls = 0;
    for (auto& [href, resource] : resources) resource.in_this_pass = false;
  }

  // What the machine does when a complete listing ends.
  void sweep() {
    std::erase_if(resources, [](const auto& entry) { return !entry.second.in_this_pass; });
  }

  // Runs one whole pass; the result is that of its last pull.
  Result<PullResult> run_pass(CalendarProvider& provider, const std::string& calendar,
                              PullMode mode, const std::string& from = {}) {
    begin_pass();
    return continue_pass(provider, calendar, mode, from);
  }

  Result<PullResult> continue_pass(CalendarProvider& provider, const std::string& calendar,
                                   PullMode mode, const std::string& from = {}) {
    constexpr int kMaxPulls = 10'000;
    PullRequest request{calendar, mode, from};
    while (++pulls < kMaxPulls) {
      auto result = provider.pull(request, *this, sink());
      if (!result) return result;
      if (result->last) {
        EXPECT_TRUE(pending_hrefs.empty()) << "a pass ended with bodies outstanding";
        std::erase_if(resources, [](const auto& entry) { return entry.second.deleted; });
        if (result->complete_listing) sweep();
        return result;
      }
      request.cursor = result->cursor;
    }
    ADD_FAILURE() << "the pass does not end";
    return fail(Errc::internal, "the pass does not end");
  }

  std::vector<std::string> hrefs(RemoteItem::Kind kind) const {
    std::vector<std::string> list;
    for (const RemoteItem& item : items) {
      if (item.kind == kind) list.push_back(item.href);
    }
    return list;
  }

  std::map<std::string, Resource> resources;
  std::set<std::string> pending_hrefs;
  std::map<std::string, std::string> ahead_of_cursor;  // its etag by href
  bool was_interrupted = false;
  std::set<std::string> listed;
  std::map<std::string, std::string> failed;
  std::vector<RemoteItem> items;  // of this pass
  int pulls = 0;
};

}  // namespace tidemark::test
