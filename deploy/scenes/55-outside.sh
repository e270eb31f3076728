# shellcheck shell=bash
step "応援職員：アカウントのない方を、期限と責任者つきで" "Help from another city: no account, a last day, and somebody who answers"
# After 39-deputy.sh (the second administrator of LGWAN) and 52-loan-card.sh (the spare card and a workstation).

OUTSIDE=$STAGE/desk/outside
outside() {
  operator_key lgwan
  at_instance lgwan sanmon person "$@" "${OPERATOR_KEY[@]}"
}
propose_outside() {
  outside add-external --number EXT-0001 --name "応援 太郎" --kana "オウエン タロウ" --department 0401 --groups seg-lgwan \
    --from "$(TZ=JST-9 date +%F)" --until "$(TZ=JST-9 date -d '+30 days' +%F)" --responsible p-000042 \
    --reason "30 days of help" --out "$OUTSIDE.act"
}
agree_outside() { sanmon operator accept "$OUTSIDE.act" --as suzuki --key-file "$SECOND_KEY" --out "$OUTSIDE.suzuki"; }
lend_outside() {
  at_instance lgwan sanmon card lend --card "$(cat "$STAGE/desk/spare.card-id")" --to EXT-0001 --reason "30 days of help"
}
pin_outside() {
  at_instance lgwan sanmon card pin-reset --reason "lent" --puk-fd 3 --new-pin-fd 4 3<<<"86420975" 4<<<"471902"
}

expect 0 '' "山田さんが、期限と責任者を決めて起案する" "Yamada proposes: until when, and who answers" propose_outside
expect 0 'responsible=p-000042' "鈴木さんが、内容をすべて見て署名する" "Suzuki sees all of it, and signs" agree_outside
expect 0 'EXT-0001' "二人の署名で登録する" "both signatures register the person" \
  outside add-external --act "$OUTSIDE.act" --approval "suzuki=$OUTSIDE.suzuki"
expect 0 'EXT-0001' "貸出カードを渡す" "a card is lent" lend_outside
insert_card spare
PIN=580214
expect 10 'AP205' "前に借りた人の暗証番号では、だれも入れない" "with the last holder's PIN nobody gets in" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "ご本人が、窓口で自分の暗証番号にする" "the holder sets a PIN at the desk" pin_outside
PIN=471902
expect 0 '応援' "入れる" "and gets in" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "応援が早く終わる：一人で止められる" "the help is over early: one administrator ends it" \
  outside end EXT-0001 --reason "over early"
agent LGWAN-PC-0045 logoff >/dev/null 2>&1 || true
expect 10 'AP103' "もう入れない" "the card lets nobody in any more" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "カードは返却を受ける" "the card is returned" spare return
remove_card
