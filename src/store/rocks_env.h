// RocksDB's environment on a file system of ours.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <memory>

namespace tidemark {

// The same as RocksDB's own, but for waiting: after a failed flush RocksDB sleeps for a whole
// second during which the database cannot be closed. When to try again is the store's decision, so
// no sleep in it is longer than 10 ms.
std::shared_ptr<rocksdb::Env> make_environment(
    const std::shared_ptr<rocksdb::FileSystem>& file_system);

// Drops what RocksDB has to say. Its own LOG file must not be: a failed write to it (a full disk)
// makes Debian's build, which keeps assertions, abort the process at the next line.
std::shared_ptr<rocksdb::Logger> make_silent_logger();

// Forbids RocksDB to recover by itself. Its thread for full disks waits for flushes which, with
// atomic flushes, wait for it: the database could then neither go on nor be closed. The store opens
// the database again instead. Source: facebook/rocksdb pull requests 11867 and 11872 (after 7.8).
std::shared_ptr<rocksdb::EventListener> make_recovery_refusal();

}  // namespace tidemark
