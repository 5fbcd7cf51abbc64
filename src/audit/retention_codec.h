// What the machine writes and only it. Inside src/audit/ only.
#pragma once

#include "audit/retention_machine.h"

namespace tidemark::audit {

std::string encode_plan_effect(WallTime now);
std::string encode_drop_effect(const std::vector<Cut>& cuts);
std::string encode_payload_row(const PayloadsDropped& row);
std::string erasure_row_key(Sequence by);
std::string encode_erasure(const ErasureScope& scope, std::string_view why);

}  // namespace tidemark::audit
