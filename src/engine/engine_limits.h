// Limits of the engine's own formats. What users may tune is in EngineOptions.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/machine.h"

namespace tidemark::engine {

inline constexpr std::size_t kMaxInstanceBytes = 512;
inline constexpr std::size_t kMaxNameBytes = 256;  // input types, timers, executors
inline constexpr std::size_t kMaxDedupeKeyBytes = 1024;
inline constexpr std::size_t kMaxCauseIdBytes = 256;  // correlation and causation ids
inline constexpr std::size_t kMaxRowKeyBytes = 4096;
inline constexpr std::size_t kMaxOutputs = 0xFFFF;  // kRecordIndex is not an output's index

inline constexpr std::size_t kMaxSecretNameBytes = 512;
inline constexpr std::size_t kMaxSealedBytes = 64U << 10;  // one secret
inline constexpr std::size_t kMaxSecrets = 16;             // one input's
inline constexpr std::size_t kMaxDroppedSecrets = 256;     // one transition's

// So that the largest input and the largest transition together fit one commit of the store.
inline constexpr std::size_t kMaxTransitionBytes = 8U << 20;

// How many inputs wake the loop while a commit is going on: one alone would cost a thread switch
// that is dearer than its step.
inline constexpr std::size_t kWorthWaking = 16;

// "<kind>/<tenant>/<rest>", not too long.
bool valid_instance_id(const InstanceId& id);

// Not empty, not too long, UTF-8: the journal holds it as text.
bool valid_secret_name(std::string_view name);

}  // namespace tidemark::engine
