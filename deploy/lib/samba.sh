# An Active Directory of our own for demonstrations and tests: a Samba domain controller with the sample city.
# Sourced by bash 5, in strict mode or not; every function takes the folder DIR that holds its state, so that another shell
# can go on with it.
#
#   source deploy/lib/samba.sh
#   samba_provision DIR                  a new domain with the sample city, in DIR; its server does not run yet
#   samba_start DIR                      starts namespace, server and relay; DIR/ports then says where they listen
#   samba_lines DIR [CA PASSWORD]        what the start-up file of a server says of it
#   samba_tool DIR ARGS…                 samba-tool at this domain, as its administrator (ldb_tool DIR PROGRAM ARGS… likewise)
#   samba_daemon_stop DIR [KILL]         ends the server alone; samba_daemon_start DIR brings it back
#   samba_stop DIR                       ends exactly what samba_start started
#
# The ports of a domain controller are fixed, so each has a network namespace of its own, and a relay carries connections from
# free ports of 127.0.0.1 into it: several domain controllers stand side by side, and nothing of this machine meets them.
# In its mount namespace the state lies at /run/dc, wherever DIR is: a provisioned folder can be copied (cp -a) and started.
#
# DIR/ca.pem             who signed the server's certificate (127.0.0.1, dc1.ad.sanmon.example)
# DIR/svc-sanmon.password   of the account svc-sanmon, which may read and nothing else
# DIR/ports              ldaps PORT, ldap PORT (StartTLS)

# shellcheck source=deploy/lib/daemon.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/daemon.sh"

readonly SAMBA_REALM=ad.sanmon.example
SAMBA_HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

samba_say() { printf 'samba: %s\n' "$*" >&2; }

