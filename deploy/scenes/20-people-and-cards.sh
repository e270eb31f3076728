# shellcheck shell=bash
step "端末・カード・パスワードの登録" "Enrolling workstations, cards and a password"

set_password() { at_instance "$1" sanmon person password "$2" --password-fd 3 3<<<"$3"; }
enrol_card() { at_instance "$1" sanmon card enrol --person "$2" --segment "$1" --pin-fd 3 3<<<"246810"; }

expect 0 'LGWAN-PC-0042' "端末 LGWAN-PC-0042 が登録コードで証明書を受け取る" \
  "workstation LGWAN-PC-0042 redeems its code for a certificate" enrol_workstation lgwan LGWAN-PC-0042
expect 0 'MYNUMBER-PC-0007' "端末 MYNUMBER-PC-0007 も同様に" "so does workstation MYNUMBER-PC-0007" \
  enrol_workstation mynumber MYNUMBER-PC-0007

insert_card sato
expect 0 'pk-pin' "佐藤 花子さんのカードを鍵で登録（暗証番号なしでは署名しないことを確かめてから）" \
  "Sato Hanako's card is registered by its key, after it refused to sign without its PIN" enrol_card lgwan p-000042
sed -n 's/^\(card-[0-9a-f]*\).*/\1/p' "$STAGE/last" >"$STAGE/desk/sato.card-id"
expect 0 "$(cat "$STAGE/desk/sato.card-id")" "同じカードのもう一つの鍵 9E は、同じカード番号にまとまる（カード自身の番号による）" \
  "key 9E of the same card joins the same card id (by the number that the card tells)" \
  at_instance lgwan sanmon card enrol --person p-000042 --segment lgwan --slot 9e
expect 0 'pk-pin' "同じカードをマイナンバー利用事務系でも登録しておく（所属はさせない）" \
  "the same card is known in My Number too (without the right to enter)" enrol_card mynumber p-000042
insert_card takahashi
expect 0 'pk-pin' "髙橋 一郎さんのカードを登録（両系の職員）" "Takahashi Ichiro's card is registered (he works in both segments)" \
  enrol_card mynumber p-000007
expect 0 'pk-pin' "髙橋さんのカードを LGWAN 接続系でも登録" "and in LGWAN" enrol_card lgwan p-000007
expect 0 'LGWAN-PC-0043' "端末 LGWAN-PC-0043 を登録" "workstation LGWAN-PC-0043 is enrolled" enrol_workstation lgwan LGWAN-PC-0043
if [ "$DEMO_AD" = 1 ]; then
  expect 0 'Changed|changed' "samba-tool：髙橋さんの最初のパスワードを AD で設定（次に変更が必要）" \
    "samba-tool: Takahashi has a first password in the directory, to be changed" \
    directory_tool user setpassword takahashi.ichiro --newpassword='yama-no-midori-3' --must-change-at-next-login
else
  expect 0 '' "髙橋さんのパスワードを設定" "Takahashi's password is set" set_password mynumber p-000007 'kawa-no-nagare-7'
fi
remove_card
