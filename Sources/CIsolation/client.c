#define _GNU_SOURCE
#include "CIsolation.h"
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock (Linux 5.13): the same numbers on every machine, and the first version's structures, which all later kernels take.
#define LANDLOCK_CREATE 444
#define LANDLOCK_ADD 445
#define LANDLOCK_RESTRICT 446
#define ASK_VERSION 1
#define BELOW_PATH 1

enum {
  WRITE_FILE = 1 << 1,
  READ_FILE = 1 << 2,
  READ_FOLDER = 1 << 3,
  REMOVE_FILE = 1 << 5,
  MAKE_FILE = 1 << 8,
  // From writing to making links: all that the first version knows but starting programs, which the filter of calls takes.
  FIRST_VERSION = ((1 << 13) - 1) & ~1,
  TRUNCATE = 1 << 14,
};

struct ruleset {
  uint64_t handled;
};
struct rule {
  uint64_t allowed;
  int32_t at;
} __attribute__((packed));

// Cutting a file is a right of its own since the third version; before, the filter of calls refuses it by path.
static uint64_t handled_rights(long version) { return FIRST_VERSION | (version >= 3 ? TRUNCATE : 0); }

int sanmon_files_begin(int *rules) {
  const long version = syscall(LANDLOCK_CREATE, NULL, 0, ASK_VERSION);
  if (version < 1) return version < 0 ? errno : ENOSYS;
  const struct ruleset wanted = {handled_rights(version)};
  const long made = syscall(LANDLOCK_CREATE, &wanted, sizeof wanted, 0);
  if (made < 0) return errno;
  *rules = (int)made;
  return 0;
}

int sanmon_files_allow(int rules, const char *path, int may_write) {
  const int at = open(path, O_PATH | O_CLOEXEC);
  // What is not there, or is not this user's to see, needs no rule.
  if (at < 0) return 0;
  struct stat status;
  int fault = fstat(at, &status) == 0 ? 0 : errno;
  if (fault == 0) {
    uint64_t allowed = READ_FILE | READ_FOLDER;
    if (may_write) {
      allowed |= WRITE_FILE | REMOVE_FILE | MAKE_FILE;
      if (handled_rights(syscall(LANDLOCK_CREATE, NULL, 0, ASK_VERSION)) & TRUNCATE) allowed |= TRUNCATE;
    }
    if (!S_ISDIR(status.st_mode)) allowed &= READ_FILE | WRITE_FILE | TRUNCATE;
    const struct rule rule = {allowed, at};
    if (syscall(LANDLOCK_ADD, rules, BELOW_PATH, &rule, 0) != 0) fault = errno;
  }
  close(at);
  return fault;
}

static int allow_folder(struct dl_phdr_info *library, size_t size, void *rules) {
  (void)size;
  char folder[PATH_MAX];
  const char *slash = library->dlpi_name ? strrchr(library->dlpi_name, '/') : NULL;
  if (slash == NULL || slash == library->dlpi_name) return 0;
  const size_t count = (size_t)(slash - library->dlpi_name);
  if (count >= sizeof folder) return 0;
  memcpy(folder, library->dlpi_name, count);
  folder[count] = 0;
  return sanmon_files_allow(*(const int *)rules, folder, 0);
}

int sanmon_files_allow_own_libraries(int rules) { return dl_iterate_phdr(allow_folder, &rules); }

int sanmon_files_enforce(int rules) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return syscall(LANDLOCK_RESTRICT, rules, 0) == 0 ? 0 : errno;
}

int sanmon_confine_client(void) {
  if (MACHINE == 0) return ENOSYS;
  const uint32_t own = (uint32_t)getpid();
  struct sock_filter filter[] = {
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
      RETURN(SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
#if defined(__x86_64__)
      // The x32 numbers of the same calls.
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      DENY,
      REFUSE(fork),
      REFUSE(vfork),
      REFUSE(chmod),
      REFUSE(chown),
      REFUSE(lchown),
#endif
      REFUSE(execve),
      REFUSE(execveat),
      // What no right over files covers, or not in every version.
      REFUSE(fchmodat),
      REFUSE(fchownat),
      REFUSE(truncate),
      REFUSE(setxattr),
      REFUSE(lsetxattr),
      REFUSE(removexattr),
      REFUSE(lremovexattr),
      REFUSE(open_by_handle_at),
      // Who connects to a reader service need not be found by anybody.
      REFUSE(bind),
      REFUSE(listen),
      // Other processes, and ways round this filter.
      REFUSE(ptrace),
      REFUSE(process_vm_readv),
      REFUSE(process_vm_writev),
      REFUSE(pidfd_getfd),
      REFUSE(pidfd_send_signal),
      REFUSE(kill),
      REFUSE(tkill),
      REFUSE(rt_sigqueueinfo),
      REFUSE(rt_tgsigqueueinfo),
      // The group is how whoever started this ends it.
      REFUSE(setpgid),
      REFUSE(setsid),
      REFUSE(userfaultfd),
      REFUSE(bpf),
      REFUSE(keyctl),
      REFUSE(add_key),
      REFUSE(request_key),
      REFUSE(perf_event_open),
      REFUSE(io_uring_setup),
      REFUSE(init_module),
      REFUSE(finit_module),
      REFUSE(unshare),
      REFUSE(setns),
      // The library falls back on clone, whose flags can be seen.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
      RETURN(SECCOMP_RET_ERRNO | ENOSYS),
      // Threads, but no processes.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
      ARGUMENT(0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
      RETURN(SECCOMP_RET_ALLOW),
      DENY,
      // Its own end by a signal is its own business.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 4),
      ARGUMENT(0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 0, 1),
      RETURN(SECCOMP_RET_ALLOW),
      DENY,
      // The reader service's socket is one of this machine; a network has other families.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 4),
      ARGUMENT(0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
      RETURN(SECCOMP_RET_ALLOW),
      DENY,
      RETURN(SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  // For every thread there is.
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  // More than 0 names a thread that could not be brought along.
  return result == 0 ? 0 : result < 0 ? errno : EBUSY;
}
