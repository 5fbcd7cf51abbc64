#include "providers/ics/ics_provider.h"

#include "providers/ics/ics_files.h"
#include "providers/ics/ics_url.h"

namespace tidemark::ics {
namespace {

class UrlProvider final : public CalendarProvider {
 public:
  UrlProvider(const AccountSettings& settings, HttpClient& http) : calendar_(settings, http) {}

  Result<Discovery> discover(const std::string&) override { return calendar_.discover(); }
  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) override {
    return calendar_.pull(request, known, sink);
  }

 private:
  const UrlCalendar calendar_;
};

class FileProvider final : public CalendarProvider {
 public:
  explicit FileProvider(const AccountSettings& settings) : calendar_(settings) {}

  Result<Discovery> discover(const std::string&) override { return calendar_.discover(); }
  Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                          const ItemSink& sink) override {
    return calendar_.pull(request, known, sink);
  }

 private:
  const FileCalendar calendar_;
};

}  // namespace

std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http) {
  if (!settings.path.empty()) return std::make_unique<FileProvider>(settings);
  return std::make_unique<UrlProvider>(settings, http);
}

}  // namespace tidemark::ics
