#include "CVeinKernel.h"

#define ROWS 64
#define PLANES 3
#define WORDS (PLANES + 1)

static uint64_t moved(uint64_t row, int dx) {
  if (dx <= -64 || dx >= 64) return 0;
  return dx >= 0 ? row << dx : row >> -dx;
}

void sanmon_vein_into_lane(const uint64_t *code, const uint64_t *mask, int dx, uint64_t *group, unsigned lane) {
  if (lane >= SANMON_VEIN_LANES) return;
  for (int row = 0; row < ROWS; row++, group += WORDS * SANMON_VEIN_LANES) {
    const uint64_t first = moved(code[row], dx), second = moved(code[ROWS + row], dx);
    group[lane] = first;
    group[SANMON_VEIN_LANES + lane] = second;
    group[2 * SANMON_VEIN_LANES + lane] = first ^ second ^ moved(code[2 * ROWS + row], dx);
    group[PLANES * SANMON_VEIN_LANES + lane] = moved(mask[row], dx);
  }
}

void sanmon_vein_into_rows(const uint64_t *code, const uint64_t *mask, int dx, uint64_t *rows) {
  for (int row = 0; row < ROWS; row++, rows += WORDS) {
    for (int p = 0; p < PLANES; p++) rows[p] = moved(code[p * ROWS + row], dx);
    rows[PLANES] = moved(mask[row], dx);
  }
}

void sanmon_vein_fold(uint64_t *rows, size_t count) {
  for (size_t row = 0; row < count; row++, rows += WORDS) rows[2] ^= rows[0] ^ rows[1];
}
