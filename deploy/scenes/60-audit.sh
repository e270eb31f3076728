# shellcheck shell=bash
step "監査" "The auditor"
expect 0 '佐藤' "今朝 LGWAN-PC-0042 にだれが、どの規則で入ったか" "who logged on to LGWAN-PC-0042 this morning, by which rule" \
  at_instance lgwan sanmon audit list --purpose demo --workstation LGWAN-PC-0042 --since today --action logon
keep_checkpoint() { at_instance lgwan sanmon audit checkpoint --key-file "$STAGE/desk/log.vkey" >"$STAGE/desk/checkpoint" && cat "$STAGE/desk/checkpoint"; }
expect 0 'lgwan' "署名済みチェックポイントを手元に残す" "a signed checkpoint is kept elsewhere" keep_checkpoint
copy_log() {
  as_root sqlite3 "$STAGE/lgwan/state/sanmon.sqlite" ".backup '$STAGE/desk/copy.sqlite'" &&
    as_root chown "$OPERATOR" "$STAGE/desk/copy.sqlite" && chmod 0600 "$STAGE/desk/copy.sqlite"
}
expect 0 '' "データベースの写しを取る" "a copy of the database is taken" copy_log
verify_copy() { sanmon audit verify --database "$1" --key-file "$STAGE/desk/log.vkey" --checkpoint "$STAGE/desk/checkpoint"; }
expect 0 '' "写しの記録は全件そろい、改変がない" "the copy's log is whole and unchanged" verify_copy "$STAGE/desk/copy.sqlite"
flip_byte() {
  cp "$STAGE/desk/copy.sqlite" "$STAGE/desk/flipped.sqlite" && chmod 0600 "$STAGE/desk/flipped.sqlite"
  sqlite3 "$STAGE/desk/flipped.sqlite" "DROP TRIGGER audit_rows_do_not_change;
    UPDATE audit SET encoded = CAST(substr(encoded, 1, 40) || x'5A' || substr(encoded, 42) AS BLOB) WHERE sequence = 5;"
  verify_copy "$STAGE/desk/flipped.sqlite"
}
expect 65 '5' "5 番の記録を 1 バイト変えると、その位置が指摘される" "one byte of row 5 is changed: the position is named" flip_byte
cut_tail() {
  cp "$STAGE/desk/copy.sqlite" "$STAGE/desk/cut.sqlite" && chmod 0600 "$STAGE/desk/cut.sqlite"
  sqlite3 "$STAGE/desk/cut.sqlite" "DROP TRIGGER audit_rows_stay;
    DELETE FROM audit WHERE sequence >= (SELECT max(sequence) - 2 FROM audit); DELETE FROM checkpoints;"
  verify_copy "$STAGE/desk/cut.sqlite"
}
expect 65 '' "末尾を切り、サーバー側の署名も消しても、手元のチェックポイントで分かる" \
  "the tail is cut and every signature on the server removed: the kept checkpoint tells" cut_tail
write_pack() { rm -f "$STAGE/desk/all.pack.html" && at_instance lgwan sanmon audit pack --since 2020-01-01 --purpose 四半期監査 --out "$STAGE/desk/all.pack.html"; }
expect 0 '' "監査人のために、全件と証明を一つのファイルに書き出す" "all rows and their proofs are written into one file, for the auditor" write_pack
check_pack() { sanmon audit check "$1" --key-file "$STAGE/desk/log.vkey"; }
expect 0 '' "監査パックは、サーバーも操作者の鍵も使わずに確かめられる" "the pack is checked without the server and without an operator's key" \
  check_pack "$STAGE/desk/all.pack.html"
drop_row() {
  grep -v '^<p id="r5"' "$STAGE/desk/all.pack.html" >"$STAGE/desk/dropped.pack.html"
  check_pack "$STAGE/desk/dropped.pack.html"
}
expect 65 '5' "写しから 5 番の記録を抜くと、欠落と指摘される" "row 5 is taken out of a copy: it is named as missing" drop_row
