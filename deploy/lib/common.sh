# shellcheck shell=bash
# What every command under deploy/ shares. Source it first:
#   . "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib/common.sh"
# It sets strict mode, finds the folder of the repository from any working directory, speaks Japanese or English by
# LANG, and stops at the end exactly the processes it was asked to remember.
set -Eeuo pipefail
[ -z "${SANMON_COMMON:-}" ] || return 0
SANMON_COMMON=1

SANMON_ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
export SANMON_ROOT

# Exit codes from sysexits.h, so that a caller can tell "the machine lacks something" from "a test failed".
readonly EX_USAGE=64 EX_UNAVAILABLE=69 EX_SOFTWARE=70 EX_NOPERM=77

# --- words -----------------------------------------------------------------------------------------------------------

# The first of LC_ALL, LC_MESSAGES and LANG that is set decides, as POSIX orders them.
case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in ja*) SANMON_JA=1 ;; *) SANMON_JA=0 ;; esac

# say_ja_en JAPANESE ENGLISH: one line in the reader's language.
say_ja_en() { if [ "$SANMON_JA" = 1 ]; then printf '%s\n' "$1"; else printf '%s\n' "$2"; fi; }
# both_ja_en JAPANESE ENGLISH: for what must be understood whatever LANG says (a fresh machine usually says C).
both_ja_en() { printf '%s\n%s\n' "$1" "$2"; }
step() { printf '\n== '; say_ja_en "$1" "$2"; }
note() { printf '   '; say_ja_en "$1" "$2"; }
warn() { { printf '!! '; say_ja_en "$1" "$2"; } >&2; }
# stop_with CODE JAPANESE ENGLISH
stop_with() {
  local code=$1
  both_ja_en "$2" "$3" >&2
  exit "$code"
}

# --- rights ----------------------------------------------------------------------------------------------------------

may_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }
# as_root CMD…: as it is for root, through sudo for people who may use it without a password; else refused.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi
}
# user_command USER: sets AS_USER to the words that run a command as that user. For `start`: a function put into the
# background would leave its child behind when it is stopped.
user_command() {
  AS_USER=(setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups --no-new-privs --)
  [ "$(id -u)" = 0 ] || AS_USER=(sudo -n -- "${AS_USER[@]}")
}
# as_user USER CMD…: replaces nothing else of the environment; needs root once.
as_user() {
  user_command "$1"
  shift
  "${AS_USER[@]}" "$@"
}

# --- what was started, and its end -----------------------------------------------------------------------------------

SANMON_STARTED=() # "pid:starttime:name", newest last
SANMON_SCRATCH=() # folders to remove
SANMON_AT_END=()  # functions to call before processes are stopped

# A pid can be given to somebody else after its process ended; pid and start time (proc(5), field 22) together cannot.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) } # the command name may hold spaces and brackets
  set -- $stat
  printf '%s' "${20}"
}

# remember_pid PID NAME: stopped at the end of this script, and only if it is still the same process.
remember_pid() {
  local when
  when=$(start_time "$1") || return 0 # ended already
  SANMON_STARTED+=("$1:$when:$2")
}

# start NAME LOG CMD…: in the background, remembered, both outputs appended to LOG; the pid is left in STARTED_PID.
start() {
  local name=$1 log=$2
  shift 2
  # A function would run in a shell of its own, and ending that shell leaves its child behind (see user_command).
  [ "$(type -t "$1")" != function ] || stop_with "$EX_SOFTWARE" "start には関数を渡せません: $1" "start takes a program, not the function $1"
  "$@" >>"$log" 2>&1 </dev/null &
  STARTED_PID=$!
  remember_pid "$STARTED_PID" "$name"
}

still_runs() { [ "$(start_time "$1" 2>/dev/null)" = "$2" ]; }

# stop_pid PID: asks (TERM), waits five seconds, then insists (KILL). Only for a pid that remember_pid knows.
stop_pid() {
  local entry pid when rest
  for entry in "${SANMON_STARTED[@]}"; do
    IFS=: read -r pid when rest <<<"$entry"
    [ "$pid" = "$1" ] || continue
    still_runs "$pid" "$when" || return 0
    kill -TERM "$pid" 2>/dev/null || as_root kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 50); do
      still_runs "$pid" "$when" || break
      is_zombie "$pid" && break
      sleep 0.1
    done
    if still_runs "$pid" "$when" && ! is_zombie "$pid"; then
      kill -KILL "$pid" 2>/dev/null || as_root kill -KILL "$pid" 2>/dev/null || true
    fi
    wait "$pid" 2>/dev/null || true
  done
}

is_zombie() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  case "${stat##*) }" in Z*) return 0 ;; *) return 1 ;; esac
}

