// The schemas of accounts.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json account_schemas() {
  return {
      {"Account", object({{"id", text()},
                          {"tenant", text()},
                          {"provider", text()},
                          {"state", text()},
                          {"calendars", integer()},
                          {"error_code", text_or_null()},
                          {"error", text_or_null()},
                          {"mend", text_or_null()},
                          {"added", boolean()},
                          {"write", boolean()},
                          {"connection", reference("Connection")}},
                         {"id", "tenant", "provider", "state"})},
      {"Connection",
       {{"type", Json::array({"object", "null"})},
        {"properties",
         {{"state", one_of({"none", "pending", "connected", "failed"})},
          {"connected_at", instant_or_null()},
          {"expires_at", instant()},
          {"redirect_uri", text()},
          {"error_code", text_or_null()},
          {"error", text_or_null()}}}}},
      {"AccountRequest", object({{"id", text()},
                                 {"provider", text()},
                                 {"url", text()},
                                 {"write", boolean()},
                                 {"username", text()},
                                 {"password", text()},
                                 {"client_id", text()},
                                 {"client_secret", text()},
                                 {"refresh_token", text()},
                                 {"service_account", Json::object()},
                                 {"subject", text()},
                                 {"calendars", array_of(text())},
                                 {"poll", text()},
                                 {"reconcile", text()},
                                 {"discover", text()}},
                                {"id", "provider"})},
      {"ConnectRequest", object({{"redirect_uri", text()}})},
      {"Consent", object({{"link", text()}, {"redirect_uri", text()}, {"expires_at", instant()}},
                         {"link", "redirect_uri", "expires_at"})},
      {"ConsentAnswer",
       object({{"state", text()}, {"code", text()}, {"error", text()}}, {"state"})},
  };
}

}  // namespace tidemark::openapi
