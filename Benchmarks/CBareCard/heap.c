#include "CBareCard.h"

#include <malloc.h>

int64_t sanmon_bytes_in_use(void) {
  const struct mallinfo2 now = mallinfo2();
  return (int64_t)(now.uordblks + now.hblkhd);
}
