#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/// A test without memory has no result.
static void *memory(void *old, size_t size) {
  void *at = realloc(old, size ? size : 1);
  if (!at) abort();
  return at;
}

faulty_disk *faulty_disk_new(const char *folder) {
  faulty_disk *disk = memory(NULL, sizeof *disk);
  memset(disk, 0, sizeof *disk);
  pthread_mutex_init(&disk->lock, NULL);
  disk->folder = strcpy(memory(NULL, strlen(folder) + 1), folder);
  disk->length = strlen(folder);
  disk->cut = INT64_MAX;
  return disk;
}

static void drop_changes(faulty_file *file) {
  while (file->first) {
    faulty_change *next = file->first->next;
    free(file->first);
    file->first = next;
  }
  file->last = &file->first;
}

void faulty_disk_discard(faulty_disk *disk) {
  while (disk->files) {
    faulty_file *file = disk->files;
    disk->files = file->next;
    drop_changes(file);
    free(file->bytes);
    free(file->path);
    free(file);
  }
  pthread_mutex_destroy(&disk->lock);
  free(disk->folder);
  free(disk);
}

faulty_file *faulty_file_known(faulty_disk *disk, const char *path) {
  faulty_file *file = disk->files;
  while (file && strcmp(file->path, path) != 0) file = file->next;
  return file;
}

faulty_file *faulty_file_of(faulty_disk *disk, const char *path, sqlite3_file *real) {
  faulty_file *file = faulty_file_known(disk, path);
  if (file) return file;
  file = memory(NULL, sizeof *file);
  memset(file, 0, sizeof *file);
  file->path = strcpy(memory(NULL, strlen(path) + 1), path);
  size_t length = strlen(path);
  file->is_log = length > 4 && strcmp(path + length - 4, "-wal") == 0;
  file->last = &file->first;
  sqlite3_int64 size = 0;
  if (real->pMethods->xFileSize(real, &size) == SQLITE_OK && size > 0) {
    file->exists = 1;
    file->size = (size_t)size;
    file->bytes = memory(NULL, file->size);
    if (real->pMethods->xRead(real, file->bytes, (int)size, 0) != SQLITE_OK) abort();
  }
  file->next = disk->files;
  disk->files = file;
  return file;
}

void faulty_file_note(faulty_file *file, enum change_kind kind, int64_t offset, const void *bytes, size_t count) {
  faulty_change *change = memory(NULL, sizeof *change + count);
  change->kind = kind;
  change->offset = offset;
  change->count = count;
  change->next = NULL;
  if (count) memcpy(change->bytes, bytes, count);
  *file->last = change;
  file->last = &change->next;
}

static void resize(faulty_file *file, size_t size) {
  file->bytes = memory(file->bytes, size);
  if (size > file->size) memset(file->bytes + file->size, 0, size - file->size);
  file->size = size;
}

static void apply(faulty_file *file, const faulty_change *change, size_t from, size_t count) {
  size_t at = (size_t)change->offset + from;
  switch (change->kind) {
  case CHANGE_WRITE:
    if (file->size < at + count) resize(file, at + count);
    memcpy(file->bytes + at, change->bytes + from, count);
    file->exists = 1;
    break;
  case CHANGE_TRUNCATE:
    resize(file, (size_t)change->offset);
    break;
  case CHANGE_DELETE:
    resize(file, 0);
    file->exists = 0;
    break;
  }
}

void faulty_file_sync(faulty_file *file) {
  for (faulty_change *change = file->first; change; change = change->next) apply(file, change, 0, change->count);
  drop_changes(file);
}

void faulty_disk_sync_folder(faulty_disk *disk) {
  for (faulty_file *file = disk->files; file; file = file->next) {
    faulty_change *last = NULL;
    for (faulty_change *change = file->first; change; change = change->next) {
      if (change->kind == CHANGE_DELETE) last = change;
    }
    // What was written into a file that is gone is gone with it.
    while (last) {
      faulty_change *change = file->first;
      if (change == last) {
        apply(file, change, 0, 0);
        last = NULL;
      }
      file->first = change->next;
      free(change);
    }
    if (!file->first) file->last = &file->first;
  }
}

/// Lengths and names are the file system's own and in its journal; bytes are what a failed sync loses.
void faulty_file_forget(faulty_file *file) {
  faulty_change **at = &file->first;
  while (*at) {
    faulty_change *change = *at;
    if (change->kind == CHANGE_WRITE) {
      *at = change->next;
      free(change);
    } else {
      at = &change->next;
    }
  }
  file->last = at;
}

// MARK: What a power cut leaves

/// splitmix64: the same seed, the same remains.
static uint64_t chance(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static void apply_some(faulty_file *left, const faulty_file *file, enum faulty_disk_remains remains, uint64_t *state) {
  for (const faulty_change *change = file->first; change; change = change->next) {
    if (remains == FAULTY_DISK_TORN && change->kind == CHANGE_WRITE) {
      for (size_t from = 0; from < change->count;) {
        size_t sector_end = ((size_t)change->offset + from) / 512 * 512 + 512 - (size_t)change->offset;
        size_t end = sector_end < change->count ? sector_end : change->count;
        if (chance(state) & 1) apply(left, change, from, end - from);
        from = end;
      }
    } else if (chance(state) & 1) {
      apply(left, change, 0, change->count);
    }
  }
}

static int put(const faulty_file *left, const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  size_t done = 0;
  while (done < left->size) {
    ssize_t count = write(file, left->bytes + done, left->size - done);
    if (count < 0) break;
    done += (size_t)count;
  }
  int code = done < left->size ? errno : 0;
  close(file);
  return code;
}

int faulty_disk_leave(faulty_disk *disk, const char *folder, enum faulty_disk_remains remains, uint64_t seed) {
  int code = 0;
  pthread_mutex_lock(&disk->lock);
  for (faulty_file *file = disk->files; file && code == 0; file = file->next) {
    faulty_file left = *file;
    left.bytes = memory(NULL, file->size);
    memcpy(left.bytes, file->bytes ? file->bytes : (unsigned char *)"", file->size);
    if (remains != FAULTY_DISK_NOTHING) apply_some(&left, file, remains, &seed);
    if (left.exists) {
      char path[4096];
      snprintf(path, sizeof path, "%s%s", folder, file->path + disk->length);
      code = put(&left, path);
    }
    free(left.bytes);
  }
  pthread_mutex_unlock(&disk->lock);
  return code;
}

// MARK: Faults

int64_t faulty_disk_operations(faulty_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  int64_t count = disk->operations;
  pthread_mutex_unlock(&disk->lock);
  return count;
}

int64_t faulty_disk_log_syncs(faulty_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  int64_t count = disk->log_syncs;
  pthread_mutex_unlock(&disk->lock);
  return count;
}

void faulty_disk_fail(faulty_disk *disk, int64_t first, int64_t count, enum faulty_disk_error error) {
  pthread_mutex_lock(&disk->lock);
  disk->fail_first = first;
  disk->fail_end = first + count;
  disk->fail_full = error == FAULTY_DISK_FULL;
  pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_cut(faulty_disk *disk, int64_t first) {
  pthread_mutex_lock(&disk->lock);
  disk->cut = first;
  pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_ignore_synchronous(faulty_disk *disk) {
  pthread_mutex_lock(&disk->lock);
  disk->ignores_synchronous = 1;
  pthread_mutex_unlock(&disk->lock);
}
