#define _GNU_SOURCE
#include "CIsolation.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int sanmon_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return errno;
  if (length != sizeof peer) return EINVAL;
  *uid = peer.uid;
  *gid = peer.gid;
  *pid = peer.pid;
  return 0;
}

static int address(struct sockaddr_un *result, const char *path, socklen_t *length) {
  size_t count = strlen(path);
  // 107 bytes and the final zero; a longer path must not be cut to another one.
  if (count == 0 || count >= sizeof result->sun_path) return ENAMETOOLONG;
  memset(result, 0, sizeof *result);
  result->sun_family = AF_UNIX;
  memcpy(result->sun_path, path, count);
  *length = (socklen_t)sizeof *result;
  return 0;
}

int sanmon_unix_bind(int socket, const char *path) {
  struct sockaddr_un target;
  socklen_t length;
  int fault = address(&target, path, &length);
  if (fault != 0) return fault;
  return bind(socket, (struct sockaddr *)&target, length) == 0 ? 0 : errno;
}

int sanmon_unix_connect(int socket, const char *path) {
  struct sockaddr_un target;
  socklen_t length;
  int fault = address(&target, path, &length);
  if (fault != 0) return fault;
  return connect(socket, (struct sockaddr *)&target, length) == 0 ? 0 : errno;
}

int sanmon_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }

int sanmon_unix_datagram(const char *path, const void *bytes, size_t count) {
  struct sockaddr_un target;
  socklen_t length;
  int fault = address(&target, path, &length);
  if (fault != 0) return fault;
  if (target.sun_path[0] == '@') {
    target.sun_path[0] = 0;
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  ssize_t sent = sendto(fd, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&target, length);
  fault = sent < 0 ? errno : (size_t)sent == count ? 0 : EMSGSIZE;
  close(fd);
  return fault;
}

int sanmon_forbid_dumps(void) {
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return errno;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}

int sanmon_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno; }

int sanmon_is_hardened(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 &&
         prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static int may_lock_without_limit(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{0}};
  return syscall(SYS_capget, &header, data) == 0 && (data[0].effective >> CAP_IPC_LOCK & 1) == 1;
}

int sanmon_lock_memory(void) {
  if (!may_lock_without_limit()) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return errno;
    // Under any other limit a later allocation would fail.
    if (limit.rlim_max != RLIM_INFINITY) return EPERM;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return errno;
  }
  return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? 0 : errno;
}

// Eight heaps a core is glibc's default, and each keeps what it ever held.
void sanmon_use_few_heaps(void) { mallopt(M_ARENA_MAX, 2); }

int sanmon_give_back_memory(size_t above) { return mallinfo2().fordblks > above && malloc_trim(0); }
