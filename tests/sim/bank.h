// Where orders are paid: takes an idempotency key with each payment, and may lose its answer.
#pragma once

#include <map>
#include <string>

#include "engine/effect.h"
#include "sim/stage.h"

namespace tidemark::sim {

struct Bank {
  // Idempotency key -> what was paid with it.
  std::map<std::string, std::string> payments;
};

// The executor of "bank": pays under the effect's id, and tells when it is done.
class BankExecutor final : public EffectExecutor {
 public:
  BankExecutor(Stage& stage, Bank& bank) : stage_(stage), bank_(bank) {}

  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override {
    const std::string order = effect.tenant + "/" + effect.request.payload;
    const auto [payment, is_new] = bank_.payments.emplace(effect.id, order);
    if (!is_new && payment->second != order) {
      stage_.violated("idempotency", "the key " + effect.id + " paid for " + payment->second +
                                         " and then for " + order);
    }
    handle->complete("paid", effect.request.payload);
  }

 private:
  Stage& stage_;
  Bank& bank_;
};

}  // namespace tidemark::sim
