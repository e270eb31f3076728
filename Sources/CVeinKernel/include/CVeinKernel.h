// Masked Hamming distances of one probe, at many alignments, from eight templates at a time.
//
// Words are 64 cells. A "row" is one word of each code plane and, for the masked kinds, one word of the validity mask behind
// them. The eight templates of a group stand word by word beside each other, so that lane j of every vector is template j:
//   group[(row * words_of_row + plane) * 8 + lane]
// and an aligned probe is plain rows: probe[row * words_of_row + plane].
//
// Where a row has three code planes, the third word is the exclusive or of all three. What differs in it (s) and in the first two
// (x, y) gives the number of differing bits of a cell as s + 2c, with c = x and y, or, where only one of them is set, not s: two
// counts instead of three, and s costs one instruction like any plane.
//
// Every path gives the same integers. Nothing here ends early: the time of a call does not depend on the cells.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SANMON_VEIN_LANES 8
/// In `alignment` of a result: no alignment overlapped enough.
#define SANMON_VEIN_NONE UINT32_MAX
/// A kind and a row count beyond this are refused: distances must stay below 2^20 for the exact comparison of fractions.
#define SANMON_VEIN_MOST_ROWS 1024

/// Instruction sets, best first for each machine.
enum sanmon_vein_path {
  SANMON_VEIN_AVX512 = 1,    // VPOPCNTDQ, 512 bits
  SANMON_VEIN_AVX2 = 2,      // nibble tables
  SANMON_VEIN_POPCNT = 3,    // one word at a time
  SANMON_VEIN_PORTABLE = 4,  // no instruction that the compiler's baseline lacks
  SANMON_VEIN_NEON = 5,
};

/// What a row holds.
enum sanmon_vein_kind {
  SANMON_VEIN_SHARED3 = 1,  // three code planes, the third folded, one mask: "CC6x64" has 64 such rows
  SANMON_VEIN_MASKED1 = 2,  // one code plane, its mask
  SANMON_VEIN_PLAIN1 = 3,   // one code plane; every cell counts
};

/// One template's best alignment: Σ over planes of the cells that differ, the cells valid in both, and which alignment.
/// All three are SANMON_VEIN_NONE / 0 / 0 when none overlapped enough.
struct sanmon_vein_best {
  uint32_t alignment;
  uint32_t distance;
  uint32_t overlap;
};

/// 1 when this machine and this build have the path.
int sanmon_vein_has(enum sanmon_vein_path path);
/// The fastest path here.
enum sanmon_vein_path sanmon_vein_fastest(void);
/// "AVX-512 VPOPCNTDQ", …; "" for no path.
const char *sanmon_vein_name(enum sanmon_vein_path path);

/// For each template the alignment with the least distance / overlap, compared as exact fractions; of equal ones the first.
/// Alignments with an overlap below `least_overlap` (at least 1) do not count.
///
/// `groups` is 64-byte aligned; `offsets[i]` is where alignment i begins, in words from `probe`. `best` takes 8 × `group_count`.
/// 0, or -1 when the path is not here or an argument is outside its limits; then `best` is untouched.
int sanmon_vein_compare(
    enum sanmon_vein_path path, enum sanmon_vein_kind kind, const uint64_t *groups, size_t group_count, size_t rows,
    const uint64_t *probe, const uint32_t *offsets, uint32_t alignment_count, uint32_t least_overlap,
    struct sanmon_vein_best *best);

/// Writes a "CC6x64" pattern (three planes of 64 words in `code`, 64 in `mask`) as 64 plain rows, not folded yet.
void sanmon_vein_into_rows(const uint64_t *code, const uint64_t *mask, uint64_t *rows);
/// Makes the third word of each of `count` "CC6x64" rows the exclusive or of the first three.
void sanmon_vein_fold(uint64_t *rows, size_t count);
/// Moves 64 rows right by `dx` cells (left when negative; -63 to 63); what leaves the grid is gone, what enters is masked.
void sanmon_vein_move(const uint64_t *rows, int dx, uint64_t *moved);
/// Writes a whole 64-byte aligned group: lane j has the 64 rows that begin `offsets[j]` words from `rows`, moved by `dx[j]`. Lanes
/// from `lanes` on (1 to 8) have nothing valid.
void sanmon_vein_into_lanes(
    const uint64_t *rows, const uint32_t *offsets, const int32_t *dx, unsigned lanes, uint64_t *group);

/// `bytes` zeroed bytes in pages of their own, 64-byte aligned (large ones on 2 MiB, huge pages advised), left out of core
/// dumps; `*locked` tells whether they are held in memory (RLIMIT_MEMLOCK). NULL when there is no memory.
void *sanmon_vein_reserve(size_t bytes, int *locked);
/// Wipes and gives back what `sanmon_vein_reserve` gave for the same `bytes`.
void sanmon_vein_release(void *memory, size_t bytes);
/// A wipe that no optimiser removes.
void sanmon_vein_wipe(void *memory, size_t bytes);
