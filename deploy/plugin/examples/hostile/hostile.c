/* A library that does to its host whatever a faulty or malicious one may: what, says the administrator's file, or the first word of
 * a sample. For tests; whoever writes a library can see here what it is held against. */
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../sanmon_matcher.h"

enum { MOST = 64 };

struct sanmon_matcher {
  char nothing;
};

/* Of the last blob, for the question that follows it. */
static char last_manner[32];

static int describe(struct sanmon_matcher_description *description) {
  const char *manner = getenv("SANMON_HOSTILE");
  if (!manner) manner = "";
  *description = (struct sanmon_matcher_description){
      .name = "hostile",
      .vendor = "Sanmon",
      .version = "1",
      .format = "HST",
      .format_version = 1,
      .modality = SANMON_MATCHER_PALM_VEIN,
      .abilities = strcmp(manner, "pictures") ? SANMON_MATCHER_BLOBS : SANMON_MATCHER_PICTURES,
      .most_template_bytes = MOST,
      .least_score = 0,
      .most_score = 100};
  if (!strcmp(manner, "describe-nothing")) memset(description, 0, sizeof *description);
  if (!strcmp(manner, "describe-large")) description->most_template_bytes = SANMON_MATCHER_MOST_BYTES + 1;
  if (!strcmp(manner, "describe-line")) description->name = "two\nlines";
  if (!strcmp(manner, "describe-scores")) description->least_score = 101;
  return SANMON_MATCHER_OK;
}

static int open_(const char *configuration, struct sanmon_matcher **matcher) {
  if (!strcmp(configuration, "open-fails")) return SANMON_MATCHER_FAILED;
  *matcher = strcmp(configuration, "open-null") ? calloc(1, sizeof **matcher) : NULL;
  return SANMON_MATCHER_OK;
}

static void close_(struct sanmon_matcher *matcher) { free(matcher); }
static void zeroise(struct sanmon_matcher *matcher) { (void)matcher; }

static void harm(const char *manner) {
  if (!strcmp(manner, "crash")) *(volatile int *)8 = 1;
  if (!strcmp(manner, "abort")) abort();
  if (!strcmp(manner, "leave")) _exit(0);
  if (!strcmp(manner, "hang"))
    for (;;) pause();
  if (!strcmp(manner, "spin"))
    for (;;) __asm__ volatile("");
  if (!strcmp(manner, "eat"))
    for (size_t i = 0; i < 4096; i++) {
      char *memory = malloc(1 << 20);
      if (!memory) break;
      memset(memory, 1, 1 << 20);
    }
}

static int extract(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_sample *sample, uint8_t *room, size_t *count, uint32_t *quality,
    uint32_t *reason) {
  (void)matcher;
  char manner[32] = {0};
  if (sample->kind == SANMON_MATCHER_PICTURES) {
    /* A dark one is too much for it. */
    size_t sum = 0;
    for (size_t pixel = 0; pixel < sample->count; pixel++) sum += sample->bytes[pixel];
    if (sum / sample->count < 32) harm("crash");
  } else {
    memcpy(manner, sample->bytes, sample->count < 31 ? sample->count : 31);
  }
  memcpy(last_manner, manner, sizeof manner);
  harm(manner);
  memset(room, 7, MOST);
  *count = MOST;
  *quality = 50;
  if (!strcmp(manner, "count-large")) *count = MOST + 1;
  if (!strcmp(manner, "count-huge")) *count = SIZE_MAX;
  if (!strcmp(manner, "count-none")) *count = 0;
  if (!strcmp(manner, "quality")) *quality = 101;
  if (!strcmp(manner, "reason")) {
    *reason = 99;
    return SANMON_MATCHER_SAMPLE;
  }
  if (!strcmp(manner, "no-reason")) return SANMON_MATCHER_SAMPLE;
  if (!strcmp(manner, "unknown")) return 77;
  if (!strcmp(manner, "network")) {
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    return socket_ >= 0 ? SANMON_MATCHER_OK : SANMON_MATCHER_UNSUPPORTED;
  }
  if (!strcmp(manner, "program")) {
    execl("/bin/true", "true", (char *)NULL);
    return SANMON_MATCHER_UNSUPPORTED;
  }
  if (!strcmp(manner, "file")) {
    FILE *file = fopen("/etc/passwd", "r");
    return file ? SANMON_MATCHER_OK : SANMON_MATCHER_UNSUPPORTED;
  }
  return SANMON_MATCHER_OK;
}

