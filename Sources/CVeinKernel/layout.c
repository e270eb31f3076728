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
    for (int p = 0; p < PLANES; p++) group[p * SANMON_VEIN_LANES + lane] = moved(code[p * ROWS + row], dx);
    group[PLANES * SANMON_VEIN_LANES + lane] = moved(mask[row], dx);
  }
}

void sanmon_vein_into_rows(const uint64_t *code, const uint64_t *mask, int dx, uint64_t *rows) {
  for (int row = 0; row < ROWS; row++, rows += WORDS) {
    for (int p = 0; p < PLANES; p++) rows[p] = moved(code[p * ROWS + row], dx);
    rows[PLANES] = moved(mask[row], dx);
  }
}
