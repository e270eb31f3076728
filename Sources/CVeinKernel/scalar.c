// One lane and one word at a time: with the POPCNT instruction, and with what every machine has.
#include "kernel.h"

INLINE void run(enum sanmon_vein_kind kind, const struct job *job) {
  const int planes = planes_of(kind), words = words_of_row(kind), masked = is_masked(kind);
  for (size_t g = 0; g < job->group_count; g++) {
    const uint64_t *group = job->groups + g * job->rows * words * SANMON_VEIN_LANES;
    for (int lane = 0; lane < SANMON_VEIN_LANES; lane++) {
      struct kept best = none_of(kind);
      for (uint32_t a = 0; a < job->alignment_count; a++) {
        const uint64_t *probe = job->probe + job->offsets[a];
        const uint64_t *word = group + lane;
        uint64_t distance = 0, overlap = 0;
        for (size_t row = 0; row < job->rows; row++, probe += words, word += words * SANMON_VEIN_LANES) {
          const uint64_t valid = masked ? probe[planes] & word[planes * SANMON_VEIN_LANES] : ~UINT64_C(0);
          overlap += masked ? (uint64_t)__builtin_popcountll(valid) : 64;
          const uint64_t x = (probe[0] ^ word[0]) & valid;
          if (planes == 1) {
            distance += (uint64_t)__builtin_popcountll(x);
          } else {
            const uint64_t y = (probe[1] ^ word[SANMON_VEIN_LANES]) & valid;
            const uint64_t s = (probe[2] ^ word[2 * SANMON_VEIN_LANES]) & valid;
            distance += (uint64_t)__builtin_popcountll(s);
            distance += 2 * (uint64_t)__builtin_popcountll((x & y) | ((x ^ y) & ~s));
          }
        }
        keep(&best, distance, overlap, job->least_overlap, a);
      }
      job->best[g * SANMON_VEIN_LANES + lane] = result_of(&best);
    }
  }
}

// The kind is a constant in each call, so that each becomes a loop of its own.
#define RUN(kind, job)                                            \
  switch (kind) {                                                 \
  case SANMON_VEIN_SHARED3: run(SANMON_VEIN_SHARED3, job); break; \
  case SANMON_VEIN_MASKED1: run(SANMON_VEIN_MASKED1, job); break; \
  case SANMON_VEIN_PLAIN1: run(SANMON_VEIN_PLAIN1, job); break;   \
  }

#if defined(__x86_64__)
__attribute__((target("popcnt"))) void sanmon_vein_run_popcnt(enum sanmon_vein_kind kind, const struct job *job) {
  RUN(kind, job)
}
#endif

void sanmon_vein_run_portable(enum sanmon_vein_kind kind, const struct job *job) { RUN(kind, job) }
