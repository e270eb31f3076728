# shellcheck shell=bash
# Debian packages: only what is missing, asked for once, nothing recommended, and no service left running by apt.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
[ -z "${SANMON_PACKAGES:-}" ] || return 0
SANMON_PACKAGES=1

# What the compiler and linker open. libxml2, libncurses6 and libcurl4 are opened by the toolchain itself.
readonly PACKAGES_BUILD="git ca-certificates pkg-config binutils libc6-dev libgcc-12-dev libstdc++-12-dev zlib1g-dev
  libsqlite3-dev libssl-dev libargon2-dev libpcsclite-dev libldap2-dev libcurl4 libxml2 libncurses6 libuuid1 tzdata"
# What the walk through the morning starts or shows.
readonly PACKAGES_STAGE="binutils patchelf"
readonly PACKAGES_DEMO="$PACKAGES_STAGE pcscd vsmartcard-vpcd iproute2 util-linux procps curl openssl sqlite3 opensc softhsm2"
# A domain controller (deploy/lib/samba.sh), and the client everybody has.
readonly PACKAGES_AD="samba samba-ad-provision samba-dsdb-modules samba-vfs-modules python3-samba ldb-tools ldap-utils openssl
  iproute2 util-linux"
# A browser with Japanese words and letters, for the sign-in to applications (deploy/lib/browser.py).
readonly PACKAGES_BROWSER="chromium chromium-l10n fonts-noto-cjk python3 openssl"
# What tests hold against us: other people's card programs, another TLS client, another HTTP fuzzer; systemd for its
# judgement of the units (systemd-analyze reads files, nothing is started).
readonly PACKAGES_TEST="$PACKAGES_DEMO $PACKAGES_AD $PACKAGES_BROWSER opensc-pkcs11 pcsc-tools yubico-piv-tool python3 python3-venv jq gpg gpgv gpg-agent systemd"
# What deploy/eyes looks with.
readonly PACKAGES_EYES="sslscan testssl.sh systemd jq procps"

readonly SCHEMATHESIS_VERSION=4.32.5
# NIST's PKITS among much else.
readonly VECTORS_VERSION=50.0.2
readonly VECTORS_SHA256=51641f03a3eb4edbe9fb68e3a3574d25f86aa502d06391fffa886330d02778a0

has_package() { [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]; }

# missing_packages NAME…: prints those that are not installed.
missing_packages() {
  local name
  for name in "$@"; do has_package "$name" || printf '%s ' "$name"; done
}

# need_packages NAME…: installs what is missing, or prints the one line to type and stops with 77.
need_packages() {
  local missing had_pcscd=0 had_samba=0
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    warn "apt がありません。必要な部品は揃っているものとして続けます: $*" \
      "There is no apt here; going on as if these were installed: $*"
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if ! may_be_root; then
    stop_with "$EX_NOPERM" "次を管理者として実行してから、もう一度お試しください:
  apt-get update && apt-get install -y --no-install-recommends $missing" \
      "Please run this as an administrator, then try again (same line):
  apt-get update && apt-get install -y --no-install-recommends $missing"
  fi
  step "Debian パッケージを入れます: $missing" "Installing Debian packages: $missing"
  has_package pcscd && had_pcscd=1
  has_package samba && had_samba=1
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  if [ "${SANMON_APT_UPDATED:-0}" != 1 ]; then
    as_root "${apt[@]}" update || warn "apt-get update に失敗しました。手元の一覧で続けます。" \
      "apt-get update failed; going on with the lists at hand."
    export SANMON_APT_UPDATED=1
  fi
  # shellcheck disable=SC2086  # a list of names
  as_root "${apt[@]}" install -y --no-install-recommends $missing >/dev/null
  [ "$had_pcscd" = 1 ] || quiet_pcscd
  [ "$had_samba" = 1 ] || quiet_samba
}

# The package starts pcscd on demand, and vpcd's reader would then listen on every address of this machine without any
# password: whoever connects "inserts a card". So what this script installed, it also switches off; a pcscd that was
# here before is left as it was.
quiet_pcscd() {
  [ -d /run/systemd/system ] && has_package pcscd || return 0
  as_root systemctl --quiet disable --now pcscd.socket pcscd.service 2>/dev/null || true
  note "pcscd は自動起動しないようにしました（vpcd は試験用です。本番機には入れないでください）。" \
    "pcscd was set not to start by itself (vpcd is for tests only: never on a production machine)."
}

# The package starts file services at once; the domain controllers of tests are started by the tests.
quiet_samba() {
  [ -d /run/systemd/system ] && has_package samba || return 0
  as_root systemctl --quiet disable --now smbd.service nmbd.service winbind.service samba-ad-dc.service 2>/dev/null || true
  note "samba は自動起動しないようにしました（試験で使うだけです）。" "samba was set not to start by itself (only tests use it)."
}

# need_schemathesis: sets SCHEMATHESIS to a program in a folder of its own; nothing of the system's Python is changed.
need_schemathesis() {
  local venv=$SANMON_ROOT/.build-venv
  SCHEMATHESIS=$venv/bin/schemathesis
  if [ "$(cat "$venv/version" 2>/dev/null)" != "$SCHEMATHESIS_VERSION" ]; then
    rm -rf -- "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS_VERSION"
    printf '%s' "$SCHEMATHESIS_VERSION" >"$venv/version"
  fi
  export SCHEMATHESIS
}

# need_vectors: the paths of NIST's PKITS in a folder of their own, where tests look for them. Nothing of them is run.
need_vectors() {
  local folder=$SANMON_ROOT/.build-vectors wheel
  wheel=$folder/cryptography_vectors-$VECTORS_VERSION-py3-none-any.whl
  if [ "$(cat "$folder/version" 2>/dev/null)" != "$VECTORS_VERSION" ]; then
    rm -rf -- "$folder"
    mkdir -p "$folder"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$folder" \
      "cryptography-vectors==$VECTORS_VERSION" || return 1
    printf '%s  %s\n' "$VECTORS_SHA256" "$wheel" | sha256sum --check --quiet || return 1
    python3 - "$wheel" "$folder" <<'END' || return 1
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    folders = tuple("cryptography_vectors/x509/PKITS_data/" + name for name in ("certs/", "crls/"))
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(folders)])
END
    rm -rf -- "$wheel" "$folder/venv"
    printf '%s' "$VECTORS_VERSION" >"$folder/version"
  fi
}
