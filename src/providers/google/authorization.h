// A person's consent to Google Calendar.
// https://developers.google.com/identity/protocols/oauth2/web-server and .../native-app
#pragma once

#include "providers/authorization.h"

namespace tidemark::google {

// Offline access for the settings' scope, asked for anew each time: only with a new consent does
// Google hand out a refresh token.
extern const Authorization kAuthorization;

}  // namespace tidemark::google
