#include "providers/caldav/caldav_provider.h"

#include <utility>

#include "providers/caldav/collection_pull.h"
#include "providers/caldav/discovery.h"
#include "providers/caldav/href.h"
#include "providers/caldav/resource_writer.h"

namespace tidemark::caldav {
namespace {

// parse_error is how the parts tell "broken in the middle" from "no multistatus at all"; to the
// sync machines both are a server that does not keep to the protocol.
Error for_machines(Error error) {
  if (error.code == Errc::parse_error) error.code = Errc::protocol_error;
  return error;
}

class CalDavProvider final : public CalendarProvider {
 public:
  CalDavProvider(const AccountSettings& settings, HttpClient& http, PullOptions options,
                 ServiceLookup lookup)
      : dav_(http, settings), options_(std::move(options)), lookup_(std::move(lookup)) {}

  Result<Discovery> discover(const std::string& hint) override {
    return discover_calendars(dav_, hint, lookup_).map_error(for_machines);
  }

  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) override {
    return pull_calendar(request, known, sink).map_error(for_machines);
  }

  CalendarWriter* writer() override { return &writer_; }

 private:
  Result<PullResult> pull_calendar(const PullRequest& request, const KnownResources& known,
                                   const ItemSink& sink) const {
    TM_ASSIGN(Url url, parse_url(request.calendar_id));
    url = normalised_collection(std::move(url));
    Cursor cursor;
    if (!request.cursor.empty()) {
      TM_ASSIGN(cursor, parse_cursor(request.cursor));
    }
    ItemEmitter out(sink);
    PullContext context{dav_, options_, url, decode_path(url.path), known, out};
    return CollectionPull(context, request.mode).run(std::move(cursor), request.cursor.empty());
  }

  const DavClient dav_;
  ResourceWriter writer_{dav_};
  const PullOptions options_;
  const ServiceLookup lookup_;
};

}  // namespace

std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http,
                                                PullOptions options, ServiceLookup lookup) {
  return std::make_unique<CalDavProvider>(settings, http, std::move(options), std::move(lookup));
}

}  // namespace tidemark::caldav
