// Linked into the programs of `deploy/soak thread` and `deploy/soak address` alone (-DTHREAD for the first).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Programs that tests start with an environment of their own have to know it too. What a program holds when it ends is no
// leak that anybody would notice.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "halt_on_error=1:atexit_sleep_ms=0"; }

// A buffer is written again when nobody else refers to it any more; who refers is counted in libswiftCore, which nothing watches.
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "race:s7NIOCore10ByteBufferV\n"; }

#ifdef THREAD
// Swift's Mutex: its fast path is compiled into our code, where the sanitizer sees it; where it has to wait is in
// libswiftSynchronization, which nothing watches: without this every lock that was waited for looks like a race.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define MUTEX "$s15Synchronization12_MutexHandleV"
#define LOCK MUTEX "9_lockSlowyys6UInt32VF"
#define TRY_LOCK MUTEX "12_tryLockSlowSbyF"
#define UNLOCK MUTEX "11_unlockSlowyyF"

SWIFT void sanmon_lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT bool sanmon_try_lock(SELF void *mutex) __asm__(TRY_LOCK);
SWIFT void sanmon_unlock(SELF void *mutex) __asm__(UNLOCK);

SWIFT void sanmon_lock(uint32_t thread, SELF void *mutex) {
  typedef SWIFT void (*Lock)(uint32_t, SELF void *);
  ((Lock)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT bool sanmon_try_lock(SELF void *mutex) {
  typedef SWIFT bool (*TryLock)(SELF void *);
  bool is_ours = ((TryLock)dlsym(RTLD_NEXT, TRY_LOCK))(mutex);
  if (is_ours) __tsan_acquire(mutex);
  return is_ours;
}

SWIFT void sanmon_unlock(SELF void *mutex) {
  typedef SWIFT void (*Unlock)(SELF void *);
  __tsan_release(mutex);
  ((Unlock)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
#endif
