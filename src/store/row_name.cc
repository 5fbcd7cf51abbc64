#include "store/row_name.h"

#include "store/key.h"

namespace tidemark {
namespace {

// Its name is stored in the files whose filters it made: another rule needs another name.
class RowName final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "tidemark.row_name.1"; }
  bool InDomain(const rocksdb::Slice& key) const override {
    return row_name({key.data(), key.size()}).has_value();
  }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    const auto name = row_name({key.data(), key.size()}).value_or(std::string_view{});
    return {name.data(), name.size()};
  }
};

}  // namespace

std::optional<std::string_view> row_name(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  reader.text();
  reader.u8();
  reader.text();
  if (!reader.ok()) return std::nullopt;
  return key.substr(0, key.size() - reader.rest().size());
}

std::shared_ptr<const rocksdb::SliceTransform> make_named_row_prefix() {
  return std::make_shared<RowName>();
}

}  // namespace tidemark
