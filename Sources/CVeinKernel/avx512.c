// Eight templates a vector, four alignments for each load of the gallery: all accumulators stay in registers, a group stays in
// the first cache for all alignments, so memory is read once.
#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512vpopcntdq")))
#define MOST 4

struct lanes {
  __m512i distance, overlap, alignment;
};

// Folded into the instruction that uses it, as a broadcast from memory.
INLINE TARGET __m512i everywhere(const uint64_t *word) { return _mm512_set1_epi64((long long)*word); }

/// How the next group is fetched meanwhile, from `ahead` on.
enum fetch {
  NOTHING,
  SLOWLY,   // a line for each row, into the second cache: it does not drive out what is worked on
  AT_ONCE,  // all lines of a row, into the first: there is no time
};

/// Alignments `first` to `first` + `count` - 1.
INLINE TARGET void block(
    enum sanmon_vein_kind kind, const struct job *job, const uint64_t *group, const uint64_t *ahead, uint32_t first,
    const enum fetch fetch, const int count, struct lanes *best) {
  const int planes = planes_of(kind), words = words_of_row(kind), masked = is_masked(kind);
  const uint64_t *probe[MOST];
  __m512i distance[MOST], pairs[MOST], overlap[MOST];
  for (int i = 0; i < count; i++) {
    probe[i] = job->probe + job->offsets[first + (uint32_t)i];
    distance[i] = pairs[i] = overlap[i] = _mm512_setzero_si512();
  }
  const size_t end = job->rows * (size_t)words;
  for (size_t at = 0; at < end; at += (size_t)words) {
    const uint64_t *word = group + at * SANMON_VEIN_LANES;
    for (int line = 0; fetch == AT_ONCE && line < words; line++, ahead += SANMON_VEIN_LANES)
      _mm_prefetch((const char *)ahead, _MM_HINT_T0);
    if (fetch == SLOWLY) _mm_prefetch((const char *)ahead, _MM_HINT_T1), ahead += SANMON_VEIN_LANES;
    const __m512i mask = masked ? _mm512_load_si512(word + planes * SANMON_VEIN_LANES) : _mm512_setzero_si512();
    __m512i code[3];
    for (int p = 0; p < planes; p++) code[p] = _mm512_load_si512(word + p * SANMON_VEIN_LANES);
    for (int i = 0; i < count; i++) {
      const uint64_t *other = probe[i] + at;
      __m512i differ[3];
      if (masked) {
        const __m512i valid = _mm512_and_si512(mask, everywhere(other + planes));
        overlap[i] = _mm512_add_epi64(overlap[i], _mm512_popcnt_epi64(valid));
        // 0x28: (a xor b) and c
        for (int p = 0; p < planes; p++)
          differ[p] = _mm512_ternarylogic_epi64(code[p], everywhere(other + p), valid, 0x28);
      } else {
        differ[0] = _mm512_xor_si512(code[0], everywhere(other));
      }
      const __m512i odd = differ[planes - 1];
      distance[i] = _mm512_add_epi64(distance[i], _mm512_popcnt_epi64(odd));
      if (planes == 3) {
        // 0xD4: a and b, or, where only one of them is set, not c
        const __m512i pair = _mm512_ternarylogic_epi64(differ[0], differ[1], odd, 0xD4);
        pairs[i] = _mm512_add_epi64(pairs[i], _mm512_popcnt_epi64(pair));
      }
    }
  }
  const __m512i least = _mm512_set1_epi64(job->least_overlap);
  for (int i = 0; i < count; i++) {
    if (planes == 3) distance[i] = _mm512_add_epi64(distance[i], _mm512_slli_epi64(pairs[i], 1));
    if (!masked) overlap[i] = _mm512_set1_epi64((long long)job->rows * 64);
    // Both factors are below 2^32, so the products are exact.
    const __m512i ours = _mm512_mul_epu32(distance[i], best->overlap);
    const __m512i theirs = _mm512_mul_epu32(best->distance, overlap[i]);
    const __mmask8 enough = _mm512_cmpge_epu64_mask(overlap[i], least);
    const __mmask8 better = _mm512_mask_cmplt_epu64_mask(enough, ours, theirs);
    best->distance = _mm512_mask_mov_epi64(best->distance, better, distance[i]);
    best->overlap = _mm512_mask_mov_epi64(best->overlap, better, overlap[i]);
    best->alignment = _mm512_mask_set1_epi64(best->alignment, better, first + (uint32_t)i);
  }
}

/// The one to three alignments behind the last whole block.
INLINE TARGET void rest(
    enum sanmon_vein_kind kind, const struct job *job, const uint64_t *group, const uint64_t *ahead, uint32_t first,
    const enum fetch fetch, struct lanes *best) {
  switch (job->alignment_count - first) {
  case 3: block(kind, job, group, ahead, first, fetch, 3, best); break;
  case 2: block(kind, job, group, ahead, first, fetch, 2, best); break;
  case 1: block(kind, job, group, ahead, first, fetch, 1, best); break;
  default: break;
  }
}

INLINE TARGET void run(enum sanmon_vein_kind kind, const struct job *job) {
  const int words = words_of_row(kind);
  const size_t size = job->rows * (size_t)words * SANMON_VEIN_LANES;
  for (size_t g = 0; g < job->group_count; g++) {
    const uint64_t *group = job->groups + g * size;
    const struct kept none = none_of(kind);
    struct lanes best = {
        _mm512_set1_epi64((long long)none.distance), _mm512_set1_epi64((long long)none.overlap),
        _mm512_set1_epi64(SANMON_VEIN_NONE)};
    // The next group arrives while this one is worked on.
    const uint64_t *ahead = g + 1 < job->group_count ? group + size : group;
    uint32_t a = 0;
    if (job->alignment_count >= 4 * (uint32_t)words) {
      for (int w = 0; w < words; w++, a += 4, ahead += job->rows * SANMON_VEIN_LANES)
        block(kind, job, group, ahead, a, SLOWLY, 4, &best);
      for (; job->alignment_count - a >= 4; a += 4) block(kind, job, group, ahead, a, NOTHING, 4, &best);
      rest(kind, job, group, ahead, a, NOTHING, &best);
    } else {
      for (; job->alignment_count - a >= 4; a += 4, ahead = group) block(kind, job, group, ahead, a, AT_ONCE, 4, &best);
      rest(kind, job, group, ahead, a, AT_ONCE, &best);
    }
    uint64_t alignment[8], distance[8], overlap[8];
    _mm512_storeu_si512(alignment, best.alignment);
    _mm512_storeu_si512(distance, best.distance);
    _mm512_storeu_si512(overlap, best.overlap);
    for (int lane = 0; lane < SANMON_VEIN_LANES; lane++) {
      const struct kept kept = {(uint32_t)alignment[lane], distance[lane], overlap[lane]};
      job->best[g * SANMON_VEIN_LANES + (size_t)lane] = result_of(&kept);
    }
  }
}

static TARGET void run_shared3(const struct job *job) { run(SANMON_VEIN_SHARED3, job); }
static TARGET void run_masked1(const struct job *job) { run(SANMON_VEIN_MASKED1, job); }
static TARGET void run_plain1(const struct job *job) { run(SANMON_VEIN_PLAIN1, job); }

void sanmon_vein_run_avx512(enum sanmon_vein_kind kind, const struct job *job) {
  switch (kind) {
  case SANMON_VEIN_SHARED3: run_shared3(job); break;
  case SANMON_VEIN_MASKED1: run_masked1(job); break;
  case SANMON_VEIN_PLAIN1: run_plain1(job); break;
  }
}

#endif
