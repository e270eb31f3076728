#define _GNU_SOURCE
#include "CPrograms.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int programs_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int programs_change_folder(posix_spawn_file_actions_t *actions, const char *folder) {
  return posix_spawn_file_actions_addchdir_np(actions, folder);
}

int programs_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int programs_unnamed_file(const char *folder) {
  char name[4096];
  // The six X are mkostemp's: it writes a name of its own over them (POSIX mkostemp).
  if (snprintf(name, sizeof name, "%s/sanmon-program-XXXXXX", folder) >= (int)sizeof name) return -1;
  int file = mkostemp(name, O_CLOEXEC);
  if (file >= 0) unlink(name);
  return file;
}
