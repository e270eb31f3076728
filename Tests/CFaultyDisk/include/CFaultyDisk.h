#ifndef CFAULTYDISK_H
#define CFAULTYDISK_H

#include <stdint.h>

/// A disk that remembers what was synced, for tests: a layer over SQLite's own way to files, for one folder.
///
/// What SQLite writes reaches the real files at once, as it reaches the page cache of a kernel. Beside that the layer keeps what
/// would be on the platters: a write, truncation or creation counts only from the next sync of its file on, a deletion from the
/// next sync of the folder on.
/// Files outside the folder are left alone. Shared memory (-shm) is memory and does not survive.
typedef struct faulty_disk faulty_disk;

/// How a write fails: a sync or a truncation that fails is always an I/O error.
enum faulty_disk_error { FAULTY_DISK_IO = 0, FAULTY_DISK_FULL = 1 };

/// What a power cut leaves of what was not synced.
enum faulty_disk_remains {
  /// Nothing of it.
  FAULTY_DISK_NOTHING = 0,
  /// A random choice of whole writes, in no order.
  FAULTY_DISK_SOME = 1,
  /// A random choice of sectors of 512 bytes: torn pages.
  FAULTY_DISK_TORN = 2,
};

/// Puts a disk under `folder` (an absolute path without links). The layer goes in front of SQLite's default once per process.
/// - Returns: NULL when SQLite refuses the layer.
faulty_disk *_Nullable faulty_disk_make(const char *_Nonnull folder);
/// Lets go of it; files that are still open keep it until they are closed.
void faulty_disk_free(faulty_disk *_Nonnull disk);

/// Writes, truncations and syncs so far: the numbers by which faults are planted, from 0 on.
int64_t faulty_disk_operations(faulty_disk *_Nonnull disk);
/// Syncs of the write-ahead log so far.
int64_t faulty_disk_log_syncs(faulty_disk *_Nonnull disk);

/// Lets the operations `first ..< first + count` fail. After a failed sync the kernel believes the pages clean: they stay
/// readable, and no later sync writes them.
void faulty_disk_fail(faulty_disk *_Nonnull disk, int64_t first, int64_t count, enum faulty_disk_error error);
/// From operation `first` on nothing is written any more.
void faulty_disk_cut(faulty_disk *_Nonnull disk, int64_t first);
/// `PRAGMA synchronous = FULL` is answered as if it had been obeyed, and is not: the planted fault of a store that believes it.
void faulty_disk_ignore_synchronous(faulty_disk *_Nonnull disk);

/// Writes into `folder` what a power cut now would leave, under the files' own names.
/// - Returns: 0, or the number of the system's error.
int faulty_disk_leave(faulty_disk *_Nonnull disk, const char *_Nonnull folder, enum faulty_disk_remains remains, uint64_t seed);

#endif
