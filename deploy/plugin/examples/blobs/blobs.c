/* How a library looks whose sensor gives blobs that nobody else reads: "BLOB", the hand, and 64 bytes of features. */
#include <stdlib.h>
#include <string.h>

#include "../../sanmon_matcher.h"

enum { HEAD = 5, FEATURES = 64, BLOB = HEAD + FEATURES };

struct sanmon_matcher {
  /* What the administrator's file says: how many features have to be the same. */
  int32_t needed;
};

static int describe(struct sanmon_matcher_description *description) {
  *description = (struct sanmon_matcher_description){
      .name = "example-blobs",
      .vendor = "Sanmon",
      .version = "1",
      .format = "EXB",
      .format_version = 7,
      .modality = SANMON_MATCHER_PALM_VEIN,
      .abilities = SANMON_MATCHER_BLOBS,
      .most_template_bytes = BLOB,
      .least_score = 0,
      .most_score = FEATURES};
  return SANMON_MATCHER_OK;
}

static int open_(const char *configuration, struct sanmon_matcher **matcher) {
  *matcher = calloc(1, sizeof **matcher);
  if (!*matcher) return SANMON_MATCHER_FAILED;
  const char *line = strstr(configuration, "needed=");
  (*matcher)->needed = line ? atoi(line + 7) : 32;
  return SANMON_MATCHER_OK;
}

static void zeroise(struct sanmon_matcher *matcher) { (void)matcher; }
static void close_(struct sanmon_matcher *matcher) { free(matcher); }

static int is_blob(const uint8_t *bytes, size_t count) { return count == BLOB && memcmp(bytes, "BLOB", 4) == 0; }

static int extract(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_sample *sample, uint8_t *room, size_t *count, uint32_t *quality,
    uint32_t *reason) {
  (void)matcher;
  if (sample->kind != SANMON_MATCHER_BLOBS || sample->blob_version != 7) return SANMON_MATCHER_UNSUPPORTED;
  if (!is_blob(sample->bytes, sample->count)) return SANMON_MATCHER_FAILED;
  if (sample->bytes[4] != sample->hand) {
    *reason = SANMON_MATCHER_OTHER_HAND;
    return SANMON_MATCHER_SAMPLE;
  }
  memcpy(room, sample->bytes, sample->count);
  *count = sample->count;
  *quality = 100;
  return SANMON_MATCHER_OK;
}

static int compare(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *probe, const struct sanmon_matcher_bytes *references,
    size_t count, struct sanmon_matcher_score *scores) {
  if (!is_blob(probe->bytes, probe->count)) return SANMON_MATCHER_TEMPLATE;
  for (size_t i = 0; i < count; i++) {
    scores[i] = (struct sanmon_matcher_score){SANMON_MATCHER_TEMPLATE, 0, 0};
    if (!is_blob(references[i].bytes, references[i].count)) continue;
    int32_t same = 0;
    for (int feature = HEAD; feature < BLOB; feature++) same += probe->bytes[feature] == references[i].bytes[feature];
    scores[i] = (struct sanmon_matcher_score){SANMON_MATCHER_OK, same, same >= matcher->needed ? 6 : 0};
  }
  return SANMON_MATCHER_OK;
}

static int threshold(struct sanmon_matcher *matcher, uint32_t exponent, uint32_t templates, int32_t *score) {
  (void)templates;
  if (exponent > 6) return SANMON_MATCHER_UNSUPPORTED;
  *score = matcher->needed;
  return SANMON_MATCHER_OK;
}

/* A feature that is 0 was not seen. */
static int quality(struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *made, uint32_t *quality) {
  (void)matcher;
  if (!is_blob(made->bytes, made->count)) return SANMON_MATCHER_TEMPLATE;
  uint32_t seen = 0;
  for (int feature = HEAD; feature < BLOB; feature++) seen += made->bytes[feature] != 0;
  *quality = seen * 100 / FEATURES;
  return SANMON_MATCHER_OK;
}

const struct sanmon_matcher_functions *sanmon_matcher_functions(void) {
  static const struct sanmon_matcher_functions functions = {
      SANMON_MATCHER_ABI, sizeof functions, describe, open_, close_, extract, compare, threshold, zeroise, quality,
      NULL, NULL, NULL};
  return &functions;
}
