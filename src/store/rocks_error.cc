#include "store/rocks_error.h"

#include <string>

namespace tidemark {
namespace {

std::string_view advice(Errc code) {
  switch (code) {
    case Errc::corrupt:
      return "the store is damaged: stop writing to it, check the disk and restore a backup";
    case Errc::disk_full:
      return "the disk is full: free some space, writing then goes on by itself";
    case Errc::io_error: return "the disk reported an error: check it and the system's log";
    default: return "unexpected answer of the storage library";
  }
}

}  // namespace

Errc code_of(const rocksdb::Status& status) {
  if (status.IsCorruption()) return Errc::corrupt;
  if (status.IsNoSpace()) return Errc::disk_full;
  if (status.IsIOError()) return Errc::io_error;
  if (status.IsPathNotFound() || status.IsNotFound()) return Errc::not_found;
  if (status.IsBusy() || status.IsTryAgain() || status.IsShutdownInProgress() ||
      status.IsTimedOut()) {
    return Errc::io_error;
  }
  if (status.IsIncomplete()) {
    // A write refused because something failed in the background; that error is here as text only.
    return status.ToString().find("No space left") != std::string::npos ? Errc::disk_full
                                                                        : Errc::io_error;
  }
  return Errc::internal;
}

Error to_error(std::string_view doing, const rocksdb::Status& status) {
  const Errc code = code_of(status);
  std::string message(doing);
  message.append(": ").append(advice(code)).append(" (").append(status.ToString()).append(")");
  return Error{code, std::move(message)};
}

}  // namespace tidemark
