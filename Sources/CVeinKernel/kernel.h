// What the paths share. One job is one call; each path runs it for one kind.
#pragma once
#include "CVeinKernel.h"

#define INLINE static inline __attribute__((always_inline))

struct job {
  const uint64_t *groups;
  size_t group_count, rows;
  const uint64_t *probe;
  const uint32_t *offsets;
  uint32_t alignment_count, least_overlap;
  struct sanmon_vein_best *best;
};

INLINE int planes_of(enum sanmon_vein_kind kind) { return kind == SANMON_VEIN_SHARED3 ? 3 : 1; }
INLINE int is_masked(enum sanmon_vein_kind kind) { return kind != SANMON_VEIN_PLAIN1; }
INLINE int words_of_row(enum sanmon_vein_kind kind) { return planes_of(kind) + is_masked(kind); }

/// Keeps the better of two alignments. Starts from a fraction that every real one beats: (planes + 1) / 1.
struct kept {
  uint32_t alignment;
  uint64_t distance, overlap;
};

INLINE struct kept none_of(enum sanmon_vein_kind kind) {
  return (struct kept){SANMON_VEIN_NONE, (uint64_t)planes_of(kind) + 1, 1};
}

INLINE void keep(struct kept *best, uint64_t distance, uint64_t overlap, uint32_t least, uint32_t alignment) {
  if (overlap < least || distance * best->overlap >= best->distance * overlap) return;
  *best = (struct kept){alignment, distance, overlap};
}

INLINE struct sanmon_vein_best result_of(const struct kept *kept) {
  if (kept->alignment == SANMON_VEIN_NONE) return (struct sanmon_vein_best){SANMON_VEIN_NONE, 0, 0};
  return (struct sanmon_vein_best){kept->alignment, (uint32_t)kept->distance, (uint32_t)kept->overlap};
}

void sanmon_vein_run_avx512(enum sanmon_vein_kind kind, const struct job *job);
void sanmon_vein_run_avx2(enum sanmon_vein_kind kind, const struct job *job);
void sanmon_vein_run_popcnt(enum sanmon_vein_kind kind, const struct job *job);
void sanmon_vein_run_portable(enum sanmon_vein_kind kind, const struct job *job);
void sanmon_vein_run_neon(enum sanmon_vein_kind kind, const struct job *job);
