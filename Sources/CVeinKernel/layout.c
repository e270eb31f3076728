#include "kernel.h"

#define ROWS 64
#define PLANES 3
#define WORDS (PLANES + 1)

void sanmon_vein_into_rows(const uint64_t *code, const uint64_t *mask, uint64_t *rows) {
  for (int row = 0; row < ROWS; row++, rows += WORDS) {
    for (int p = 0; p < PLANES; p++) rows[p] = code[p * ROWS + row];
    rows[PLANES] = mask[row];
  }
}

void sanmon_vein_fold(uint64_t *rows, size_t count) {
  for (size_t row = 0; row < count; row++, rows += WORDS) rows[2] ^= rows[0] ^ rows[1];
}

/// A move sideways is two shifts, one of them by 0, and nothing at all beyond the grid.
INLINE void as_shifts(int dx, uint64_t *left, uint64_t *right, uint64_t *kept) {
  const int stays = dx > -64 && dx < 64;
  *left = stays && dx > 0 ? (uint64_t)dx : 0;
  *right = stays && dx < 0 ? (uint64_t)-dx : 0;
  *kept = stays ? ~UINT64_C(0) : 0;
}

void sanmon_vein_move(const uint64_t *rows, int dx, uint64_t *moved) {
  uint64_t left, right, kept;
  as_shifts(dx, &left, &right, &kept);
  for (int word = 0; word < ROWS * WORDS; word++) moved[word] = rows[word] << left >> right & kept;
}

typedef uint64_t lanes_of_words __attribute__((vector_size(8 * SANMON_VEIN_LANES)));

INLINE void into_lanes(
    const uint64_t *rows, const uint32_t *offsets, const int32_t *dx, unsigned lanes, uint64_t *group) {
  const uint64_t *source[SANMON_VEIN_LANES];
  lanes_of_words left, right, kept;
  for (unsigned lane = 0; lane < SANMON_VEIN_LANES; lane++) {
    uint64_t l = 0, r = 0, k = 0;
    if (lane < lanes) as_shifts(dx[lane], &l, &r, &k);
    source[lane] = lane < lanes ? rows + offsets[lane] : rows + offsets[0];
    left[lane] = l, right[lane] = r, kept[lane] = k;
  }
  lanes_of_words *target = __builtin_assume_aligned(group, 8 * SANMON_VEIN_LANES);
  for (int word = 0; word < ROWS * WORDS; word++) {
    const lanes_of_words before = {source[0][word], source[1][word], source[2][word], source[3][word],
                                   source[4][word], source[5][word], source[6][word], source[7][word]};
    target[word] = before << left >> right & kept;
  }
}

#if defined(__x86_64__)
// A probe is laid out anew for each verification, at 65 columns in the standard window: with shifts by vectors in 2 µs, else 8.
__attribute__((target("avx512f"))) static void into_lanes_avx512(
    const uint64_t *rows, const uint32_t *offsets, const int32_t *dx, unsigned lanes, uint64_t *group) {
  into_lanes(rows, offsets, dx, lanes, group);
}
#endif

void sanmon_vein_into_lanes(
    const uint64_t *rows, const uint32_t *offsets, const int32_t *dx, unsigned lanes, uint64_t *group) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return into_lanes_avx512(rows, offsets, dx, lanes, group);
#endif
  into_lanes(rows, offsets, dx, lanes, group);
}
