# shellcheck shell=bash
# The one place where this package is compiled. One configuration and one set of flags serve demo, tests and
# benchmarks: another flag, or another value of SANMON_STRICT, compiles minutes of code again.
# No --disable-index-store: finding the tests of a bundle reads the index.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/toolchain.sh"
[ -z "${SANMON_BUILD:-}" ] || return 0
SANMON_BUILD=1

readonly SWIFT_FLAGS=(-c release -Xswiftc -gline-tables-only -Xswiftc -use-ld=lld)
BUILD_LOG=$SANMON_ROOT/.build-log/build.log
BINARIES=$SANMON_ROOT/.build/release

# build_sanmon [--build-tests]: compiles what is not compiled yet. The programs are then in $BINARIES.
build_sanmon() {
  step "ビルドします（初回は 2 コアで 6〜18 分）。記録: ${BUILD_LOG#"$SANMON_ROOT"/}" \
    "Building (the first time 6 to 18 minutes on 2 cores). Log: ${BUILD_LOG#"$SANMON_ROOT"/}"
  compile "$BUILD_LOG" "${SWIFT_FLAGS[@]}" "$@"
}

# compile LOG OPTION…: swift build. Says one line a minute, because six silent minutes read as a hang; keeps the whole log; on
# failure shows every error and stops the script.
compile() {
  local begin=$SECONDS next=60 log=$1 done_of pid code=0
  shift
  mkdir -p "$(dirname "$log")"
  [ ! -e "$log" ] || mv -f "$log" "$log.1"
  # stdin closed and the backtracer quiet: a crash of a plugin must end the run, not wait for an answer.
  SWIFT_BACKTRACE=interactive=no "$SWIFT" build --package-path "$SANMON_ROOT" ${SANMON_JOBS:+-j "$SANMON_JOBS"} \
    "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  remember_pid "$pid" build
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    if [ $((SECONDS - begin)) -ge $next ]; then
      done_of=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1) || done_of='[-/-]'
      note "$done_of $((next / 60)) 分経過" "$done_of $((next / 60)) min"
      next=$((next + 60))
    fi
  done
  wait "$pid" || code=$?
  if [ "$code" != 0 ]; then
    build_errors "$log" >&2
    stop_with "$EX_SOFTWARE" "ビルドに失敗しました。記録: $log" "The build failed. Log: $log"
  fi
  note "ビルドが終わりました（$((SECONDS - begin)) 秒）。" "Built in $((SECONDS - begin)) s."
}

# Every error with the lines that explain it; when the compiler said none (out of memory, no disk), the end of the log.
build_errors() { # LOG
  if grep -q 'error:' "$1"; then
    awk '/error:/ { left = 12 } /^\[[0-9]+\/[0-9]+\]/ { left = 0 } left-- > 0' "$1" | head -n 400
  else
    tail -n 60 "$1"
  fi
}

# run_tests FILTER [OPTION…]: the tests of the bundle just built whose names match, without compiling.
run_tests() {
  local filter=$1
  shift
  SWIFT_BACKTRACE=interactive=no "$SWIFT" test --package-path "$SANMON_ROOT" "${SWIFT_FLAGS[@]}" --skip-build \
    --disable-xctest --filter "$filter" "$@" </dev/null
}

