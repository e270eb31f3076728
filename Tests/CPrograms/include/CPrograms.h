#ifndef CPROGRAMS_H
#define CPROGRAMS_H

#include <spawn.h>

/// What Programs needs of glibc 2.34 and Swift does not see there (_GNU_SOURCE).

/// As posix_spawn_file_actions_addclosefrom_np.
int programs_close_from(posix_spawn_file_actions_t *actions, int first);

/// As posix_spawn_file_actions_addchdir_np.
int programs_change_folder(posix_spawn_file_actions_t *actions, const char *folder);

/// A pipe that no other program inherits; -1 and errno.
int programs_pipe(int ends[2]);

/// A file without a name in `folder` that no other program inherits, for reading and writing; -1 and errno.
int programs_unnamed_file(const char *folder);

#endif
