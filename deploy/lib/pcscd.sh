# A reader service of our own for demonstrations and tests: pcscd with the vpcd reader, and card simulators beside it.
# Sourced by bash 5, in strict mode or not; every function takes the folder DIR that holds its state, so that another shell can go on with it.
#
#   source deploy/lib/pcscd.sh
#   pcscd_start DIR [PAIRS]              starts namespace and pcscd; exports PCSCLITE_CSOCK_NAME for the programs you start. PAIRS
#                                        (1 to 7): so many times two readers
#   cardsim_in_namespace DIR ARGS…       runs sanmon-cardsim where vpcd listens (SANMON_BIN: folder of the programs)
#   pcscd_daemon_stop DIR [KILL]         ends pcscd alone, as a crash does; pcscd_daemon_start DIR brings it back
#   pcscd_stop DIR                       ends exactly what pcscd_start started
#
# vpcd listens on all addresses and lets in whoever comes: a card put in from the network. It is therefore confined to a
# network namespace without any outside. The same namespace gives pcscd a /run of its own, whose socket is DIR/run: a pcscd
# of the system is neither met nor disturbed, and several of ours can stand side by side.
# DIR/*: trusted; who can write there can end processes of ours by a false pid, and offer cards to the tests.

# shellcheck source=deploy/lib/daemon.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/daemon.sh"

pcscd_say() { printf 'pcscd: %s\n' "$*" >&2; }

