# shellcheck shell=bash
# The stage of deploy/demo: one folder, two system users, and small words for "this was expected, this happened".
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
[ -z "${SANMON_STAGE:-}" ] || return 0
SANMON_STAGE=1

STAGE_RIGHT=0 STAGE_WRONG=0 STAGE_NUMBER=0
readonly SERVER_USER=sanmond VAULT_USER=sanmon-vault EXTRACT_USER=sanmon-extract COMPARE_USER=sanmon-compare
readonly ROTATOR_USER=sanmon-rotator

# --- one step --------------------------------------------------------------------------------------------------------

# expect CODE PATTERN JAPANESE ENGLISH CMD…: runs CMD; right when it ends with CODE and its output matches PATTERN (ERE; ''
# matches all). The output stays in $STAGE/last. Prints one line: what was expected, what happened.
expect() {
  local want=$1 pattern=$2 ja=$3 en=$4 code=0 verdict
  shift 4
  "$@" >"$STAGE/last" 2>&1 </dev/null || code=$?
  verdict 1 "$want" "$pattern" "$ja" "$en" "$code"
}

verdict() {
  local want=$2 pattern=$3 ja=$4 en=$5 code=$6 happened
  STAGE_NUMBER=$((STAGE_NUMBER + 1))
  happened=$(first_line)
  if [ "$code" = "$want" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$STAGE/last"; }; then
    STAGE_RIGHT=$((STAGE_RIGHT + 1))
    printf '%3d ✓ ' "$STAGE_NUMBER"
    say_ja_en "期待: $ja
      結果: $happened" "expected: $en
      happened: $happened"
  else
    STAGE_WRONG=$((STAGE_WRONG + 1))
    printf '%3d ✗ ' "$STAGE_NUMBER"
    say_ja_en "期待: $ja（終了コード $want、'$pattern'）
      結果: 終了コード $code" "expected: $en (exit code $want, '$pattern')
      happened: exit code $code"
    sed 's/^/      | /' "$STAGE/last" | head -n 40
  fi
}

# The line that tells what happened: the one the pattern of the step is about, else the first.
first_line() {
  local line=''
  [ -z "${pattern:-}" ] || line=$(grep -E -m 1 -- "$pattern" "$STAGE/last" || true)
  [ -n "$line" ] || line=$(grep -m 1 . "$STAGE/last" || true)
  printf '%s' "${line:-$([ "$SANMON_JA" = 1 ] && echo 'できました' || echo done)}" | cut -c1-180
}

# --- users, folders, programs ----------------------------------------------------------------------------------------

stage_user() {
  id -u "$1" >/dev/null 2>&1 || as_root useradd --system --no-create-home --shell /usr/sbin/nologin "$1"
}

stage_open() {
  step "舞台を用意します" "Setting the stage"
  scratch_folder demo
  STAGE=$SCRATCH
  chmod 0711 "$STAGE"
  BIN=$STAGE/bin
  stage_binaries "$BIN"
  export PATH="$BIN:$PATH" SANMON_BIN=$BIN
  install -m 0755 "$SANMON_ROOT/deploy/lib/again" "$BIN/again"
  install -m 0644 "$BINARIES/libHostileMatcher.so" "$BIN/libHostileMatcher.so"
  for user in "$SERVER_USER" "$VAULT_USER" "$EXTRACT_USER" "$COMPARE_USER" "$ROTATOR_USER"; do stage_user "$user"; done
  mkdir -m 0755 "$STAGE/etc" "$STAGE/log" "$STAGE/cards" "$STAGE/desk"
  # What an operator would write on paper, and the half of it that the instances get.
  (umask 077 && sanmon backup key | sed -n 2p >"$STAGE/desk/recovery.key")
  RECOVERY_PUBLIC=$(sanmon backup key --check --key-fd 0 <"$STAGE/desk/recovery.key")
  cp -r "$SANMON_ROOT/policies" "$STAGE/policies"
  chmod -R a+rX "$STAGE/policies"
  OPERATOR=$(id -un)
  note "フォルダー: $STAGE" "folder: $STAGE"
}

# stage_close: everything the stage started ends now; nothing of it may be left.
stage_close() {
  step "片付け" "Clearing the stage"
  remove_card
  stop_started
  stage_reader_down
  stage_directory_down
  expect 0 '' "動かしたものはすべて終わった" "everything that was started has ended" nothing_left
}

nothing_left() {
  local left
  left=$(pgrep -f -a -- "$STAGE/" | grep -v "^$$ ") || return 0
  printf '%s\n' "$left"
  return 1
}

stage_summary() {
  step "まとめ" "Summary"
  say_ja_en "期待どおり $STAGE_RIGHT 件、違ったもの $STAGE_WRONG 件。" "$STAGE_RIGHT steps as expected, $STAGE_WRONG not."
}

stage_invite() {
  stage_hand
  say_ja_en "
サーバーは動いたままです（Ctrl-C で終了）。別の端末で、まず次の 1 行を実行してください:
  . $STAGE/hand
続けて、たとえば（暗証番号は 246810、髙橋さんのマイナンバー側のパスワードは kawa-no-nagare-7）:
  card takahashi                  カードを読み取り機に置く（ほかに sato＝紛失の届出済み、yamada、外すのは card none）
  pc LGWAN-PC-0042 logon          その端末でログオンする（ほかに unlock, lock, logoff, status）
  pc MYNUMBER-PC-0007 unlock
  sanmon status
  sanmon audit list --purpose 確認 --workstation LGWAN-PC-0042 --since today
  sanmon policy explain --person p-000042 --workstation LGWAN-PC-0042
  at mynumber                     以後の sanmon はマイナンバー側のサーバーへ（戻すのは at lgwan）" "
The servers stay up (Ctrl-C here ends them). In another terminal, first this line:
  . $STAGE/hand
then, for example (the PIN is 246810, Takahashi's password in My Number kawa-no-nagare-7):
  card takahashi                  put a card on the reader (also sato, reported lost, and yamada; take it off: card none)
  pc LGWAN-PC-0042 logon          log on at that workstation (also unlock, lock, logoff, status)
  pc MYNUMBER-PC-0007 unlock
  sanmon status
  sanmon audit list --purpose look --workstation LGWAN-PC-0042 --since today
  sanmon policy explain --person p-000042 --workstation LGWAN-PC-0042
  at mynumber                     sanmon then asks the My Number server (back: at lgwan)"
}

# stage_hand: a file for an interactive shell, so that somebody can go on by hand at this stage.
stage_hand() {
  remove_card
  {
    printf 'export PATH=%q:"$PATH" SANMON_BIN=%q PCSCLITE_CSOCK_NAME=%q\n' "$BIN" "$BIN" "$(pcscd_socket "$STAGE/reader")"
    printf '. %q\n' "$SANMON_ROOT/deploy/lib/pcscd.sh"
    printf 'SANMON_STAGE=%q\n' "$STAGE"
    cat <<'HAND'
at() { export SANMON_SOCKET="$SANMON_STAGE/$1/run/operator.sock"; }
pc() {
  local workstation=$1 command=$2
  shift 2
  sanmon-agent "$command" --state "$SANMON_STAGE/desk/$workstation" "$@"
}
card() {
  if [ -n "${SANMON_CARD_PID:-}" ]; then
    kill "$SANMON_CARD_PID" 2>/dev/null
    wait "$SANMON_CARD_PID" 2>/dev/null
    SANMON_CARD_PID=
    sleep 0.6
  fi
  [ "$1" != none ] || return 0
  if [ ! -f "$SANMON_STAGE/cards/$1.card" ]; then
    ls "$SANMON_STAGE/cards" | sed -n 's/\.card$//p'
    return 1
  fi
  # The pipe, open at both ends, never ends: the card stays until it is taken off.
  [ -n "${SANMON_CARD_PIPE:-}" ] || exec {SANMON_CARD_PIPE}<>"$SANMON_STAGE/card.pipe"
  set +m # no job notices
  cardsim_in_namespace "$SANMON_STAGE/reader" insert --card "$SANMON_STAGE/cards/$1.card" \
    >>"$SANMON_STAGE/log/card.log" 2>&1 <&"$SANMON_CARD_PIPE" &
  SANMON_CARD_PID=$!
  set -m
  sleep 1.2
}
at lgwan
HAND
  } >"$STAGE/hand"
}

# --- instances -------------------------------------------------------------------------------------------------------

# instance_folder SEGMENT: folders with their owners, a master key and a start-up file; free ports.
instance_folder() {
  local segment=$1 at=$STAGE/$1
  mkdir -m 0755 "$at" "$at/run" "$at/vault-run"
  as_root install -d -m 0700 -o "$VAULT_USER" -g "$VAULT_USER" "$at/vault"
  as_root install -d -m 0700 -o "$SERVER_USER" -g "$SERVER_USER" "$at/state"
  as_root chown "$SERVER_USER:$SERVER_USER" "$at/run"
  as_root chown "$VAULT_USER:$VAULT_USER" "$at/vault-run"
  as_root install -d -m 0755 -o "$EXTRACT_USER" -g "$EXTRACT_USER" "$at/extract-run"
  as_root install -d -m 0755 -o "$COMPARE_USER" -g "$COMPARE_USER" "$at/compare-run"
  free_port && printf '%s' "$PORT" >"$at/port"
  free_port && printf '%s' "$PORT" >"$at/enrolment-port"
  free_port && printf '%s' "$PORT" >"$at/operator-port"
  cat >"$STAGE/etc/$segment.yaml" <<YAML
# Start-up file of the instance "$segment-1".
instance: $segment-1
segments: [$segment]
listen: {address: 127.0.0.1, port: $(cat "$at/port")}
enrolment-listen: {address: 127.0.0.1, port: $(cat "$at/enrolment-port")}
operator-socket: $at/run/operator.sock
operator-users: [$OPERATOR]
operator-listen: {address: 127.0.0.1, port: $(cat "$at/operator-port")}
operator-roots: [$STAGE/cards/operator-ca.pem]
vault-socket: $at/vault-run/vault.sock
state: $at/state
policies: $STAGE/policies
card-roots: {$segment: [$STAGE/cards/staff-ca.pem]}
hosts: [127.0.0.1]
checkpoint-seconds: 5
recovery-key: $RECOVERY_PUBLIC
YAML
  [ "${DEMO_AD:-0}" = 0 ] || directory_of "$segment" >>"$STAGE/etc/$segment.yaml"
  matchers_of "$segment" >>"$STAGE/etc/$segment.yaml"
  # In My Number no rules count that an administrator of that instance has not signed.
  [ "$segment" != mynumber ] || echo 'policy-signatures: 1' >>"$STAGE/etc/$segment.yaml"
}

# directory_of SEGMENT: the part of a start-up file that names the Active Directory of the stage; its password belongs to the server.
directory_of() {
  local at=$STAGE/$1
  as_root install -m 0600 -o "$SERVER_USER" -g "$SERVER_USER" "$STAGE/ad/svc-sanmon.password" "$at/directory.password"
  samba_lines "$STAGE/ad" "$STAGE/etc/ad-ca.pem" "$at/directory.password"
  # What a clerk types is what she types into Windows.
  echo "  passwords: directory"
}

start_vault() {
  local at=$STAGE/$1 rotators=()
  # Windows passwords are made where there is a directory.
  [ "${DEMO_AD:-0}" = 0 ] || rotators=(--rotator-user "$ROTATOR_USER")
  as_user "$VAULT_USER" "$BIN/sanmon-vault" make-master-key --out "$at/vault/master.key" >/dev/null
  user_command "$VAULT_USER"
  start "vault-$1" "$STAGE/log/vault-$1.log" "${AS_USER[@]}" "$BIN/sanmon-vault" serve \
    --socket "$at/vault-run/vault.sock" --state "$at/vault" --master-key-file "$at/vault/master.key" \
    --peer-user "$SERVER_USER" --operator-user "$OPERATOR" "${rotators[@]}" --recovery-key "$RECOVERY_PUBLIC"
  wait_until 20 test -S "$at/vault-run/vault.sock"
}

# matchers_of SEGMENT: who compares palms there. In My Number our own two processes; LGWAN has bought a bad library.
matchers_of() {
  local at=$STAGE/$1
  echo 'palm-matchers:'
  if [ "$1" = mynumber ]; then
    echo "  - extract-socket: $at/extract-run/palm.sock"
    echo "    compare-socket: $at/compare-run/palm.sock"
    echo "    compare-user: $COMPARE_USER"
  else
    echo "  - extract-socket: $at/extract-run/vendor.sock"
    echo "    compare-socket: $at/extract-run/vendor.sock"
  fi
  echo "    extract-user: $EXTRACT_USER"
}

# start_matcher SEGMENT USER SOCKET WORD…: begun again when it ends, as systemd would.
start_matcher() {
  local segment=$1 user=$2 socket=$STAGE/$1/$3
  shift 3
  user_command "$user"
  start "matcher-$segment-$1" "$STAGE/log/matcher-$segment-$1.log" "${AS_USER[@]}" env SANMON_HOSTILE=pictures \
    "$BIN/again" "$BIN/sanmon-matcher" "$@" --socket "$socket" --peer-user "$SERVER_USER"
  wait_until 20 test -S "$socket"
}

start_server() {
  local at=$STAGE/$1
  user_command "$SERVER_USER"
  start "server-$1" "$STAGE/log/server-$1.log" "${AS_USER[@]}" "$BIN/sanmond" --config "$STAGE/etc/$1.yaml"
  eval "SERVER_$1=$STARTED_PID"
  wait_until 30 test -S "$at/run/operator.sock"
}

# at_instance SEGMENT CMD…: the operator's tool against that instance.
at_instance() {
  local segment=$1
  shift
  SANMON_SOCKET="$STAGE/$segment/run/operator.sock" "$@"
}

# --- workstations and cards --------------------------------------------------------------------------------------------

# operator_key SEGMENT: how the administrator signs there: in LGWAN with a key file, in My Number with the key on his card.
operator_key() {
  case "$1" in
    mynumber)
      [ "${CARD_NAME:-}" = yamada ] || insert_card yamada
      OPERATOR_KEY=(--card --pin-fd 5)
      ;;
    *) OPERATOR_KEY=(--key-file "$STAGE/desk/$1.key") ;;
  esac
}

