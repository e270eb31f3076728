/* How a library that takes pictures looks. It compares the brightness of 16 × 16 fields: enough to show every function, and nothing
 * that would tell people apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../sanmon_matcher.h"

enum { FIELDS = 256, HEAD = 4, TEMPLATE = HEAD + FIELDS / 8 };
static const uint8_t head[HEAD] = {'E', 'X', 'P', 1};

struct sanmon_matcher {
  double fields[FIELDS];
};

static int describe(struct sanmon_matcher_description *description) {
  *description = (struct sanmon_matcher_description){
      .name = "example-pictures",
      .vendor = "Sanmon",
      .version = "1",
      .format = "EXP",
      .format_version = 1,
      .modality = SANMON_MATCHER_PALM_VEIN,
      .abilities = SANMON_MATCHER_PICTURES,
      .most_template_bytes = TEMPLATE,
      .least_score = 0,
      .most_score = FIELDS};
  return SANMON_MATCHER_OK;
}

static int open_(const char *configuration, struct sanmon_matcher **matcher) {
  (void)configuration;
  *matcher = calloc(1, sizeof **matcher);
  return *matcher ? SANMON_MATCHER_OK : SANMON_MATCHER_FAILED;
}

static void zeroise(struct sanmon_matcher *matcher) { memset(matcher, 0, sizeof *matcher); }

static void close_(struct sanmon_matcher *matcher) {
  zeroise(matcher);
  free(matcher);
}

static int extract(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_sample *sample, uint8_t *room, size_t *count, uint32_t *quality,
    uint32_t *reason) {
  if (sample->kind != SANMON_MATCHER_PICTURES) return SANMON_MATCHER_UNSUPPORTED;
  size_t bytes = sample->bits / 8;
  if (sample->width < 16 || sample->height < 16) {
    *reason = SANMON_MATCHER_TOO_FAR;
    return SANMON_MATCHER_SAMPLE;
  }
  double sum = 0;
  for (int field = 0; field < FIELDS; field++) {
    size_t left = sample->width * (size_t)(field % 16) / 16, right = sample->width * (size_t)(field % 16 + 1) / 16;
    size_t top = sample->height * (size_t)(field / 16) / 16, bottom = sample->height * (size_t)(field / 16 + 1) / 16;
    double total = 0;
    for (size_t y = top; y < bottom; y++)
      for (size_t x = left; x < right; x++) total += sample->bytes[(y * sample->width + x) * bytes + bytes - 1];
    matcher->fields[field] = total / (double)((right - left) * (bottom - top));
    sum += matcher->fields[field];
  }
  if (sum / FIELDS < 16) {
    *reason = SANMON_MATCHER_TOO_DARK;
    return SANMON_MATCHER_SAMPLE;
  }
  memcpy(room, head, HEAD);
  memset(room + HEAD, 0, FIELDS / 8);
  for (int field = 0; field < FIELDS; field++)
    if (matcher->fields[field] > sum / FIELDS) room[HEAD + field / 8] |= (uint8_t)(1 << field % 8);
  *count = TEMPLATE;
  *quality = 80;
  zeroise(matcher);
  return SANMON_MATCHER_OK;
}

static int is_template(const struct sanmon_matcher_bytes *bytes) {
  return bytes->count == TEMPLATE && memcmp(bytes->bytes, head, HEAD) == 0;
}

static int compare(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *probe, const struct sanmon_matcher_bytes *references,
    size_t count, struct sanmon_matcher_score *scores) {
  (void)matcher;
  if (!is_template(probe)) return SANMON_MATCHER_TEMPLATE;
  for (size_t i = 0; i < count; i++) {
    if (!is_template(&references[i])) {
      scores[i] = (struct sanmon_matcher_score){SANMON_MATCHER_TEMPLATE, 0, 0};
      continue;
    }
    int32_t same = FIELDS;
    for (int byte = HEAD; byte < TEMPLATE; byte++)
      same -= __builtin_popcount(probe->bytes[byte] ^ references[i].bytes[byte]);
    /* As of 256 coins; a real library has this from measurements. */
    double deviations = (same - FIELDS / 2) / 8.0;
    double rate = erfc(deviations / sqrt(2)) / 2;
    scores[i] = (struct sanmon_matcher_score){SANMON_MATCHER_OK, same, rate > 1e-15 ? -log10(rate) : 15};
  }
  return SANMON_MATCHER_OK;
}

static int threshold(struct sanmon_matcher *matcher, uint32_t exponent, uint32_t templates, int32_t *score) {
  (void)matcher;
  for (int32_t same = FIELDS / 2; same <= FIELDS; same++)
    if (templates * erfc((same - FIELDS / 2) / 8.0 / sqrt(2)) / 2 <= pow(10, -(double)exponent)) {
      *score = same;
      return SANMON_MATCHER_OK;
    }
  return SANMON_MATCHER_UNSUPPORTED;
}

/* Half of the fields lie above the mean of a good one. */
static int quality(struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *made, uint32_t *quality) {
  (void)matcher;
  if (!is_template(made)) return SANMON_MATCHER_TEMPLATE;
  int above = 0;
  for (int byte = HEAD; byte < TEMPLATE; byte++) above += __builtin_popcount(made->bytes[byte]);
  *quality = (uint32_t)(100 - abs(above - FIELDS / 2) * 100 / (FIELDS / 2));
  return SANMON_MATCHER_OK;
}

const struct sanmon_matcher_functions *sanmon_matcher_functions(void) {
  static const struct sanmon_matcher_functions functions = {
      SANMON_MATCHER_ABI, sizeof functions, describe, open_, close_, extract, compare, threshold, zeroise, quality,
      NULL, NULL, NULL};
  return &functions;
}
