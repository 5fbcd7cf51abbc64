// The seam through which every byte of a store reaches the disk: faults are injected here.
//
// An implementation must behave as a POSIX file system does, apart from the faults it is for, and
// must be thread-safe. It outlives every Store opened with it. tests/support/faulty_file_system.h
// is one.
#pragma once

#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace tidemark {

class StoreFileSystem {
 public:
  virtual ~StoreFileSystem() = default;
  // The same object on every call.
  virtual std::shared_ptr<rocksdb::FileSystem> file_system() = 0;
};

}  // namespace tidemark
