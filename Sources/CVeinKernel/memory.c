#define _GNU_SOURCE
#include "CVeinKernel.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t huge = (size_t)2 << 20;

static size_t whole_pages(size_t bytes) {
  const size_t page = bytes >= huge ? huge : (size_t)sysconf(_SC_PAGESIZE);
  return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

void *sanmon_vein_reserve(size_t bytes, int *locked) {
  *locked = 0;
  if (bytes > SIZE_MAX / 2) return NULL;
  const size_t size = whole_pages(bytes), spare = size >= huge ? huge : 0;
  char *all = mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return NULL;
  char *memory = all;
  if (spare != 0) {
    const size_t before = (huge - (uintptr_t)all % huge) % huge;
    memory = all + before;
    if (before != 0) munmap(all, before);
    if (spare != before) munmap(memory + size, spare - before);
    madvise(memory, size, MADV_HUGEPAGE);
  }
  // Advice that a kernel does not know costs protection against an accident only; hardened processes dump nothing anyway.
  madvise(memory, size, MADV_DONTDUMP);
  *locked = mlock(memory, size) == 0;
  return memory;
}

void sanmon_vein_release(void *memory, size_t bytes) {
  if (memory == NULL) return;
  sanmon_vein_wipe(memory, bytes);
  munmap(memory, whole_pages(bytes));
}

void sanmon_vein_wipe(void *memory, size_t bytes) { explicit_bzero(memory, bytes); }
