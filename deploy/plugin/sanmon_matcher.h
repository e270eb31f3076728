/* What a vendor's library gives Sanmon: one exported symbol, `sanmon_matcher_functions`. docs/vein.md is the guide.
 *
 * The library is loaded by `sanmon-matcher`, a process of its own with no network, no other files and no privileges. One call at
 * a time comes in, always from one thread. A call that is not back within its deadline, or that ends the process, is a denial for
 * the person who waits, with a row in the log; the process begins anew.
 *
 * Bytes that come in belong to the caller and may be read during the call only. Where a function writes, the caller gives the
 * room. Nothing is to be kept of a sample after the call.
 */
#ifndef SANMON_MATCHER_H
#define SANMON_MATCHER_H

#include <stddef.h>
#include <stdint.h>

/* A library of another number is not used. */
#define SANMON_MATCHER_ABI 2u
/* Bytes of one template, and of one opaque sample, at most. */
#define SANMON_MATCHER_MOST_BYTES 65536u
/* References of one comparison at most. */
#define SANMON_MATCHER_MOST_REFERENCES 16u

/* What a function returns. Whatever else it returns is taken for SANMON_MATCHER_FAILED. */
#define SANMON_MATCHER_OK 0
/* The sample is no good; `reason` says why, for the person before the sensor. */
#define SANMON_MATCHER_SAMPLE 1
/* A template of another format or version, or a damaged one. */
#define SANMON_MATCHER_TEMPLATE 2
#define SANMON_MATCHER_UNSUPPORTED 3
#define SANMON_MATCHER_FAILED 4

#define SANMON_MATCHER_PALM_VEIN 1u
#define SANMON_MATCHER_FINGER_VEIN 2u
#define SANMON_MATCHER_FACE 3u

/* Abilities, added up. */
#define SANMON_MATCHER_PICTURES 1u
#define SANMON_MATCHER_BLOBS 2u

/* Why a sample is no good. */
#define SANMON_MATCHER_NO_REASON 0u
#define SANMON_MATCHER_NO_HAND 1u
#define SANMON_MATCHER_TOO_NEAR 2u
#define SANMON_MATCHER_TOO_FAR 3u
#define SANMON_MATCHER_BLURRED 4u
#define SANMON_MATCHER_TOO_DARK 5u
#define SANMON_MATCHER_TOO_BRIGHT 6u
#define SANMON_MATCHER_WET 7u
#define SANMON_MATCHER_COVERED 8u
#define SANMON_MATCHER_NOT_WHOLE 9u
#define SANMON_MATCHER_FINGERS_TOGETHER 10u
#define SANMON_MATCHER_OTHER_HAND 11u
#define SANMON_MATCHER_WEAK_VEINS 12u

#define SANMON_MATCHER_RIGHT_HAND 1u
#define SANMON_MATCHER_LEFT_HAND 2u

struct sanmon_matcher_description {
  /* Texts end with 0, are ASCII, printable and at most 63 characters; `format` names what templates and blobs are. */
  const char *name;
  const char *vendor;
  const char *version;
  const char *format;
  uint32_t format_version;
  uint32_t modality;
  uint32_t abilities;
  uint32_t most_template_bytes;
  /* A score is a whole number from here … */
  int32_t least_score;
  /* … to here; higher is more alike. */
  int32_t most_score;
};

struct sanmon_matcher_sample {
  /* SANMON_MATCHER_PICTURES or SANMON_MATCHER_BLOBS. */
  uint32_t kind;
  uint32_t hand;
  /* Of a picture: grey, row by row, 8 bits or 16 (little-endian), no padding. */
  uint32_t width;
  uint32_t height;
  uint32_t bits;
  /* Nanometres and pixels per centimetre; 0: not told. */
  uint32_t wavelength;
  uint32_t resolution;
  /* Of a blob: as the sensor gave it. */
  uint32_t blob_version;
  const uint8_t *bytes;
  size_t count;
};

struct sanmon_matcher_bytes {
  const uint8_t *bytes;
  size_t count;
};

/* What came of one reference: all three fields are written. */
struct sanmon_matcher_score {
  /* SANMON_MATCHER_OK, and then the two below; or why not, and then both are 0. */
  int32_t status;
  int32_t score;
  /* −log10 of the rate at which strangers reach this score, 0 to 15, as it was measured for one sample against one template. */
  double false_match;
};

/* One of a gallery that came close. */
struct sanmon_matcher_candidate {
  /* Its place among the templates that the gallery was made of, from 0. */
  size_t place;
  /* As in a comparison with this template alone. */
  int32_t score;
  double false_match;
};

struct sanmon_matcher;
struct sanmon_matcher_gallery;

struct sanmon_matcher_functions {
  /* SANMON_MATCHER_ABI, and sizeof(struct sanmon_matcher_functions). */
  uint32_t abi;
  uint32_t bytes;
  /* The texts live as long as the library. */
  int (*describe)(struct sanmon_matcher_description *description);
  /* `configuration`: what stands in the file that the administrator names; may be empty. */
  int (*open)(const char *configuration, struct sanmon_matcher **matcher);
  void (*close)(struct sanmon_matcher *matcher);
  /* `room`: most_template_bytes. `quality`: 0 to 100. `reason`: with SANMON_MATCHER_SAMPLE. */
  int (*extract)(
      struct sanmon_matcher *matcher, const struct sanmon_matcher_sample *sample, uint8_t *room, size_t *count,
      uint32_t *quality, uint32_t *reason);
  int (*compare)(
      struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *probe, const struct sanmon_matcher_bytes *references,
      size_t count, struct sanmon_matcher_score *scores);
  /* The score that so many templates of one person, compared together, reach at a rate of 10^-exponent (3 to 9). */
  int (*threshold_for_fmr)(struct sanmon_matcher *matcher, uint32_t exponent, uint32_t templates, int32_t *score);
  /* Wipes whatever is kept of samples and templates, galleries too. */
  void (*zeroise)(struct sanmon_matcher *matcher);

  /* What follows is NULL where a library has none. */

  /* How good a template is that `extract` has made, 0 to 100: asked after each; the lower of the two counts. */
  int (*quality)(struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *made, uint32_t *quality);
  /* One probe against very many templates: all three or none. The host of this version does not ask them: it compares, 16 at a time.
   * A gallery lives within one request, and nothing of it is kept afterwards. `most`: room for so many candidates, best first. */
  int (*gallery_make)(
      struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *templates, size_t count,
      struct sanmon_matcher_gallery **gallery);
  void (*gallery_free)(struct sanmon_matcher *matcher, struct sanmon_matcher_gallery *gallery);
  int (*identify)(
      struct sanmon_matcher *matcher, const struct sanmon_matcher_bytes *probe, struct sanmon_matcher_gallery *gallery, size_t most,
      struct sanmon_matcher_candidate *candidates, size_t *count);
};

/* The one symbol. */
const struct sanmon_matcher_functions *sanmon_matcher_functions(void);

#endif
