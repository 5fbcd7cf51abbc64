// The committed mirror as a provider may see it while it pulls.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/machine.h"
#include "providers/calendar_provider.h"
#include "store/store.h"
#include "sync/calendar_inputs.h"
#include "sync/rows.h"

namespace tidemark::sync {

class KnownRows final : public KnownResources {
 public:
  // settle: makes what was handed to the sink durable, so that pending() counts it.
  KnownRows(const StoreView& view, InstanceId calendar, const PullOrder& order,
            std::function<Result<void>()> settle);

  Result<std::optional<KnownResource>> find(std::string_view href) const override;
  Result<std::optional<std::string>> body(std::string_view href) const override;
  Result<void> for_each(const std::function<bool(const KnownResource&)>& visitor) const override;
  Result<std::vector<KnownResource>> pending(std::size_t limit) const override;
  Result<std::vector<AheadResource>> ahead(std::size_t limit) const override;
  bool interrupted() const override { return interrupted_; }
  std::size_t count() const override { return count_; }
  std::size_t count_in_this_pass() const override { return seen_; }

  Result<std::optional<IndexRow>> find_index(std::string_view href) const;

 private:
  std::optional<KnownResource> known(std::string_view href, const IndexRow& row) const;

  const StoreView& view_;
  const InstanceId calendar_;
  const std::uint64_t generation_;
  const bool only_this_pass_;  // everything is to be fetched, so what older passes saw is hidden
  const std::function<Result<void>()> settle_;
  // As the pull began: a count that moves with the writing of pages would make the provider's
  // choices depend on timing.
  std::size_t count_ = 0;
  std::size_t seen_ = 0;
  bool any_ahead_ = false;
  bool interrupted_ = false;
};

}  // namespace tidemark::sync