stop_started() {
  local i pid
  for ((i = ${#SANMON_STARTED[@]} - 1; i >= 0; i--)); do
    IFS=: read -r pid _ <<<"${SANMON_STARTED[$i]}"
    stop_pid "$pid"
  done
  SANMON_STARTED=()
}

# end_with_us: what this script starts, and what that starts, ends with it: children's children too, and by a mark in its environment
# what has lost its parent. For scripts that run programs of others for long: call it once, before the first of them.
end_with_us() {
  SANMON_RUN=$$-$(start_time $$)
  export SANMON_RUN
  at_end stop_below
}

# find_below: sets BELOW to "pid:starttime" of all that end_with_us means.
find_below() {
  local file line pid grown=1 fields
  local -A parents=() births=() found=([$$]=1)
  BELOW=()
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r line <"$file"; } 2>/dev/null || continue
    IFS=' ' read -r -a fields <<<"${line##*) }"
    [ "${fields[0]}" != Z ] || continue
    pid=${file//[!0-9]/}
    parents[$pid]=${fields[1]} births[$pid]=${fields[19]}
  done
  while IFS= read -r file; do
    pid=${file//[!0-9]/}
    [ -z "${births[$pid]:-}" ] || found[$pid]=1
  done < <(grep -lzxF -- "SANMON_RUN=$SANMON_RUN" /proc/[0-9]*/environ 2>/dev/null || true)
  while [ $grown = 1 ]; do
    grown=0
    for pid in "${!parents[@]}"; do
      [ -z "${found[$pid]:-}" ] && [ -n "${found[${parents[$pid]}]:-}" ] || continue
      found[$pid]=1 grown=1
    done
  done
  for pid in "${!found[@]}"; do
    [ "$pid" = $$ ] || BELOW+=("$pid:${births[$pid]}")
  done
}

runs_below() {
  local entry
  for entry in "$@"; do
    if still_runs "${entry%:*}" "${entry#*:}" && ! is_zombie "${entry%:*}"; then return 0; fi
  done
  return 1
}

# stop_below: asks all of them at once (TERM), waits fifteen seconds for what they clear away, then insists (KILL).
stop_below() {
  local signal entry all=()
  for signal in TERM KILL; do
    # Again before KILL: what began meanwhile. What was asked is still meant when nothing leads to it any more.
    find_below
    all+=("${BELOW[@]}")
    runs_below "${all[@]}" || return 0
    for entry in "${all[@]}"; do
      still_runs "${entry%:*}" "${entry#*:}" || continue
      kill -"$signal" "${entry%:*}" 2>/dev/null || as_root kill -"$signal" "${entry%:*}" 2>/dev/null || true
    done
    for _ in $(seq 75); do
      runs_below "${all[@]}" || return 0
      sleep 0.2
    done
  done
}

# at_end FUNCTION: called once when the script ends, before its processes are stopped.
at_end() { SANMON_AT_END+=("$1"); }

# scratch_folder NAME: sets SCRATCH to a new folder of mode 0700 that goes away at the end (SANMON_KEEP=1 keeps it).
scratch_folder() {
  SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/sanmon-$1.XXXXXX")
  SANMON_SCRATCH+=("$SCRATCH")
}

sanmon_end() {
  local code=$? part
  trap - EXIT ERR
  set +e
  for part in "${SANMON_AT_END[@]}"; do "$part"; done
  stop_started
  for part in "${SANMON_SCRATCH[@]}"; do
    if [ "${SANMON_KEEP:-0}" = 1 ]; then
      note "残しました: $part" "kept: $part"
    else
      rm -rf -- "$part" 2>/dev/null || as_root rm -rf -- "$part"
    fi
  done
  exit "$code"
}
trap sanmon_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'printf "!! %s:%s: %s\n" "${BASH_SOURCE[0]#"$SANMON_ROOT"/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# --- ports and waiting -----------------------------------------------------------------------------------------------

SANMON_PORTS=" "
# free_port: sets PORT to a TCP port nobody listens on and this script has not handed out yet. Below the kernel's own
# range (32768 upwards), so that an outgoing connection cannot take it between this look and the server's bind.
free_port() {
  local hex
  for _ in $(seq 200); do
    PORT=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    case "$SANMON_PORTS" in *" $PORT "*) continue ;; esac
    printf -v hex '%04X' "$PORT"
    # proc(5), net/tcp: column 2 is local address:port in hex. Any state counts, TIME_WAIT too.
    awk -v p=":$hex" 'substr($2, length($2) - 4) == p { found = 1 } END { exit found }' \
      /proc/net/tcp /proc/net/tcp6 2>/dev/null || continue
    SANMON_PORTS="$SANMON_PORTS$PORT "
    return 0
  done
  stop_with "$EX_UNAVAILABLE" "空いているポートが見つかりません。" "No free port found."
}

# wait_until SECONDS CMD…: asks five times a second; false when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.2
  done
}