# sanitized_build thread|address, then sanitized_tests thread|address: every test in a debug build of its own, watched by that
# sanitizer. C is optimised all the same: without, one Argon2id takes ten seconds; and Swift for the address sanitizer. Under the
# thread sanitizer it is not: what a continuation brought that was resumed before anybody waited for it is acquired inside
# libswift_Concurrency, which nothing watches, and specialised reads of it would look like races (the runtime's own are not seen).
# Left out: the tests of documents and scripts; the benchmark that logs on at a pace (slower than it, logons at one workstation
# replace each other); locked memory, as programs under a sanitizer lock none (its mlockall does nothing); and for each sanitizer
# the targets in which it has nothing to look at: code and tests on one thread, or Swift that touches no memory by hand.
declare -rA UNTOUCHED=(
  [thread]="PackageTests AuditLogTests AuthAPITests AuthPolicyTests AuthTermsTests BiometricTests CardCiphersTests FuzzTests SealingTests SimulationTests"
  [address]="PackageTests AuthPolicyTests AuthTermsTests SimulationTests"
)
sanitized_flags() {
  SANITIZED_FLAGS=(
    --scratch-path "$SANMON_ROOT/.build-$1" --sanitize="$1" -Xcc -O2 -Xlinker "$SANMON_ROOT/.build-$1/sanitizers.o"
    -Xswiftc -use-ld=lld)
  [ "$1" = thread ] || SANITIZED_FLAGS+=(-Xswiftc -O)
}
sanitized_build() {
  local define=()
  sanitized_flags "$1"
  mkdir -p "$SANMON_ROOT/.build-$1"
  [ "$1" != thread ] || define=(-DTHREAD)
  "$(dirname "$(readlink -f "$SWIFT")")/clang" -O2 -Wall -Werror "${define[@]}" -c "$SANMON_ROOT/deploy/lib/sanitizers.c" \
    -o "$SANMON_ROOT/.build-$1/sanitizers.o"
  compile "$SANMON_ROOT/.build-log/$1.log" "${SANITIZED_FLAGS[@]}" --build-tests
}
# The longest target in two halves and all others side by side: they wait for processes, cards and disks more than they compute.
declare -rA SHARDS=([server-a]="--filter ^AuthServerTests\\.[A-E]" [server-f]="--filter ^AuthServerTests\\.[F-Z]" [others]="--skip ^AuthServerTests\\.")
sanitized_tests() {
  local log=$SANMON_ROOT/.build-log/$1-tests bundle=$SANMON_ROOT/.build-$1/debug/sanmonPackageTests.xctest
  local code=0 target shard skip=(--skip '^BenchmarkTests\..*reload' --skip '^SSOVaultTests\.ProcessTests/locked') pids=()
  [ -x "$bundle" ] || stop_with "$EX_SOFTWARE" "テストがありません: $bundle" "No such test bundle: $bundle"
  for target in ${UNTOUCHED[$1]}; do
    [ -d "$SANMON_ROOT/Tests/$target" ] || stop_with "$EX_SOFTWARE" "テストがありません: $target" "No such test target: $target"
    skip+=(--skip "^$target\\.")
  done
  for shard in "${!SHARDS[@]}"; do
    # shellcheck disable=SC2086  # an option and its value
    (cd "$SANMON_ROOT" && exec env SWIFT_BACKTRACE=interactive=no CI=true "$bundle" --testing-library swift-testing --no-parallel \
      ${SHARDS[$shard]} "${skip[@]}") >"$log-$shard.log" 2>&1 </dev/null &
    pids+=($!)
    remember_pid "$!" "$1-$shard"
  done
  for shard in "${pids[@]}"; do wait "$shard" || code=$?; done
  for shard in "${!SHARDS[@]}"; do
    grep -E -A 40 '^(WARNING|==[0-9]+==ERROR|=+[0-9]+=+ERROR)' "$log-$shard.log" | head -n 200 || true
    grep -E '^✘|Test run with|^SUMMARY' "$log-$shard.log" | head -n 60 || true
    grep -q 'Test run with [1-9][0-9]* tests .*passed' "$log-$shard.log" || code=1
  done
  [ "$code" = 0 ] || note "記録: $log-*.log" "Logs: $log-*.log"
  return "$code"
}

# covered_tests FILTER: these tests in a debug build that counts what they enter. COVERAGE_BUILD is its folder.
COVERAGE_BUILD=$SANMON_ROOT/.build-coverage
covered_tests() {
  find "$COVERAGE_BUILD" -name '*.profraw' -delete 2>/dev/null || true
  SWIFT_BACKTRACE=interactive=no "$SWIFT" test --package-path "$SANMON_ROOT" --scratch-path "$COVERAGE_BUILD" \
    --enable-code-coverage -Xswiftc -use-ld=lld --disable-xctest ${SANMON_JOBS:+-j "$SANMON_JOBS"} --filter "$1" </dev/null
}

