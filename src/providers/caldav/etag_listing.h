// Listings by PROPFIND, for servers without sync-collection, and single questions to a collection.
#pragma once

#include <vector>

#include "providers/caldav/pull_context.h"

namespace tidemark::caldav {

// Errc::not_found, forbidden, unauthorized, unavailable: why the collection does not answer.
Result<void> check_collection(const PullContext& context);
// Empty when the server has none.
Result<std::string> read_ctag(const PullContext& context);
// Empty when the server has none, or does not say. An error that every other question would meet,
// too, is one: credentials above all are not to be tried twice.
Result<std::string> sync_token_of(const PullContext& context);
// Every resource of the collection, ascending and unique by key, without sub-collections.
Result<std::vector<Listed>> list_etags(const PullContext& context);

// Whether one resource is still there.
Result<bool> resource_exists(const PullContext& context, const std::string& key);

// Sorts by key; of a key listed twice the later row counts.
void sort_listing(std::vector<Listed>& listing);
// False when two resources share an ETag: then an equal ETag does not prove equal bodies.
bool etags_are_unique(const std::vector<Listed>& listing);

}  // namespace tidemark::caldav
