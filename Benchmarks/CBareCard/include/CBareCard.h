// What nobody can leave out between a program and a card: the reader service's own calls in a loop, and nothing else.
#pragma once
#include <stdint.h>

/// Seconds that one question about the PIN's counter takes, out of `count` asked one after the other in one transaction; less
/// than zero if the card could not be used. Costs no try.
double sanmon_bare_card(const char *reader, int count);

/// Bytes that this process has from glibc's allocator and has not given back, by any thread; what a thread keeps for its next
/// allocations counts too.
int64_t sanmon_bytes_in_use(void);
