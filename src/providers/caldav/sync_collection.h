// One sync-collection REPORT (RFC 6578): a page of what changed, or of everything.
#pragma once

#include <string>
#include <vector>

#include "providers/caldav/pull_context.h"

namespace tidemark::caldav {

struct SyncPage {
  enum class Outcome {
    listed,
    token_refused,  // in one of its dialects; the collection itself answers
    unsupported,    // the server does not do this report
    data_failed,  // an answer with bodies is too big for someone or broken; one without may not be
  };
  Outcome outcome = Outcome::listed;
  std::string token{};                 // the server's new token; empty when it gave none
  bool more = false;                   // the server cut the answer: go on with `token`
  std::size_t rows = 0;                // resources reported as existing
  std::size_t bodies = 0;              // of them, emitted with their body
  std::vector<Listed> without_body{};  // ascending, unique
  std::vector<std::string> named{};  // of what changed: every resource, deleted ones too; ascending
};

// Emits bodies as they arrive, and deletions (not of a first page of everything: what is not listed
// there is gone anyway, and one server lists tombstones there).
Result<SyncPage> sync_page(PullContext& context, const std::string& token, bool with_data);

}  // namespace tidemark::caldav
