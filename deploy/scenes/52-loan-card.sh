# shellcheck shell=bash
step "忘れたカード：その日だけの貸出カード" "A forgotten card: a card lent for the day"
# After 50-lost-card.sh, which withdraws LGWAN-PC-0043: the clerk sits at another workstation today.

# issue_spare: a card with a PUK, as they come from their issuer for the stock.
issue_spare() {
  sanmon-cardsim issue --card "$STAGE/cards/spare.card" --name spare --key p256 --pin-fd 3 --puk-fd 5 \
    --ca-cert "$STAGE/cards/staff-ca.pem" --ca-key "$STAGE/cards/staff-ca.key" 3<<<"731905" 5<<<"86420975"
}
spare() { at_instance lgwan sanmon card "$1" "$(cat "$STAGE/desk/spare.card-id")" "${@:2}"; }
lend_spare() { at_instance lgwan sanmon card lend --card "$(cat "$STAGE/desk/spare.card-id")" --to p-000007 --reason "left at home"; }
add_spare() { at_instance lgwan sanmon card add --segment lgwan --pin-fd 3 3<<<"$PIN"; }
new_pin() { at_instance lgwan sanmon card pin-reset --reason "lent for the day" --puk-fd 3 --new-pin-fd 4 3<<<"86420975" 4<<<"580214"; }
found_own() { at_instance lgwan sanmon card found "$(cat "$STAGE/desk/takahashi.card-id")" --pin-fd 3 3<<<"246810"; }
# The card with a number of its own is the one with a PIN.
own_card() { at_instance lgwan sanmon card list --person p-000007 | grep -m 1 -E 'GUID [0-9A-Fa-f]{8}' | grep -oE 'card-[0-9a-f]+'; }

expect 0 'LGWAN-PC-0045' "端末 LGWAN-PC-0045 を登録" "workstation LGWAN-PC-0045 is enrolled" enrol_workstation lgwan LGWAN-PC-0045
expect 0 '' "端末の常駐プロセスが動く" "its resident process runs" watch_start LGWAN-PC-0045
own_card >"$STAGE/desk/takahashi.card-id"
expect 0 '' "貸出用のカードを発行元から受け取る" "a card for the stock comes from its issuer" issue_spare
insert_card spare
PIN=731905
expect 0 'pk-pin' "在庫に加える（暗証番号なしでは署名しないことを確かめてから）" \
  "it is taken into the stock, after it refused to sign without its PIN" add_spare
sed -n 's/^\(card-[0-9a-f]*\).*/\1/p' "$STAGE/last" >"$STAGE/desk/spare.card-id"
expect 10 'AP184' "在庫のカードでは、だれも入れない" "with a card of the stock nobody gets in" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 'p-000007|髙橋' "髙橋さんに今日一日貸す。ご自分のカードは同時に止まる" \
  "lent to Takahashi for today; his own card is paused in the same step" lend_spare
expect 0 '' "髙橋さんが、窓口で自分の暗証番号にする" "at the desk he gives it a PIN of his own" new_pin
PIN=580214
expect 0 '髙橋' "貸出カードで入る" "he enters with the card that was lent" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "離席するのでロックする" "he leaves his seat and locks" agent LGWAN-PC-0045 lock
insert_card takahashi
PIN=246810
expect 10 'AP186' "忘れたはずのカードを、だれかが使おうとする：断られる" \
  "somebody tries the card that was left at home: refused" agent LGWAN-PC-0045 unlock --pin-fd 3
insert_card spare
expect 0 '' "夕方、返却を受ける：開いているセッションはロックされる" "in the evening it is returned: what is open with it locks" spare return
PIN=580214
expect 10 'AP184' "返されたカードでは、もう入れない" "the returned card lets nobody in" agent LGWAN-PC-0045 logon --pin-fd 3
insert_card takahashi
PIN=246810
expect 0 '' "翌朝、ご自分のカードを暗証番号とともに示す：また使える" "his own card, shown with its PIN, is good again" found_own
expect 0 '髙橋' "いつものカードで入る" "and lets him in" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0045 logoff
remove_card
expect 0 '貸出|lent' "カードの経緯：いつ、だれが、なぜ" "the whole story of the card: when, who, why" spare show
