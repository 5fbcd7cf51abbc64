// Recorded steps, once more: nothing decides again whether they should be.
#include "engine/keys.h"
#include "engine/stepper.h"

namespace tidemark::engine {

Result<JournalRecord> Stepper::replay(Work& work, const JournalRecord& recorded) {
  now_ = recorded.at;
  if (work.source == Work::Source::timer) {
    const auto name = timer_name_key(work.input.instance.value, work.input.payload);
    TM_ASSIGN(const auto due, overlay_.get(Table::timer, name));
    if (!due) {
      return fail(Errc::corrupt, "the timer \"" + work.input.payload + "\" fires and is not set");
    }
    TM_ASSIGN(work.timer_due, decode_due(*due));
  }
  const auto machine = machines_.find(work.input.instance.kind());
  if (machine == machines_.end()) {
    return fail(Errc::not_found, "there is no machine of kind \"" +
                                     std::string(work.input.instance.kind()) + "\" any more");
  }
  TM_ASSIGN(auto loaded, load(work.input.instance));
  auto planned = run_and_plan(machine->second, work, loaded);
  if (planned) return carry_out(work, machine->second, loaded, *std::move(planned));
  if (work.source != Work::Source::message || retryable(planned.error().code)) {
    return fail(std::move(planned).error());
  }
  return carry_out_refusal(work, std::move(loaded), planned.error());
}

void Stepper::adopt(Work& work, const JournalRecord& recorded, std::string_view bytes) {
  now_ = recorded.at;
  append_record(work, recorded, bytes);
}

}  // namespace tidemark::engine
