# shellcheck shell=bash
step "カードの紛失" "A lost card"
insert_card sato
expect 0 'lost|紛失' "窓口が紛失を登録：開いているセッションにロックが届く" "the desk reports the loss: the open session is told to lock" \
  at_instance lgwan sanmon card lost "$(cat "$STAGE/desk/sato.card-id")" --reason "reported by telephone"
session_withdrawn() { grep -qE 'cardLost|紛失|lost' "$STAGE/log/watch-LGWAN-PC-0042.log"; }
expect 0 '' "5 秒以内に端末がロックする" "the workstation locks within 5 seconds" wait_until 5 session_withdrawn
expect 10 'AP105' "そのカードではもう入れない" "the card does not let anybody in any more" agent LGWAN-PC-0042 logon --pin-fd 3
remove_card

step "残っているセッション" "A session left behind"
expect 0 'LGWAN-PC-0043' "窓口は、だれがどの端末を使っているかを見る" "the desk sees who is logged on where" \
  at_instance lgwan sanmon session list --workstation LGWAN-PC-0043
sed -n 's/^\(s-[0-9a-f]*\).*/\1/p' "$STAGE/last" >"$STAGE/desk/left.session-id"
expect 0 'ended|終了' "髙橋さんが LGWAN-PC-0043 に残したセッションを、窓口が終了させる" \
  "the desk ends the session that Takahashi left on LGWAN-PC-0043" \
  at_instance lgwan sanmon session end "$(cat "$STAGE/desk/left.session-id")" --reason "left behind"
expect 1 '' "同じセッションをもう一度は終了できない" "the same session is not ended twice" \
  at_instance lgwan sanmon session end "$(cat "$STAGE/desk/left.session-id")" --reason "left behind"

step "盗まれた端末" "A stolen workstation"
revoke_workstation() {
  operator_key lgwan
  at_instance lgwan sanmon workstation revoke LGWAN-PC-0043 "${OPERATOR_KEY[@]}" 5<<<''
}
expect 0 'revoked|失効' "管理者が端末を失効させる（サーバーと鍵庫の台帳の両方で）" \
  "the administrator withdraws it, in the server and in the vault's register" revoke_workstation
expect 10 '' "その端末はもう使えない" "it cannot be used any more" agent LGWAN-PC-0043 renew