# Says what is missing on this machine, if anything; 1 then.
pcscd_missing() {
  local missing=() IFS=' '
  [[ -x /usr/sbin/pcscd ]] || missing+=(pcscd)
  pcscd_driver >/dev/null || missing+=(vsmartcard-vpcd)
  command -v unshare >/dev/null && command -v nsenter >/dev/null || missing+=(util-linux)
  command -v ip >/dev/null || missing+=(iproute2)
  ((${#missing[@]} == 0)) && return 0
  pcscd_say "missing here: ${missing[*]}; as root: apt-get install -y --no-install-recommends ${missing[*]}"
  return 1
}

pcscd_driver() {
  local file
  for file in /usr/lib/pcsc/drivers/serial/libifdvpcd.so /usr/lib/*/pcsc/drivers/serial/libifdvpcd.so; do
    [[ -e $file ]] && { printf '%s\n' "$file"; return 0; }
  done
  return 1
}


pcscd_start() {
  local dir pairs=${2:-1}
  # pcsc-lite has 16 readers, and waits for 16 at a time, of which our monitor needs one for the list of readers.
  [[ $pairs =~ ^[1-7]$ ]] || { pcscd_say "PAIRS is 1 to 7"; return 64; }
  dir=$(mkdir -p "$1" && cd "$1" && pwd -P) || return 1
  pcscd_missing || return 69
  if daemon_alive "$dir/pcscd.pid" >/dev/null; then
    pcscd_say "already running in $dir"
    return 1
  fi
  daemon_end "$dir/holder.pid"
  chmod 0711 "$dir"  # a client of another user reaches the socket and nothing else
  rm -rf "$dir/run" "$dir/reader.conf.d" "$dir"/driver-*.so
  mkdir -p "$dir/run/pcscd" "$dir/reader.conf.d"
  # 0x8C7B = 35963: the two slots are "Virtual PCD 00 00" and "Virtual PCD 00 01", the second on the next port.
  cat >"$dir/reader.conf.d/vpcd" <<CONF
FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x8C7B
LIBPATH      $(pcscd_driver)
CHANNELID    0x8C7B
CONF
  pcscd_more_readers "$dir" "$pairs" || return
  pcscd_confine "$dir" || return
  pcscd_daemon_start "$dir" || { pcscd_stop "$dir"; return 1; }
  PCSCLITE_CSOCK_NAME=$(pcscd_socket "$dir")
  export PCSCLITE_CSOCK_NAME
}

# pcscd_more_readers DIR PAIRS: the second pair is "Virtual PCD 2 00 00" and "Virtual PCD 2 00 01" on the next two ports, and so on.
# The driver keeps its cards in variables of its own, so each pair gets a copy of the file: the loader knows a file by its number.
pcscd_more_readers() {
  local dir=$1 pair port driver
  driver=$(pcscd_driver) || return
  for ((pair = 2; pair <= $2; pair++)); do
    port=$(printf '0x%X' $((0x8C7B + 2 * (pair - 1))))
    cp -- "$driver" "$dir/driver-$pair.so" || return
    cat >"$dir/reader.conf.d/vpcd-$pair" <<CONF
FRIENDLYNAME "Virtual PCD $pair"
DEVICENAME   /dev/null:$port
LIBPATH      $dir/driver-$pair.so
CHANNELID    $port
CONF
  done
}

# The socket that clients of DIR's pcscd have to be told of.
pcscd_socket() {
  if [[ $(cat "$1/confinement" 2>/dev/null) == none ]]; then
    printf '/run/pcscd/pcscd.comm\n'
  else
    printf '%s/run/pcscd/pcscd.comm\n' "$1"
  fi
}

# Makes the namespace, or says why not.
pcscd_confine() {
  local dir=$1
  # shellcheck disable=SC2016  # for the shell inside
  if daemon_confine "$dir" 'mount --bind "$1/run" /run'; then
    pcscd_say "confinement: $(cat "$dir/confinement")"
    return 0
  fi
  if [[ ${SANMON_UNCONFINED_READER:-} == 1 && $(id -u) == 0 ]]; then
    if [[ -e /run/pcscd/pcscd.pid ]] && daemon_birth "$(cat /run/pcscd/pcscd.pid)" >/dev/null; then
      pcscd_say "another pcscd ($(cat /run/pcscd/pcscd.pid)) runs here; without namespaces there can be only one"
      return 1
    fi
    mkdir -p /run/pcscd
    rm -f /run/pcscd/pcscd.comm /run/pcscd/pcscd.pid
    echo none >"$dir/confinement"
    pcscd_say "confinement: NONE; vpcd listens on all addresses of this machine, as SANMON_UNCONFINED_READER=1 allows"
    return 0
  fi
  pcscd_say "no right to make namespaces here ($(tail -n 1 "$dir/holder.log"))"
  pcscd_say "run as root with CAP_SYS_ADMIN, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
  pcscd_say "on a throw-away machine without network, root may set SANMON_UNCONFINED_READER=1"
  return 77
}

pcscd_daemon_start() {
  local dir i pid run
  dir=$(cd "$1" && pwd -P) || return 1
  run=$(dirname "$(pcscd_socket "$dir")")
  # After a KILL both files stay and the next start would refuse.
  rm -f "$run/pcscd.comm" "$run/pcscd.pid"
  # Not through a function: $! must be pcscd itself (nsenter and sh replace themselves).
  if [[ $(cat "$dir/confinement") == none ]]; then
    daemon_bare /usr/sbin/pcscd -f -c "$dir/reader.conf.d" >>"$dir/pcscd.log" 2>&1 </dev/null &
  else
    daemon_entry "$dir"
    daemon_bare "${DAEMON_ENTRY[@]}" \
      /usr/sbin/pcscd -f -c "$dir/reader.conf.d" >>"$dir/pcscd.log" 2>&1 </dev/null &
  fi
  pid=$!
  disown "$pid"
  daemon_remember "$dir/pcscd.pid" "$pid"
  for ((i = 0; i < 300; i++)); do
    [[ -s $run/pcscd.pid && -S $run/pcscd.comm ]] && return 0
    daemon_alive "$dir/pcscd.pid" >/dev/null || break
    sleep 0.1
  done
  pcscd_say "pcscd did not start; the end of $dir/pcscd.log:"
  tail -n 5 "$dir/pcscd.log" >&2
  daemon_end "$dir/pcscd.pid"
  return 1
}

pcscd_daemon_stop() { daemon_end "$1/pcscd.pid" "${2:-TERM}"; }

pcscd_stop() {
  local dir=${1:?DIR}
  daemon_end "$dir/pcscd.pid"
  daemon_end "$dir/holder.pid"
  rm -f "$dir/ready"
}

# Replaces this shell by the simulator, so that its pid is the shell's: call it in a subshell or in the background.
cardsim_in_namespace() {
  local dir=${1:?DIR}
  shift
  local program=${SANMON_BIN:?folder of sanmon-cardsim}/sanmon-cardsim
  if [[ $(cat "$dir/confinement" 2>/dev/null) == none ]]; then exec "$program" "$@"; fi
  daemon_entry "$dir" -n  # the network is the reader's, files are seen as outside
  exec "${DAEMON_ENTRY[@]}" "$program" "$@"
}
