// Half a group (four templates) a vector. Bits are counted with a table of 16 nibbles; counts gather in bytes for a few rows
// before they are summed.
#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define HALF 4
// Three planes add at most 24 to a byte in a row: 8 rows stay below 256.
#define ROWS_OF_BYTES 8

/// Ones of each byte, times the weight that is in the table.
INLINE TARGET __m256i ones(__m256i x, __m256i table) {
  const __m256i low = _mm256_set1_epi8(0x0F);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

INLINE TARGET __m256i everywhere(const uint64_t *word) { return _mm256_set1_epi64x((long long)*word); }
INLINE TARGET __m256i four(const uint64_t *words) { return _mm256_load_si256((const __m256i *)words); }

/// Distances and overlaps of four templates at one alignment.
INLINE TARGET void measure(
    enum sanmon_vein_kind kind, size_t rows, const uint64_t *word, const uint64_t *probe, uint64_t distance[HALF],
    uint64_t overlap[HALF]) {
  const int planes = planes_of(kind), words = words_of_row(kind), masked = is_masked(kind);
  const __m256i once = _mm256_setr_epi8(
      0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i twice = _mm256_add_epi8(once, once);
  const __m256i zero = _mm256_setzero_si256();
  __m256i d = zero, n = zero;
  for (size_t row = 0; row < rows;) {
    __m256i d_bytes = zero, n_bytes = zero;
    const size_t end = row + ROWS_OF_BYTES < rows ? row + ROWS_OF_BYTES : rows;
    for (; row < end; row++, probe += words, word += words * SANMON_VEIN_LANES) {
      const __m256i valid =
          masked ? _mm256_and_si256(everywhere(probe + planes), four(word + planes * SANMON_VEIN_LANES)) : zero;
      if (masked) n_bytes = _mm256_add_epi8(n_bytes, ones(valid, once));
      const __m256i x = _mm256_xor_si256(everywhere(probe), four(word));
      if (planes == 1) {
        d_bytes = _mm256_add_epi8(d_bytes, ones(masked ? _mm256_and_si256(x, valid) : x, once));
      } else {
        const __m256i y = _mm256_xor_si256(everywhere(probe + 1), four(word + SANMON_VEIN_LANES));
        const __m256i s = _mm256_xor_si256(everywhere(probe + 2), four(word + 2 * SANMON_VEIN_LANES));
        const __m256i one = _mm256_andnot_si256(s, _mm256_xor_si256(x, y));
        const __m256i sum = _mm256_and_si256(s, valid);
        const __m256i carry = _mm256_and_si256(_mm256_or_si256(_mm256_and_si256(x, y), one), valid);
        d_bytes = _mm256_add_epi8(d_bytes, _mm256_add_epi8(ones(sum, once), ones(carry, twice)));
      }
    }
    d = _mm256_add_epi64(d, _mm256_sad_epu8(d_bytes, zero));
    n = _mm256_add_epi64(n, _mm256_sad_epu8(n_bytes, zero));
  }
  if (!masked) n = _mm256_set1_epi64x((long long)rows * 64);
  _mm256_storeu_si256((__m256i *)distance, d);
  _mm256_storeu_si256((__m256i *)overlap, n);
}

INLINE TARGET void run(enum sanmon_vein_kind kind, const struct job *job) {
  const size_t size = job->rows * (size_t)words_of_row(kind) * SANMON_VEIN_LANES;
  for (size_t half = 0; half < 2 * job->group_count; half++) {
    const uint64_t *word = job->groups + half / 2 * size + half % 2 * HALF;
    struct kept best[HALF];
    for (int lane = 0; lane < HALF; lane++) best[lane] = none_of(kind);
    for (uint32_t a = 0; a < job->alignment_count; a++) {
      uint64_t distance[HALF], overlap[HALF];
      measure(kind, job->rows, word, job->probe + job->offsets[a], distance, overlap);
      for (int lane = 0; lane < HALF; lane++) keep(&best[lane], distance[lane], overlap[lane], job->least_overlap, a);
    }
    for (int lane = 0; lane < HALF; lane++) job->best[half * HALF + (size_t)lane] = result_of(&best[lane]);
  }
}

static TARGET void run_shared3(const struct job *job) { run(SANMON_VEIN_SHARED3, job); }
static TARGET void run_masked1(const struct job *job) { run(SANMON_VEIN_MASKED1, job); }
static TARGET void run_plain1(const struct job *job) { run(SANMON_VEIN_PLAIN1, job); }

void sanmon_vein_run_avx2(enum sanmon_vein_kind kind, const struct job *job) {
  switch (kind) {
  case SANMON_VEIN_SHARED3: run_shared3(job); break;
  case SANMON_VEIN_MASKED1: run_masked1(job); break;
  case SANMON_VEIN_PLAIN1: run_plain1(job); break;
  }
}

#endif
