# shellcheck shell=bash
# Finds a Swift that can build this, and looks at the machine, before anything is installed or written.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
[ -z "${SANMON_TOOLCHAIN:-}" ] || return 0
SANMON_TOOLCHAIN=1

readonly SWIFT_NEEDED=6.3 SWIFT_OFFERED=6.3.1
SANMON_TOOLS=${XDG_DATA_HOME:-${HOME:-/nonexistent}/.local/share}/sanmon

# swift_version PROGRAM: "6.3.1", or nothing.
swift_version() { "$1" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1; }

# version_at_least HAVE NEED
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# find_swift: sets SWIFT and SWIFT_VERSION to the first that is new enough. SWIFT_HOME is asked first because somebody
# said it on purpose.
find_swift() {
  local candidate version
  SWIFT='' SWIFT_VERSION=''
  SWIFT_SEEN=''
  for candidate in ${SWIFT_HOME:+"$SWIFT_HOME/usr/bin/swift" "$SWIFT_HOME/bin/swift"} "$(command -v swift || true)" \
    /opt/swift/usr/bin/swift "${HOME:-/nonexistent}/.local/share/swiftly/bin/swift" "$SANMON_TOOLS/swift-$SWIFT_OFFERED/usr/bin/swift"; do
    [ -n "$candidate" ] && [ -x "$candidate" ] || continue
    version=$(swift_version "$candidate")
    [ -n "$version" ] || continue
    if version_at_least "$version" "$SWIFT_NEEDED"; then
      SWIFT=$candidate SWIFT_VERSION=$version
      return 0
    fi
    SWIFT_SEEN="$candidate ($version)"
  done
  return 1
}

free_megabytes() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# The smaller of the machine's memory and the control group's limit (a container's).
memory_megabytes() {
  local have limit
  have=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [ -r "$limit" ] || continue
    limit=$(cat "$limit")
    case "$limit" in *[!0-9]* | '') continue ;; esac
    # Compare lengths first: "no limit" is a number near 2^63 in cgroup v1.
    [ ${#limit} -lt 16 ] && [ $((limit / 1048576)) -lt "$have" ] && have=$((limit / 1048576))
  done
  printf '%s' "$have"
}

# Git refuses a folder that belongs to somebody else (a mounted clone in a container). Said in the environment of this
# run only; nobody's configuration is written.
trust_checkout() {
  command -v git >/dev/null || return 0
  [ -e "$SANMON_ROOT/.git" ] || return 0
  git -C "$SANMON_ROOT" rev-parse HEAD >/dev/null 2>&1 && return 0
  local n=${GIT_CONFIG_COUNT:-0}
  export "GIT_CONFIG_KEY_$n=safe.directory" "GIT_CONFIG_VALUE_$n=$SANMON_ROOT" GIT_CONFIG_COUNT=$((n + 1))
}

# require_toolchain: sets SWIFT, SWIFT_VERSION and SANMON_JOBS, or stops with 69 before anything is touched.
require_toolchain() {
  if ! find_swift; then
    {
      both_ja_en "Swift $SWIFT_NEEDED 以上が見つかりません${SWIFT_SEEN:+（見つかったもの: $SWIFT_SEEN）}。まだ何もインストールしていません。" \
        "Swift $SWIFT_NEEDED or newer was not found${SWIFT_SEEN:+ (found: $SWIFT_SEEN)}. Nothing has been installed."
      both_ja_en "次を実行してください: $SANMON_ROOT/deploy/install-swift" "Run this: $SANMON_ROOT/deploy/install-swift"
      both_ja_en "手で入れる場合: https://www.swift.org/install/linux/debian/12/" \
        "To do it by hand: https://www.swift.org/install/linux/debian/12/"
    } >&2
    exit "$EX_UNAVAILABLE"
  fi
  PATH=$(dirname "$SWIFT"):$PATH

  local id version
  id=$(. /etc/os-release 2>/dev/null && printf '%s' "${ID:-}") || id=''
  version=$(. /etc/os-release 2>/dev/null && printf '%s' "${VERSION_ID:-}") || version=''
  [ "$id:$version" = debian:12 ] ||
    warn "Debian 12 以外（${id:-?} ${version:-?}）では試験していません。続けます。" \
      "This is ${id:-?} ${version:-?}; only Debian 12 is tried by us. Going on."

  # A clean release build takes 1.6 GB; a folder that holds one already needs little more.
  local need=4096
  [ -x "$SANMON_ROOT/.build/release/sanmond" ] && need=1024
  [ "$(free_megabytes "$SANMON_ROOT")" -ge "$need" ] ||
    stop_with "$EX_UNAVAILABLE" "ディスクの空きが足りません（$SANMON_ROOT に $need MB 必要）。" \
      "Not enough free disk: $need MB are needed at $SANMON_ROOT."

  SANMON_JOBS=''
  if [ "$(memory_megabytes)" -lt 3072 ]; then
    SANMON_JOBS=1
    warn "メモリが 3 GB 未満のため、一つずつコンパイルします（時間がかかります）。" \
      "Less than 3 GB of memory: compiling one file at a time, which takes long."
  fi
  trust_checkout
}
