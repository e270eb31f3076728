#ifndef CFAULTYDISK_INTERNAL_H
#define CFAULTYDISK_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "CFaultyDisk.h"

enum change_kind { CHANGE_WRITE, CHANGE_TRUNCATE, CHANGE_DELETE };

/// One thing that was done to a file and not synced yet.
typedef struct faulty_change {
  enum change_kind kind;
  int64_t offset;
  size_t count;
  struct faulty_change *next;
  unsigned char bytes[];
} faulty_change;

/// What is on the platters of one file, and what is on its way.
typedef struct faulty_file {
  char *path;
  int is_log;
  int exists;
  unsigned char *bytes;
  size_t size;
  faulty_change *first;
  faulty_change **last;
  struct faulty_file *next;
} faulty_file;

struct faulty_disk {
  pthread_mutex_t lock;
  char *folder;
  size_t length;
  int64_t operations, log_syncs, fail_first, fail_end, cut;
  int fail_full, ignores_synchronous, open_files, is_released;
  faulty_file *files;
  faulty_disk *next;
};

faulty_disk *faulty_disk_new(const char *folder);
void faulty_disk_discard(faulty_disk *disk);
/// The record of a file, made from the file as it is when it is new. All that follow: with the disk's lock held.
faulty_file *faulty_file_of(faulty_disk *disk, const char *path, sqlite3_file *real);
faulty_file *faulty_file_known(faulty_disk *disk, const char *path);
void faulty_file_note(faulty_file *file, enum change_kind kind, int64_t offset, const void *bytes, size_t count);
void faulty_file_sync(faulty_file *file);
void faulty_file_forget(faulty_file *file);
/// Deletions last from now on.
void faulty_disk_sync_folder(faulty_disk *disk);

#endif
