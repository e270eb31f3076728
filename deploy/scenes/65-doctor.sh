# shellcheck shell=bash
step "装置の診断：sanmon doctor" "What is wrong with this machine? sanmon doctor"
doctor() { as_root "$BIN/sanmon" doctor --config "$STAGE/etc/lgwan.yaml"; }
expect 0 '異常はありません|All is well' "root で：すべての項目を調べ、異常なし" "as root: every check is made, and all is well" doctor
as_root chmod 0666 "$STAGE/etc/lgwan.yaml"
expect 2 '書き換えられます|can be written' "起動の設定をだれでも書き換えられる：異常と、することが示される" \
  "anybody can write the start-up file: a fault, and what to do" doctor
as_root chmod 0644 "$STAGE/etc/lgwan.yaml"
vault_away() { sanmon doctor --config "$STAGE/etc/broken.yaml"; }
sed "s|^state: .*|state: $STAGE/nowhere|; s|^vault-socket: .*|vault-socket: $STAGE/nowhere.sock|" "$STAGE/etc/lgwan.yaml" \
  >"$STAGE/etc/broken.yaml"
expect 2 '鍵庫 .*ありません|vault .*not there' "鍵庫のない設定：サーバーが動いていても、鍵庫の異常が一画面で分かる" \
  "a start-up file without its vault: one screen says so" vault_away

step "保守担当に渡す資料：sanmon support" "For the integrator: sanmon support"
# In a session of its own: a person at this terminal would be asked.
support() { as_root setsid --wait "$BIN/sanmon" support --config "$STAGE/etc/lgwan.yaml" --log "$STAGE/log/server-lgwan.log" "$@"; }
expect 1 '書き出しませんでした|nothing was written' "だれも「はい」と言わなければ、見せるだけで書き出さない" \
  "shown, and not written while nobody says yes" support --out "$STAGE/desk/support.tar"
expect 0 '書き出しました|written' "確かめたうえで書き出す" "looked at, and written" support --out "$STAGE/desk/support.tar" --yes
nobody_in_it() { as_root cat "$STAGE/desk/support.tar" | grep -acE 'p-0000|LGWAN-PC|yamada|佐藤|127\.0\.0\.1'; }
expect 1 '^0$' "氏名・番号・端末・操作者・アドレスは入っていない" "no name, id, workstation, operator or address is in it" nobody_in_it