static int compare(
    struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *probe, const struct sanmon_matcher_bytes *references,
    size_t count, struct sanmon_matcher_score *scores) {
  (void)matcher, (void)probe;
  char manner[32] = {0};
  size_t length = references[0].count < 31 ? references[0].count : 31;
  memcpy(manner, references[0].bytes, length);
  harm(manner);
  for (size_t i = 0; i < count; i++) scores[i] = (struct sanmon_matcher_score){SANMON_MATCHER_OK, 100, 15};
  struct sanmon_matcher_score *last = &scores[count - 1];
  if (!strcmp(manner, "nan")) last->false_match = NAN;
  if (!strcmp(manner, "infinite")) last->false_match = INFINITY;
  if (!strcmp(manner, "negative")) last->false_match = -1;
  if (!strcmp(manner, "beyond")) last->false_match = 15.5;
  if (!strcmp(manner, "score-high")) last->score = 101;
  if (!strcmp(manner, "score-low")) last->score = -1;
  if (!strcmp(manner, "both")) last->status = SANMON_MATCHER_TEMPLATE;
  if (!strcmp(manner, "status")) *last = (struct sanmon_matcher_score){42, 0, 0};
  if (!strcmp(manner, "short")) memset(last, 0x7F, sizeof *last);
  if (!strcmp(manner, "failed")) return SANMON_MATCHER_FAILED;
  if (!strcmp(manner, "unknown")) return -1;
  return SANMON_MATCHER_OK;
}

static int threshold(struct sanmon_matcher *matcher, uint32_t exponent, uint32_t templates, int32_t *score) {
  (void)matcher, (void)templates;
  *score = exponent == 9 ? 500 : 50;
  return SANMON_MATCHER_OK;
}

static int quality(struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *made, uint32_t *quality) {
  (void)matcher, (void)made;
  if (!strcmp(last_manner, "graded-over")) *quality = 101;
  if (!strcmp(last_manner, "graded-low")) *quality = 20;
  if (!strcmp(last_manner, "graded-high")) *quality = 100;
  if (!strcmp(last_manner, "graded-failed")) return SANMON_MATCHER_FAILED;
  if (!strcmp(last_manner, "graded-unknown")) return 77;
  /* Among them one that writes nothing. */
  if (!strncmp(last_manner, "graded", 6)) return SANMON_MATCHER_OK;
  *quality = 50;
  return SANMON_MATCHER_OK;
}

static void gallery_free(struct sanmon_matcher *matcher, struct sanmon_matcher_gallery *gallery) {
  (void)matcher, (void)gallery;
}

const struct sanmon_matcher_functions *sanmon_matcher_functions(void) {
  static struct sanmon_matcher_functions functions;
  functions = (struct sanmon_matcher_functions){
      SANMON_MATCHER_ABI, sizeof functions, describe, open_, close_, extract, compare, threshold, zeroise, quality,
      NULL, NULL, NULL};
  const char *manner = getenv("SANMON_HOSTILE");
  if (manner && !strcmp(manner, "no-table")) return NULL;
  if (manner && !strcmp(manner, "other-abi")) functions.abi = SANMON_MATCHER_ABI + 1;
  if (manner && !strcmp(manner, "former-abi")) functions.abi = SANMON_MATCHER_ABI - 1;
  if (manner && !strcmp(manner, "no-quality")) functions.quality = NULL;
  if (manner && !strcmp(manner, "half-gallery")) functions.gallery_free = gallery_free;
  if (manner && !strcmp(manner, "short-table")) functions.bytes = 16;
  if (manner && !strcmp(manner, "hole")) functions.compare = NULL;
  return &functions;
}