# Says what is missing on this machine, if anything; 1 then.
samba_missing() {
  local missing=() IFS=' '
  [[ -x /usr/sbin/samba ]] || missing+=(samba)
  [[ -e /usr/share/samba/setup/ad-schema ]] || missing+=(samba-ad-provision)
  [[ -d /usr/lib/python3/dist-packages/samba ]] || missing+=(python3-samba)
  command -v ldbmodify >/dev/null || missing+=(ldb-tools)
  command -v unshare >/dev/null && command -v nsenter >/dev/null || missing+=(util-linux)
  command -v ip >/dev/null || missing+=(iproute2)
  ((${#missing[@]} == 0)) && return 0
  samba_say "missing here: ${missing[*]}; as root: apt-get install -y --no-install-recommends ${missing[*]}"
  return 1
}

# samba_provision DIR
samba_provision() {
  local dir code=0
  dir=$(mkdir -p "$1" && cd "$1" && pwd -P) || return 1
  samba_missing || return 69
  [[ ! -e $dir/dc ]] || { samba_say "$dir/dc is there already"; return 1; }
  mkdir -p "$dir"/dc/{etc,private/tls,state/sysvol/$SAMBA_REALM/scripts,cache,lock,run,log,ncalrpc}
  chmod 0700 "$dir/dc/private"
  samba_configuration >"$dir/dc/etc/smb.conf"
  samba_certificates "$dir" || return 1
  samba_confine "$dir" || return
  daemon_entry "$dir"
  # What provisions says the administrator's password into its log.
  (umask 077 && : >"$dir/provision.log")
  {
    # The administrator's password is not kept: samba_tool needs none.
    "${DAEMON_ENTRY[@]}" samba-tool domain provision --configfile=/run/dc/etc/smb.conf --realm="${SAMBA_REALM^^}" \
      --domain=SANMON --server-role=dc --use-rfc2307 --dns-backend=NONE --host-name=dc1 --host-ip=127.0.0.1 &&
      "${DAEMON_ENTRY[@]}" /usr/bin/python3 "$SAMBA_HERE/ad-city.py" /run/dc/etc/smb.conf "$SAMBA_HERE/../sample-city" \
        "$dir/svc-sanmon.password"
  } >"$dir/provision.log" 2>&1 || code=$?
  daemon_end "$dir/holder.pid"
  [[ $code == 0 ]] || { samba_say "the domain was not made; the end of $dir/provision.log:"; tail -n 5 "$dir/provision.log" >&2; }
  return "$code"
}

samba_configuration() {
  local d=/run/dc
  cat <<CONF
[global]
workgroup = SANMON
realm = ${SAMBA_REALM^^}
netbios name = DC1
server role = active directory domain controller
interfaces = 127.0.0.1/8
bind interfaces only = Yes
disable netbios = yes
server services = ldap, cldap, kdc, drepl, rpc
dcerpc endpoint servers = epmapper, lsarpc, samr, netlogon, drsuapi
posix:eadb = $d/private/eadb.tdb
vfs objects =
ldb:nosync = true
private dir = $d/private
state directory = $d/state
cache directory = $d/cache
lock directory = $d/lock
pid directory = $d/run
ncalrpc dir = $d/ncalrpc
binddns dir = $d/bind-dns
winbindd socket directory = $d/run/winbindd
ntp signd socket directory = $d/run/ntp_signd
log file = $d/log/log.%m
tls enabled = yes
tls keyfile = $d/private/tls/key.pem
tls certfile = $d/private/tls/cert.pem
tls cafile = $d/private/tls/ca.pem
[sysvol]
path = $d/state/sysvol
read only = No
[netlogon]
path = $d/state/sysvol/$SAMBA_REALM/scripts
read only = No
CONF
}

# An authority for this domain alone; its key is gone when it has signed.
samba_certificates() {
  local tls=$1/dc/private/tls
  (
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Sanmon sample AD CA' \
      -keyout "$tls/ca.key" -out "$tls/ca.pem" &&
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=dc1.$SAMBA_REALM" \
        -keyout "$tls/key.pem" -out "$tls/request.pem" &&
      openssl x509 -req -in "$tls/request.pem" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -days 825 -out "$tls/cert.pem" \
        -extfile <(printf 'subjectAltName=DNS:dc1.%s,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$SAMBA_REALM") &&
      rm "$tls/ca.key" "$tls/request.pem"
  ) >"$1/certificates.log" 2>&1 || { samba_say "no certificates: $(tail -n 1 "$1/certificates.log")"; return 1; }
  install -m 0644 "$tls/ca.pem" "$1/ca.pem"
}

samba_confine() {
  daemon_end "$1/holder.pid"
  # shellcheck disable=SC2016  # for the shell inside
  daemon_confine "$1" 'mount -t tmpfs tmpfs /run && mkdir /run/dc && mount --bind "$1/dc" /run/dc' && return 0
  samba_say "no right to make namespaces here ($(tail -n 1 "$1/holder.log"))"
  return 77
}

samba_start() {
  local dir
  dir=$(cd "$1" && pwd -P) || return 1
  samba_missing || return 69
  if daemon_alive "$dir/samba.pid" >/dev/null; then
    samba_say "already running in $dir"
    return 1
  fi
  samba_confine "$dir" || return
  samba_daemon_start "$dir" && samba_relay_start "$dir" || { samba_stop "$dir"; return 1; }
}

samba_relay_start() {
  local dir=$1 i
  rm -f "$dir/ports"
  daemon_bare python3 "$SAMBA_HERE/relay.py" namespace "/proc/$(daemon_alive "$dir/holder.pid")/ns/net" "$dir/ports" \
    ldaps=636 ldap=389 >>"$dir/relay.log" 2>&1 </dev/null &
  daemon_remember "$dir/relay.pid" "$!"
  disown "$!"
  for ((i = 0; i < 100; i++)); do
    [[ -s $dir/ports ]] && return 0
    daemon_alive "$dir/relay.pid" >/dev/null || break
    sleep 0.05
  done
  samba_say "the relay did not start: $(tail -n 1 "$dir/relay.log")"
  return 1
}

samba_daemon_start() {
  local dir pid i
  dir=$(cd "$1" && pwd -P) || return 1
  daemon_entry "$dir"
  daemon_bare "${DAEMON_ENTRY[@]}" /usr/sbin/samba -i -M single -s /run/dc/etc/smb.conf --debug-stdout \
    >>"$dir/samba.log" 2>&1 </dev/null &
  pid=$!
  disown "$pid"
  daemon_remember "$dir/samba.pid" "$pid"
  for ((i = 0; i < 600; i++)); do
    "${DAEMON_ENTRY[@]}" bash -c 'exec 3<>/dev/tcp/127.0.0.1/636' 2>/dev/null && return 0
    daemon_alive "$dir/samba.pid" >/dev/null || break
    sleep 0.05
  done
  samba_say "samba did not start; the end of $dir/samba.log:"
  tail -n 5 "$dir/samba.log" >&2
  daemon_end "$dir/samba.pid"
  return 1
}

samba_daemon_stop() { daemon_end "$1/samba.pid" "${2:-TERM}"; }

samba_stop() {
  local dir=${1:?DIR}
  daemon_end "$dir/relay.pid"
  daemon_end "$dir/samba.pid"
  daemon_end "$dir/holder.pid"
  rm -f "$dir/ready" "$dir/ports"
}

# samba_lines DIR [CA PASSWORD]: how a server that runs here names it, with its own copies of the two files.
samba_lines() {
  cat <<YAML
directory:
  servers: [{host: 127.0.0.1, port: $(sed -n 's/^ldaps //p' "$1/ports")}]
  authorities: ${2:-$1/ca.pem}
  account: svc-sanmon@$SAMBA_REALM
  password-file: ${3:-$1/svc-sanmon.password}
  base: 職員
YAML
}

# samba_tool DIR ARGS…: at the domain's own files, which a running server shares.
samba_tool() {
  local dir=${1:?DIR}
  shift
  daemon_entry "$dir"
  "${DAEMON_ENTRY[@]}" samba-tool "$@" --configfile=/run/dc/etc/smb.conf -H /run/dc/private/sam.ldb
}

# ldb_tool DIR ldbmodify|ldbadd|ldbdel|ldbrename|ldbsearch ARGS…
ldb_tool() {
  local dir=${1:?DIR} program=${2:?PROGRAM}
  shift 2
  daemon_entry "$dir"
  "${DAEMON_ENTRY[@]}" "$program" -H /run/dc/private/sam.ldb "$@"
}
