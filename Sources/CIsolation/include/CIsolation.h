// The calls that Swift cannot make itself: variadic functions, and structures behind _GNU_SOURCE.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// Who is at the other end of a connected unix socket, as the kernel saw it at connect. 0, or an errno.
int sanmon_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid);

/// A unix stream socket bound to or connected with `path` (at most 107 bytes). 0, or an errno.
int sanmon_unix_bind(int socket, const char *path);
int sanmon_unix_connect(int socket, const char *path);

/// The next connection, closed on exec; -1 with errno set.
int sanmon_accept(int socket);

/// One datagram to a unix socket; a leading '@' names the abstract namespace. 0, or an errno.
int sanmon_unix_datagram(const char *path, const void *bytes, size_t count);

/// No core dump, no ptrace by the same user, no /proc/PID/mem (prctl PR_SET_DUMPABLE 0). 0, or an errno.
int sanmon_forbid_dumps(void);
/// No program started from here ever gains rights (prctl PR_SET_NO_NEW_PRIVS). 0, or an errno.
int sanmon_forbid_new_privileges(void);
/// 1 when both hold.
int sanmon_is_hardened(void);

/// What this process holds, and will hold, never reaches a swap device (mlockall). 0; EPERM with a limit
/// of locked memory (RLIMIT_MEMLOCK) and without CAP_IPC_LOCK.
int sanmon_lock_memory(void);

/// Few heaps for many threads, from now on (mallopt M_ARENA_MAX).
void sanmon_use_few_heaps(void);
/// Gives whole free pages back to the system when more than so many bytes are free. 1 when it did.
int sanmon_give_back_memory(size_t above);

// At most so much address space; what asks for more is refused.
int sanmon_limit_memory(size_t bytes);

// From now on and for good, for all threads: no sockets are made, no programs or processes begun, no files opened but, with `may_read`,
// for reading. ENOSYS where there is no filter for this machine.
int sanmon_confine(int may_read);

// Which files a thread, and what it starts, may reach (Landlock): begin, allow, enforce, and close `rules`. Each 0, or an errno;
// begin: ENOSYS or EOPNOTSUPP where the kernel has no Landlock.
int sanmon_files_begin(int *rules);
/// A file, or a folder with all below it. What is not there is passed over.
int sanmon_files_allow(int rules, const char *path, int may_write);
/// The folders of the libraries that this program has loaded, for reading.
int sanmon_files_allow_own_libraries(int rules);
/// For the calling thread alone, and for good; no program started from it gains rights.
int sanmon_files_enforce(int rules);

// From now on and for good, for all threads: no sockets but those of this machine, no programs or processes begun, no other
// process signalled or looked into, no group left. Files are not its business. ENOSYS where there is no filter for this machine.
int sanmon_confine_client(void);
