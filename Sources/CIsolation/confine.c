#define _GNU_SOURCE
#include "CIsolation.h"
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int sanmon_limit_memory(size_t bytes) {
  struct rlimit limit = {bytes, bytes};
  return setrlimit(RLIMIT_AS, &limit) == 0 ? 0 : errno;
}

int sanmon_confine(int may_read) {
  if (MACHINE == 0) return ENOSYS;
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
      REFUSE(open),
      REFUSE(creat),
      REFUSE(link),
      REFUSE(unlink),
      REFUSE(rename),
      REFUSE(mkdir),
      REFUSE(symlink),
      REFUSE(chmod),
#endif
      REFUSE(socket),
      REFUSE(socketpair),
      REFUSE(connect),
      REFUSE(bind),
      REFUSE(execve),
      REFUSE(execveat),
      REFUSE(ptrace),
      REFUSE(process_vm_readv),
      REFUSE(process_vm_writev),
      REFUSE(pidfd_getfd),
      REFUSE(openat2),
      REFUSE(open_by_handle_at),
      REFUSE(linkat),
      REFUSE(unlinkat),
      REFUSE(renameat2),
      REFUSE(mkdirat),
      REFUSE(symlinkat),
      REFUSE(fchmodat),
      REFUSE(truncate),
      REFUSE(userfaultfd),
      REFUSE(bpf),
      REFUSE(keyctl),
      REFUSE(add_key),
      REFUSE(request_key),
      REFUSE(perf_event_open),
      REFUSE(io_uring_setup),
      REFUSE(unshare),
      REFUSE(setns),
      REFUSE(kill),
      REFUSE(tkill),
      // The library falls back on clone, whose flags can be seen.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
      RETURN(SECCOMP_RET_ERRNO | ENOSYS),
      // Threads, but no processes.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
      ARGUMENT(0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
      RETURN(SECCOMP_RET_ALLOW),
      DENY,
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 5),
      BPF_STMT(BPF_LD | BPF_IMM, may_read ? 0 : 1),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0),
      ARGUMENT(2),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1),
      DENY,
      RETURN(SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  // For every thread there is.
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ? 0 : errno;
}
