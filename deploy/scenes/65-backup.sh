# shellcheck shell=bash
step "控え（バックアップ）と復元" "Backup and restore"
make_backup() { at_instance lgwan sanmon backup create "$STAGE/desk/night.sanmon"; }
expect 0 'SHA-256' "動かしたまま、回復鍵で封をした控えを一つのファイルに取る" \
  "while everything runs, a backup is made: one file, sealed to the recovery key" make_backup
with_paper() { "$@" --key-file "$STAGE/desk/log.vkey" --key-fd 3 3<"$STAGE/desk/recovery.key"; }
expect 0 '' "仮に復元し、全件を確かめる" "it is restored into a scratch folder and every row is read" \
  with_paper sanmon backup verify "$STAGE/desk/night.sanmon"
bent_backup() {
  cp "$STAGE/desk/night.sanmon" "$STAGE/desk/bent.sanmon"
  local byte
  byte=$(od -An -tu1 -j70000 -N1 "$STAGE/desk/bent.sanmon")
  # shellcheck disable=SC2059  # the byte with its lowest bit turned, as an octal escape
  printf "\\$(printf %03o "$((byte ^ 1))")" | dd of="$STAGE/desk/bent.sanmon" bs=1 seek=70000 conv=notrunc status=none
  with_paper sanmon backup verify "$STAGE/desk/bent.sanmon"
}
expect 65 '' "控えを 1 バイト変えると、使えないと分かる" "one byte of it is changed: it is refused" bent_backup
restore_into() {
  with_paper sanmon backup restore "$STAGE/desk/night.sanmon" --state "$STAGE/$1/state" --vault-state "$STAGE/$1/vault"
}
expect 65 '' "使われている装置の上には復元しない" "nothing is restored over a living instance" restore_into lgwan
mkdir -m 0755 "$STAGE/second"
expect 0 '' "二台目の機械の、空のフォルダーに復元する" "it is restored into the empty folders of a second machine" restore_into second

start_second() {
  local at=$STAGE/second
  as_root chown -R "$SERVER_USER:$SERVER_USER" "$at/state"
  as_root chown -R "$VAULT_USER:$VAULT_USER" "$at/vault"
  as_root install -d -m 0755 -o "$SERVER_USER" -g "$SERVER_USER" "$at/run"
  as_root install -d -m 0755 -o "$VAULT_USER" -g "$VAULT_USER" "$at/vault-run"
  as_root install -m 0400 -o "$VAULT_USER" -g "$VAULT_USER" "$STAGE/lgwan/vault/master.key" "$at/vault-run/master.key"
  cp "$STAGE/etc/lgwan.yaml" "$STAGE/etc/second.yaml"
  sed -i "s#$STAGE/lgwan/#$STAGE/second/#g" "$STAGE/etc/second.yaml"
  for name in port enrolment-port operator-port; do
    free_port
    sed -i "s/port: $(cat "$STAGE/lgwan/$name")}/port: $PORT}/" "$STAGE/etc/second.yaml"
  done
  user_command "$VAULT_USER"
  start vault-second "$STAGE/log/vault-second.log" "${AS_USER[@]}" "$BIN/sanmon-vault" serve \
    --socket "$at/vault-run/vault.sock" --state "$at/vault" --master-key-file "$at/vault-run/master.key" \
    --peer-user "$SERVER_USER" --operator-user "$OPERATOR" --recovery-key "$RECOVERY_PUBLIC"
  SECOND_VAULT=$STARTED_PID
  wait_until 20 test -S "$at/vault-run/vault.sock" || return 1
  start_server second || return 1
  SECOND_SERVER=$STARTED_PID
}
expect 0 '' "復元した鍵庫とサーバーが動く" "the restored vault and server run" start_second
enrol_at_second() {
  at_instance second sanmon workstation enrol LGWAN-PC-0099 --segment lgwan --key-file "$STAGE/desk/lgwan.key"
}
expect 1 'AP194' "承認があるまで、だれも受け入れない" "until it is approved, everybody is refused" enrol_at_second
approve_second() { at_instance second sanmon backup approve --key-file "$STAGE/desk/lgwan.key" "$@"; }
expect 65 '--lost' "何が失われるかが示され、確かめるまで署名されない" \
  "what is lost is said first, and nothing is signed before somebody has read it" approve_second
expect 0 '2' "管理者が承認し、第 2 期が始まる" "an administrator approves it; epoch 2 begins" approve_second --lost 0
expect 0 'LGWAN-PC-0099' "復元した装置が使える" "the restored instance works" enrol_at_second
leave_second() { stop_pid "$SECOND_SERVER" && stop_pid "$SECOND_VAULT"; }
expect 0 '' "二台目を止める" "the second machine is switched off" leave_second
