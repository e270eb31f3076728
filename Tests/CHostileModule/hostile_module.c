/* A PKCS#11 library that does to its host whatever a faulty or malicious one may: what, says the name of the settings file that it is
 * given (the part behind the last slash). With the name "fine" it is an honest token without a certificate. For tests. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../Sources/CPKCS11/pkcs11_subset.h"

static const char *manner(void) {
  const char *path = getenv("SOFTHSM2_CONF");
  if (!path) return "fine";
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static int is(const char *name) { return strcmp(manner(), name) == 0; }

/* The folder of the settings file has one beside it, which is none of a library's business. */
static int reaches_files(void) {
  char own[512], other[600], path[700];
  snprintf(own, sizeof own, "%s", getenv("SOFTHSM2_CONF"));
  *strrchr(own, '/') = 0;
  snprintf(other, sizeof other, "%s/../home", own);
  if (opendir(other)) return 1;
  snprintf(path, sizeof path, "%s/secret", other);
  if (open(path, O_RDONLY) >= 0 || open(path, O_WRONLY) >= 0 || open(path, O_WRONLY | O_TRUNC) >= 0) return 1;
  if (truncate(path, 0) == 0 || chmod(path, 0777) == 0 || unlink(path) == 0) return 1;
  snprintf(path, sizeof path, "%s/new", other);
  if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || mkdir(path, 0700) == 0 || symlink("/", path) == 0) return 1;
  struct passwd *user = getpwuid(getuid());
  if (user && strcmp(user->pw_dir, "/") != 0 && opendir(user->pw_dir)) return 1;
  if (open("/etc/sanmon-new", O_WRONLY | O_CREAT, 0600) >= 0 || open("/tmp/sanmon-new", O_WRONLY | O_CREAT, 0600) >= 0) return 1;
  /* What it needs: its own files, and the system's settings. */
  snprintf(path, sizeof path, "%s/own", own);
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, "x", 1) != 1 || close(file) != 0 || unlink(path) != 0) return 1;
  file = open("/etc/passwd", O_RDONLY);
  return file < 0 || close(file) != 0;
}

static int reaches_network(void) {
  static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};
  for (size_t place = 0; place < sizeof families / sizeof *families; place++)
    if (socket(families[place], SOCK_STREAM, 0) >= 0 || socket(families[place], SOCK_DGRAM, 0) >= 0) return 1;
  /* The reader service is behind one of these. */
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
}

static int reaches_programs(void) {
  static char *const words[] = {"true", NULL};
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (child > 0) return 1;
  /* Were it begun, the host would be gone without an answer. */
  execv("/bin/true", words);
  execv("/usr/bin/true", words);
  return system("true") == 0;
}

static int reaches_processes(void) {
  return kill(getppid(), 0) == 0 || kill(-1, 0) == 0 || setpgid(0, getpgid(getppid())) == 0 || setsid() >= 0;
}

static CK_RV initialize(void *arguments) {
  (void)arguments;
  if (is("init-fails")) return CKR_GENERAL_ERROR;
  if (is("crash")) *(volatile int *)8 = 1;
  if (is("abort")) abort();
  if (is("leave")) _exit(0);
  if (is("hang"))
    for (;;) pause();
  if (is("spin"))
    for (;;) __asm__ volatile("");
  if (is("files") && reaches_files()) abort();
  if (is("network") && reaches_network()) abort();
  if (is("programs") && reaches_programs()) abort();
  if (is("processes") && reaches_processes()) abort();
  /* Whatever a library prints, or writes to descriptors that are not its own. */
  if (is("print")) {
    puts("hello from the library");
    fflush(stdout);
    fputs("and an error\n", stderr);
  }
  if (is("scribble")) {
    static const char frame[] = {0, 0, 0, 4, 'e', 'v', 'i', 'l'};
    if (write(3, frame, sizeof frame) < 0) abort();
  }
  if (is("scribble-large")) {
    static const char frame[] = {127, -1, -1, -1, 0};
    if (write(3, frame, sizeof frame) < 0) abort();
  }
  /* Lines of the environment that are not meant for it. */
  if (is("environment") && (getenv("HOME") || getenv("PATH") || getenv("SANMON_SECRET"))) abort();
  /* A file or a pipe of its host's host, where a PIN may wait to be read. */
  if (is("descriptors"))
    for (int descriptor = 4; descriptor < 256; descriptor++) {
      struct stat status;
      if (fstat(descriptor, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))) abort();
    }
  return CKR_OK;
}

