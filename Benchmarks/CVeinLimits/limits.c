#include "CVeinLimits.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vpopcntdq")))
// The compiler must take it for changed, or it would do a step once and copy it.
#define CHANGED(x) __asm__ volatile("" : "+v"(x))
#define SIDES 4

static inline __attribute__((always_inline)) TARGET uint64_t steps(int planes, int masked, uint64_t rounds) {
  __m512i code = _mm512_set1_epi64(0x0123456789ABCDEF), other = _mm512_set1_epi64(0x0F1E2D3C4B5A6978), mask = code;
  __m512i distance[SIDES], pairs[SIDES], overlap[SIDES];
  for (int i = 0; i < SIDES; i++) distance[i] = pairs[i] = overlap[i] = _mm512_setzero_si512();
  for (uint64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < SIDES; i++) {
      __m512i valid = mask;
      if (masked) {
        CHANGED(mask);
        valid = _mm512_and_si512(mask, other);
        overlap[i] = _mm512_add_epi64(overlap[i], _mm512_popcnt_epi64(valid));
      }
      __m512i differ[3];
#pragma clang loop unroll(full)
      for (int p = 0; p < planes; p++) {
        CHANGED(other);
        differ[p] = masked ? _mm512_ternarylogic_epi64(code, other, valid, 0x28) : _mm512_xor_si512(code, other);
      }
      distance[i] = _mm512_add_epi64(distance[i], _mm512_popcnt_epi64(differ[planes - 1]));
      if (planes == 3)
        pairs[i] = _mm512_add_epi64(
            pairs[i], _mm512_popcnt_epi64(_mm512_ternarylogic_epi64(differ[0], differ[1], differ[2], 0xD4)));
    }
  }
  for (int i = 0; i < SIDES; i++) {
    CHANGED(distance[i]);
    CHANGED(pairs[i]);
    CHANGED(overlap[i]);
  }
  return rounds * SIDES * (uint64_t)planes;
}

TARGET static uint64_t plain(uint64_t rounds) { return steps(1, 0, rounds); }
TARGET static uint64_t masked(uint64_t rounds) { return steps(1, 1, rounds); }
TARGET static uint64_t three_planes(uint64_t rounds) { return steps(3, 1, rounds); }

uint64_t vein_limit_steps(enum vein_limit limit, uint64_t rounds) {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vpopcntdq")) return 0;
  switch (limit) {
  case VEIN_LIMIT_PLAIN: return plain(rounds);
  case VEIN_LIMIT_MASKED: return masked(rounds);
  case VEIN_LIMIT_THREE_PLANES: return three_planes(rounds);
  default: return 0;
  }
}

#else

uint64_t vein_limit_steps(enum vein_limit limit, uint64_t rounds) {
  (void)limit;
  (void)rounds;
  return 0;
}

#endif

typedef uint64_t line __attribute__((vector_size(64)));

uint64_t vein_limit_read(const void *memory, size_t bytes) {
  const size_t quarter = bytes / 4 / sizeof(line);
  const line *lines = __builtin_assume_aligned(memory, 64);
  line a = {0}, b = {0}, c = {0}, d = {0};
  for (size_t i = 0; i < quarter; i++) {
    a |= lines[i];
    b |= lines[quarter + i];
    c |= lines[2 * quarter + i];
    d |= lines[3 * quarter + i];
  }
  a |= b | c | d;
  uint64_t all = 0;
  for (int i = 0; i < 8; i++) all |= a[i];
  return all;
}