# mutants_build FOLDER: a package of the modules that decide and record, with every fault in them (deploy/lib/mutate.py), and
# their tests. Lines that do not compile with their faults lose them, and it is tried again.
mutants_build() {
  local folder=$1 log=$1/build.log link
  mkdir -p "$folder/Sources" "$folder/Tests"
  for link in Sources/AuthTerms Tests/AuthPolicyTests Tests/AuditLogTests policies docs; do
    rm -f -- "$folder/$link"
    ln -s "$SANMON_ROOT/$link" "$folder/$link"
  done
  cat >"$folder/Package.swift" <<SWIFT
// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let package = Package(
  name: "mutants",
  dependencies: [
    .package(path: "$SANMON_ROOT/.build/checkouts/Yams"), .package(path: "$SANMON_ROOT/.build/checkouts/swift-crypto"),
    .package(path: "$SANMON_ROOT/.build/checkouts/swift-asn1"),
  ],
  targets: [
    .target(name: "AuthTerms", swiftSettings: house),
    .target(name: "AuthPolicy", dependencies: ["AuthTerms", .product(name: "Yams", package: "Yams")], swiftSettings: house),
    .target(name: "AuditLog", dependencies: ["AuthTerms", crypto], swiftSettings: house),
    .testTarget(name: "AuthPolicyTests", dependencies: ["AuthTerms", "AuthPolicy", crypto], swiftSettings: house),
    .testTarget(name: "AuditLogTests", dependencies: ["AuthTerms", "AuditLog", crypto], swiftSettings: house),
  ],
  swiftLanguageModes: [.v6])
SWIFT
  rm -f -- "$folder/struck"
  for _ in 1 2 3 4 5 6 7 8; do
    python3 "$SANMON_ROOT/deploy/lib/mutate.py" prepare "$SANMON_ROOT" "$folder" AuthPolicy \
      Sources/AuthPolicy/Decide Sources/AuthPolicy/Ceremony
    python3 "$SANMON_ROOT/deploy/lib/mutate.py" prepare "$SANMON_ROOT" "$folder" AuditLog Sources/AuditLog
    if SWIFT_BACKTRACE=interactive=no "$SWIFT" build -c release --package-path "$folder" --build-tests -Xswiftc -use-ld=lld \
      ${SANMON_JOBS:+-j "$SANMON_JOBS"} >"$log" 2>&1 </dev/null; then
      return 0
    fi
    python3 "$SANMON_ROOT/deploy/lib/mutate.py" strike "$folder" "$log" || break
  done
  grep -m 20 'error:' "$log" >&2 || tail -n 40 "$log" >&2
  return 1
}

# stage_binaries FOLDER: the programs and the Swift libraries they open, stripped, so that they run under any user and
# after the clone or the toolchain is gone. Libraries of Debian stay Debian's. Needs the package patchelf.
stage_binaries() {
  local to=$1 program library
  mkdir -p "$to"
  chmod 0755 "$to"
  for program in sanmond sanmon sanmon-agent sanmon-vault sanmon-matcher sanmon-rotator sanmon-cardsim sanmon-palmsim; do
    install -m 0755 "$BINARIES/$program" "$to/$program"
    strip "$to/$program"
    # The builder's toolchain folder stands in the search path of what was just built. On another machine that folder
    # may belong to somebody who should not be able to choose our libraries.
    # shellcheck disable=SC2016  # the loader expands it, not the shell
    patchelf --set-rpath '$ORIGIN' "$to/$program"
  done
  for library in $(cd "$BINARIES" && ldd sanmond sanmon sanmon-agent sanmon-vault sanmon-matcher sanmon-rotator sanmon-cardsim \
    sanmon-palmsim |
    awk '$3 ~ /\/swift\/linux\// { print $3 }' | sort -u); do
    install -m 0644 "$library" "$to/$(basename "$library")"
  done
}
