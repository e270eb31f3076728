#ifndef SANMON_ALLOCATION_COUNT_H
#define SANMON_ALLOCATION_COUNT_H

#include <stdint.h>

/// Allocations of this process so far, by any thread. `UINT64_MAX` in a build that watches the allocator itself (sanitizers).
uint64_t sanmon_allocations(void);

#endif
