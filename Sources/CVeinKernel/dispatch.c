#include "kernel.h"

int sanmon_vein_has(enum sanmon_vein_path path) {
  switch (path) {
#if defined(__x86_64__)
  case SANMON_VEIN_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq");
  case SANMON_VEIN_AVX2: return __builtin_cpu_supports("avx2") != 0;
  case SANMON_VEIN_POPCNT: return __builtin_cpu_supports("popcnt") != 0;
#endif
#if defined(__aarch64__)
  case SANMON_VEIN_NEON: return 1;
#endif
  case SANMON_VEIN_PORTABLE: return 1;
  default: return 0;
  }
}

enum sanmon_vein_path sanmon_vein_fastest(void) {
  static const enum sanmon_vein_path order[] = {
      SANMON_VEIN_AVX512, SANMON_VEIN_AVX2, SANMON_VEIN_NEON, SANMON_VEIN_POPCNT};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (sanmon_vein_has(order[i])) return order[i];
  return SANMON_VEIN_PORTABLE;
}

const char *sanmon_vein_name(enum sanmon_vein_path path) {
  switch (path) {
  case SANMON_VEIN_AVX512: return "AVX-512 VPOPCNTDQ";
  case SANMON_VEIN_AVX2: return "AVX2";
  case SANMON_VEIN_POPCNT: return "scalar POPCNT";
  case SANMON_VEIN_PORTABLE: return "portable";
  case SANMON_VEIN_NEON: return "NEON";
  default: return "";
  }
}

int sanmon_vein_compare(
    enum sanmon_vein_path path, enum sanmon_vein_kind kind, const uint64_t *groups, size_t group_count, size_t rows,
    const uint64_t *probe, const uint32_t *offsets, uint32_t alignment_count, uint32_t least_overlap,
    struct sanmon_vein_best *best) {
  if (!sanmon_vein_has(path) || kind < SANMON_VEIN_SHARED3 || kind > SANMON_VEIN_PLAIN1) return -1;
  if (rows < 1 || rows > SANMON_VEIN_MOST_ROWS || least_overlap < 1 || alignment_count == SANMON_VEIN_NONE) return -1;
  if ((uintptr_t)groups % 64 != 0) return -1;
  const struct job job = {groups, group_count, rows, probe, offsets, alignment_count, least_overlap, best};
  switch (path) {
#if defined(__x86_64__)
  case SANMON_VEIN_AVX512: sanmon_vein_run_avx512(kind, &job); return 0;
  case SANMON_VEIN_AVX2: sanmon_vein_run_avx2(kind, &job); return 0;
  case SANMON_VEIN_POPCNT: sanmon_vein_run_popcnt(kind, &job); return 0;
#endif
#if defined(__aarch64__)
  case SANMON_VEIN_NEON: sanmon_vein_run_neon(kind, &job); return 0;
#endif
  default: sanmon_vein_run_portable(kind, &job); return 0;
  }
}