# enrol_workstation SEGMENT NAME: code from the administrator, redeemed by the workstation's agent.
enrol_workstation() {
  local segment=$1 name=$2 code authority
  operator_key "$segment"
  code=$(at_instance "$segment" sanmon workstation enrol "$name" --segment "$segment" "${OPERATOR_KEY[@]}" --json 5<<<"246810" |
    sed -n 's/.*"code":"\([^"]*\)".*/\1/p')
  authority=$(at_instance "$segment" sanmon status --json | sed -n 's/.*"authority":"\([^"]*\)".*/\1/p')
  sanmon-agent enrol --server "https://127.0.0.1:$(cat "$STAGE/$segment/port")" \
    --enrolment "https://127.0.0.1:$(cat "$STAGE/$segment/enrolment-port")" \
    --ca-sha256 "$authority" --state "$STAGE/desk/$name" --code-fd 3 3<<<"$code"
}

# insert_card NAME / remove_card: the card lies on the reader, or does not.
insert_card() {
  remove_card
  # A pipe that is open at both ends here never ends: the simulator keeps the card in until it is told otherwise.
  [ -p "$STAGE/card.pipe" ] || { mkfifo "$STAGE/card.pipe" && exec 9<>"$STAGE/card.pipe"; }
  cardsim_in_namespace "$STAGE/reader" insert --card "$STAGE/cards/$1.card" >"$STAGE/log/card.log" 2>&1 <&9 &
  CARD_PID=$! CARD_NAME=$1
  remember_pid "$CARD_PID" card
  wait_until 30 grep -q '^found' "$STAGE/log/card.log" || true
  sleep 0.2 # and tells its clients
}

remove_card() {
  [ -n "${CARD_PID:-}" ] || return 0
  stop_pid "$CARD_PID"
  CARD_PID= CARD_NAME=
  sleep 0.6
}

# agent WORKSTATION CMD…: the agent of that workstation, card PIN from $PIN and password from $PASSWORD through descriptors.
agent() {
  local workstation=$1 command=$2
  shift 2
  sanmon-agent "$command" --state "$STAGE/desk/$workstation" "$@" 3<<<"${PIN:-}" 4<<<"${PASSWORD:-}" 5<<<"${NEW_PASSWORD:-}"
}