static CK_RV finalize(void *reserved) {
  (void)reserved;
  if (is("finalize-hangs"))
    for (;;) pause();
  return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL with_token, CK_SLOT_ID *slots, CK_ULONG *count) {
  (void)with_token;
  if (is("slots-many")) {
    *count = 1UL << 40;
    return CKR_OK;
  }
  if (slots && is("slots-more")) {
    *count = 1000;
    return CKR_OK;
  }
  if (is("no-slots")) {
    *count = 0;
    return CKR_OK;
  }
  if (is("neighbour") || is("neighbours")) {
    if (slots) {
      slots[0] = 6;
      slots[1] = 7;
    }
    *count = 2;
    return CKR_OK;
  }
  if (slots) slots[0] = 7;
  *count = 1;
  return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info) {
  (void)slot;
  memset(info, ' ', sizeof *info);
  memcpy(info->slotDescription, "Hostile reader", 14);
  if (is("names")) memset(info->slotDescription, 0x1B, sizeof info->slotDescription);
  return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
  (void)slot;
  if (is("not-recognised")) return CKR_TOKEN_NOT_RECOGNIZED;
  memset(info, 0, sizeof *info);
  memset(info->label, is("names") ? 0xFF : ' ', sizeof info->label);
  if (!is("names")) memcpy(info->label, "Hostile", 7);
  info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED;
  return CKR_OK;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_ULONG mechanism, CK_MECHANISM_INFO *info) {
  (void)slot;
  (void)mechanism;
  info->ulMinKeySize = info->ulMaxKeySize = 0;
  info->flags = CKF_SIGN;
  return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session) {
  (void)flags;
  (void)application;
  (void)notify;
  *session = slot;
  return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  (void)session;
  return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_ULONG user, const CK_BYTE *pin, CK_ULONG count) {
  (void)session;
  (void)user;
  (void)pin;
  (void)count;
  return CKR_OK;
}

static CK_RV logout(CK_SESSION_HANDLE session) {
  (void)session;
  return CKR_OK;
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute, CK_ULONG count) {
  (void)session;
  (void)object;
  (void)count;
  if (is("lengths")) {
    /* Small when asked for its length, and huge when it gives it. */
    attribute->ulValueLen = attribute->pValue ? 1UL << 40 : 16;
    return CKR_OK;
  }
  if (is("length-huge")) {
    attribute->ulValueLen = 1UL << 40;
    return CKR_OK;
  }
  if (is("length-unavailable")) {
    attribute->ulValueLen = ~0UL;
    return CKR_OK;
  }
  CK_ULONG length = attribute->type == CKA_VALUE ? 40 : 1;
  if (attribute->pValue) memset(attribute->pValue, 0x30, length);
  attribute->ulValueLen = length;
  return CKR_OK;
}

static int found;

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count) {
  (void)attributes;
  (void)count;
  /* A token that cannot be read: the first of two, or both. */
  if (is("neighbours") || (is("neighbour") && session == 6)) return CKR_DEVICE_ERROR;
  found = 0;
  return CKR_OK;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
  (void)session;
  if (is("objects-many")) {
    *count = most + 1;
    return CKR_OK;
  }
  /* Never an end. */
  if (is("objects-endless")) {
    for (CK_ULONG place = 0; place < most; place++) objects[place] = place + 1;
    *count = most;
    return CKR_OK;
  }
  *count = found ? 0 : 1;
  if (!found) objects[0] = 1;
  found = 1;
  return CKR_OK;
}

static CK_RV find_objects_final(CK_SESSION_HANDLE session) {
  (void)session;
  return CKR_OK;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
  (void)session;
  (void)mechanism;
  (void)key;
  return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, const CK_BYTE *data, CK_ULONG count, CK_BYTE *signature, CK_ULONG *length) {
  (void)session;
  (void)data;
  (void)count;
  memset(signature, 0, 64);
  *length = 64;
  return CKR_OK;
}

static CK_FUNCTION_LIST list = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetSlotList = get_slot_list,
    .C_GetSlotInfo = get_slot_info,
    .C_GetTokenInfo = get_token_info,
    .C_GetMechanismInfo = get_mechanism_info,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_Login = login,
    .C_Logout = logout,
    .C_GetAttributeValue = get_attribute_value,
    .C_FindObjectsInit = find_objects_init,
    .C_FindObjects = find_objects,
    .C_FindObjectsFinal = find_objects_final,
    .C_SignInit = sign_init,
    .C_Sign = sign,
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **result) {
  if (is("no-list")) {
    *result = NULL;
    return CKR_OK;
  }
  if (is("list-fails")) return CKR_FUNCTION_FAILED;
  if (is("version")) list.version.major = 3;
  if (is("hole")) list.C_Sign = NULL;
  *result = &list;
  return CKR_OK;
}
