// What the parts of one pull share.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "providers/caldav/dav_client.h"
#include "providers/calendar_provider.h"
#include "providers/item_emitter.h"

namespace tidemark::caldav {

struct PullOptions {
  std::size_t max_batch = 400;
  // More missing bodies than this, and at least half of a calendar, are worth one calendar-query.
  std::size_t query_above = 50;
  // While bodies are fetched by slow multigets, more outstanding ones than this are.
  std::size_t slow_query_above = 500;
  std::chrono::milliseconds fast_multiget{1'000};
  std::chrono::milliseconds slow_href{20};
  // How long things take; only differences matter.
  std::function<std::chrono::milliseconds()> monotonic = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  };
};

struct PullContext {
  const DavClient& dav;
  const PullOptions& options;
  Url collection;              // with a trailing slash
  std::string collection_key;  // its decoded path
  const KnownResources& known;
  ItemEmitter& out;
};

// A resource of a listing that came without its body.
struct Listed {
  std::string key;
  std::string etag;  // strong, else empty
};

// The row's calendar object as an item: its body, or why it cannot be one. Nothing when the row has
// no body.
std::optional<RemoteItem> body_item(const std::string& key, DavProperties& properties,
                                    std::uint64_t max_resource_bytes);

}  // namespace tidemark::caldav
