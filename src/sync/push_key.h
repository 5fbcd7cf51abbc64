// The key that the tokens of notification channels are made with: the base64 of 32 random bytes, as
// it stands in push.key beside the store, made when it is first needed and readable by its owner
// only.
//
// It belongs into every copy of the data directory. Without it nothing is lost: the channels of
// before are refused, polling covers them, and the next renewal makes channels of the new key.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

// Errc::corrupt for a file that is no such key, Errc::forbidden for one that others may read.
Result<Secret> load_or_make_push_key(const std::string& data_dir);

namespace sync {

// What the server sends back with each notification of a channel: base64url of the HMAC-SHA-256
// over tenant, account, calendar and channel. Nobody else can make it, and nobody has to store it.
Secret push_token(const Secret& key, std::string_view tenant, std::string_view account,
                  std::string_view calendar, std::string_view channel);

}  // namespace sync
}  // namespace tidemark
