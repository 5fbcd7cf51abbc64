// Changes of calendar object resources: PUT and DELETE, each on the condition that the resource is
// still the one that is mirrored (RFC 4791 section 5.3.2, RFC 9110 section 13.1).
#pragma once

#include "providers/caldav/dav_client.h"
#include "providers/calendar_writer.h"

namespace tidemark::caldav {

class ResourceWriter final : public CalendarWriter {
 public:
  // dav outlives it.
  explicit ResourceWriter(const DavClient& dav) : dav_(dav) {}

  bool wants_icalendar() const override { return true; }
  // What was put is read back: servers rewrite what they store and still give it a strong ETag.
  Result<WriteOutcome> write(const WriteOrder& order) override;

 private:
  struct Place {
    Url url;
    std::string key;
  };
  Result<Place> place_of(const WriteOrder& order) const;
  Result<RemoteItem> read(const Place& place) const;

  const DavClient& dav_;
};

}  // namespace tidemark::caldav
