// The schemas of the OpenAPI document, and the words they are written with. Readers ignore extra
// fields, so no schema forbids them.
#pragma once

#include <string_view>

#include "base/json.h"

namespace tidemark::openapi {

Json text();
Json text_or_null();
Json instant();
Json instant_or_null();
Json integer();
Json integer_or_null();
Json boolean();
Json one_of(Json values);  // an enumeration
Json reference(std::string_view schema);
Json array_of(Json items);
Json object(Json properties, Json required = Json::array());
Json list_of(std::string_view schema);  // {"items": [...], "next_page": ...}

Json account_schemas();
Json calendar_schemas();
Json write_schemas();
Json history_schemas();
Json delivery_schemas();
Json secret_schemas();
Json audit_schemas();
Json store_schemas();
Json backup_schemas();

}  // namespace tidemark::openapi
