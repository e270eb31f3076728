// What this machine can do at most: the kernel's inner steps on registers alone, and reading memory alone.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum vein_limit { VEIN_LIMIT_PLAIN = 1, VEIN_LIMIT_MASKED = 2, VEIN_LIMIT_THREE_PLANES = 3 };

/// Steps of 512 code bits done by `rounds` rounds of the inner loop, with nothing loaded or stored; 0 without VPOPCNTDQ.
uint64_t vein_limit_steps(enum vein_limit limit, uint64_t rounds);

/// Reads all of it once, four streams of whole cache lines beside each other, and returns something made of it. `bytes` is a
/// multiple of 1,024.
uint64_t vein_limit_read(const void *memory, size_t bytes);
