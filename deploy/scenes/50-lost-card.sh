# shellcheck shell=bash
step "カードの紛失" "A lost card"
insert_card sato
expect 0 'lost|紛失' "窓口が紛失を登録：開いているセッションにロックが届く" "the desk reports the loss: the open session is told to lock" \
  at_instance lgwan sanmon card lost "$(cat "$STAGE/desk/sato.card-id")" --reason "reported by telephone"
session_withdrawn() { grep -qE 'cardLost|紛失|lost' "$STAGE/log/watch-LGWAN-PC-0042.log"; }
expect 0 '' "5 秒以内に端末がロックする" "the workstation locks within 5 seconds" wait_until 5 session_withdrawn
expect 10 'AP105' "そのカードではもう入れない" "the card does not let anybody in any more" agent LGWAN-PC-0042 logon --pin-fd 3
remove_card
