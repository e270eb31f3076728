// A quarter of a group (two templates) a vector; counts gather in bytes for a few rows before they are summed.
#include "kernel.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define PAIR 2
// Three planes add at most 24 to a byte in a row: 8 rows stay below 256.
#define ROWS_OF_BYTES 8

INLINE uint8x16_t ones(uint64x2_t x) { return vcntq_u8(vreinterpretq_u8_u64(x)); }
INLINE uint64x2_t sums(uint8x16_t bytes) { return vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bytes))); }

/// Distances and overlaps of two templates at one alignment.
INLINE void measure(
    enum sanmon_vein_kind kind, size_t rows, const uint64_t *word, const uint64_t *probe, uint64_t distance[PAIR],
    uint64_t overlap[PAIR]) {
  const int planes = planes_of(kind), words = words_of_row(kind), masked = is_masked(kind);
  uint64x2_t d = vdupq_n_u64(0), n = vdupq_n_u64(0);
  for (size_t row = 0; row < rows;) {
    uint8x16_t d_bytes = vdupq_n_u8(0), n_bytes = vdupq_n_u8(0);
    const size_t end = row + ROWS_OF_BYTES < rows ? row + ROWS_OF_BYTES : rows;
    for (; row < end; row++, probe += words, word += words * SANMON_VEIN_LANES) {
      uint64x2_t valid = vdupq_n_u64(~UINT64_C(0));
      if (masked) {
        valid = vandq_u64(vld1q_dup_u64(probe + planes), vld1q_u64(word + planes * SANMON_VEIN_LANES));
        n_bytes = vaddq_u8(n_bytes, ones(valid));
      }
      uint64x2_t differ[3];
      for (int p = 0; p < planes; p++) {
        const uint64x2_t x = veorq_u64(vld1q_dup_u64(probe + p), vld1q_u64(word + p * SANMON_VEIN_LANES));
        differ[p] = masked ? vandq_u64(x, valid) : x;
      }
      if (planes == 1) {
        d_bytes = vaddq_u8(d_bytes, ones(differ[0]));
      } else {
        const uint64x2_t one = vbicq_u64(veorq_u64(differ[0], differ[1]), differ[2]);
        const uint8x16_t carry = ones(vorrq_u64(vandq_u64(differ[0], differ[1]), one));
        d_bytes = vaddq_u8(d_bytes, vaddq_u8(ones(differ[2]), vaddq_u8(carry, carry)));
      }
    }
    d = vaddq_u64(d, sums(d_bytes));
    n = vaddq_u64(n, sums(n_bytes));
  }
  if (!masked) n = vdupq_n_u64((uint64_t)rows * 64);
  vst1q_u64(distance, d);
  vst1q_u64(overlap, n);
}

INLINE void run(enum sanmon_vein_kind kind, const struct job *job) {
  const size_t size = job->rows * (size_t)words_of_row(kind) * SANMON_VEIN_LANES;
  for (size_t pair = 0; pair < 4 * job->group_count; pair++) {
    const uint64_t *word = job->groups + pair / 4 * size + pair % 4 * PAIR;
    struct kept best[PAIR] = {none_of(kind), none_of(kind)};
    for (uint32_t a = 0; a < job->alignment_count; a++) {
      uint64_t distance[PAIR], overlap[PAIR];
      measure(kind, job->rows, word, job->probe + job->offsets[a], distance, overlap);
      for (int lane = 0; lane < PAIR; lane++) keep(&best[lane], distance[lane], overlap[lane], job->least_overlap, a);
    }
    for (int lane = 0; lane < PAIR; lane++) job->best[pair * PAIR + (size_t)lane] = result_of(&best[lane]);
  }
}

void sanmon_vein_run_neon(enum sanmon_vein_kind kind, const struct job *job) {
  switch (kind) {
  case SANMON_VEIN_SHARED3: run(SANMON_VEIN_SHARED3, job); break;
  case SANMON_VEIN_MASKED1: run(SANMON_VEIN_MASKED1, job); break;
  case SANMON_VEIN_PLAIN1: run(SANMON_VEIN_PLAIN1, job); break;
  }
}

#endif
