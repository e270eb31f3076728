# Services of our own for demonstrations and tests, each in a network and mount namespace: none is met by the system's own, and
# several stand side by side. Sourced by bash 5, in strict mode or not; every function takes the folder that holds the state,
# so that another shell can go on with it.
# DIR/*: trusted; who can write there can end processes of ours by a false pid.
[[ -z ${SANMON_DAEMON:-} ]] || return 0
SANMON_DAEMON=1

# The start time of a process (clock ticks since boot): with the pid it names one process for good.
daemon_birth() {
  local stat fields
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # After the name in brackets: state first, start time 20th (proc(5)).
  IFS=' ' read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# daemon_remember FILE PID
daemon_remember() { printf '%s %s\n' "$2" "$(daemon_birth "$2")" >"$1"; }

# daemon_alive FILE: prints the pid if that very process still runs.
daemon_alive() {
  local pid='' birth=''
  { IFS=' ' read -r pid birth <"$1"; } 2>/dev/null || return 1
  [[ -n $birth && $(daemon_birth "$pid") == "$birth" ]] || return 1
  printf '%s\n' "$pid"
}

# daemon_end FILE [SIGNAL]: ends the remembered process; after 5 s without going, by KILL.
daemon_end() {
  local pid i
  pid=$(daemon_alive "$1") || { rm -f "$1"; return 0; }
  kill -"${2:-TERM}" "$pid" 2>/dev/null || true
  for ((i = 0; i < 50; i++)); do
    daemon_alive "$1" >/dev/null || break
    sleep 0.1
  done
  if pid=$(daemon_alive "$1"); then
    kill -KILL "$pid" 2>/dev/null || true
    for ((i = 0; i < 20; i++)); do daemon_alive "$1" >/dev/null || break; sleep 0.1; done
  fi
  rm -f "$1"
}

# Becomes a program without the caller's open files: a daemon that kept them would keep pipes and locks of the caller alive.
daemon_bare() {
  local file
  for file in "/proc/$BASHPID/fd/"*; do
    file=${file##*/}
    ((file > 2 && file != 255)) && eval "exec $file>&-"
  done
  exec "$@"
}

# daemon_confine DIR MOUNT: makes the namespaces, with the strongest rights at hand, and a process that holds them open; MOUNT
# is what a shell inside does first, with DIR as $1. Says in DIR/confinement what it got; 1 without a right to any.
daemon_confine() {
  local dir=$1 how holder i
  # shellcheck disable=SC2016  # for the shell inside
  local inside="$2"' && ip link set lo up && : >"$1/ready" && exec sleep infinity'
  rm -f "$dir/ready"
  for how in root user; do
    local options=(-n -m)
    [[ $how == root ]] || options=(-r "${options[@]}")
    daemon_bare unshare "${options[@]}" sh -c "$inside" sh "$dir" >"$dir/holder.log" 2>&1 </dev/null &
    holder=$!
    for ((i = 0; i < 50; i++)); do
      [[ -e $dir/ready ]] && break
      daemon_birth "$holder" >/dev/null || break
      sleep 0.1
    done
    if [[ -e $dir/ready ]]; then
      disown "$holder"  # a plain `wait` of the caller does not wait for it
      daemon_remember "$dir/holder.pid" "$holder"
      if [[ $how == user ]]; then
        echo "-U --preserve-credentials -n -m" >"$dir/enter"
        echo "network and mount namespace of an unprivileged user" >"$dir/confinement"
      else
        echo "-n -m" >"$dir/enter"
        echo "network and mount namespace" >"$dir/confinement"
      fi
      return 0
    fi
    kill "$holder" 2>/dev/null || true
    wait "$holder" 2>/dev/null || true
  done
  return 1
}

# daemon_entry DIR [NAMESPACE…]: sets DAEMON_ENTRY to the words that run a command there; with -n the network alone.
daemon_entry() {
  local options
  IFS=' ' read -r -a options <"$1/enter"
  [[ ${2:-} != -n ]] || unset 'options[-1]'
  DAEMON_ENTRY=(nsenter -t "$(daemon_alive "$1/holder.pid")" "${options[@]}" --)
}
