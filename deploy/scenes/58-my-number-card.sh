# shellcheck shell=bash
step "職員自身のマイナンバーカード：既定では使えない。認める系統でも、使うのは利用者証明の鍵だけ" \
  "A clerk's own My Number Card: off by default, and where it is on, its user-authentication key and nothing else"
# After 56-first-tap.sh: lgwan_rules, clerk_password.

PERSONAL=$STAGE/cards/personal
# Its authority is none that this city's server was told of: the key proves possession, and whether it was revoked is unknown.
personal_authority() {
  sanmon-cardsim make-ca --cert "$PERSONAL-ca.pem" --key "$PERSONAL-ca.key" --name "Sanmon Sample User Authentication"
}
personal_card() {
  sanmon-cardsim issue-jpki --card "$PERSONAL.card" --name "森田 修" --pin-fd 3 --ca-cert "$PERSONAL-ca.pem" \
    --ca-key "$PERSONAL-ca.key" 3<<<"4649"
}
personal_enrol() { at_instance "$1" sanmon card enrol --person p-000020 --segment "$1" --profile jpki --pin-fd 3 3<<<"4649"; }
personal_logon() { agent "$1" logon --factors card+password --pin-fd 3 --password-fd 4; }

expect 0 '' "利用者証明の認証局（見本）" "a sample authority for user authentication" personal_authority
expect 0 '' "森田さんのマイナンバーカード（見本）" "a sample of Morita's My Number Card" personal_card
expect 0 '' "森田さんのパスワード" "Morita's password" clerk_password p-000020 morita.osamu 'umi-no-kaori-4'
insert_card personal
PIN=4649 PASSWORD='umi-no-kaori-4'
expect 14 'SA119' "認めていない系統では、端末はカードから何も読まない" "where it is not switched on, the workstation reads nothing of it" \
  personal_logon LGWAN-PC-0045
expect 1 'AP198' "窓口も断る" "and the desk refuses it" personal_enrol lgwan
expect 0 'PF423' "LGWAN の規則で認める（市の法務が決めること、と警告が出る）" \
  "LGWAN's rules take it (with a warning: whether a city may is for its lawyers)" lgwan_rules 'jpki: user-authentication'
expect 0 '(利用者証明）|user authentication\))  pk( |$)' "窓口で、ご本人とカードを前に登録する" \
  "registered at the desk, its holder and the card there" personal_enrol lgwan
sed -n 's/^\(card-[0-9a-f]*\).*/\1/p' "$STAGE/last" >"$STAGE/desk/personal.card-id"
PIN=0000
expect 12 '' "暗証番号が違えば、カードが断る（三回で止まる）" "with a wrong PIN the card refuses (three of them block it)" \
  personal_logon LGWAN-PC-0045
PIN=4649
expect 0 '森田' "カードと暗証番号、パスワードで入る" "he enters with card, its PIN and the password" personal_logon LGWAN-PC-0045
expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0045 logoff
expect 0 'revocation unknown' "カードの経緯に「所持、失効は不明」と残る" "its story says: possession, revocation unknown" \
  at_instance lgwan sanmon card show "$(cat "$STAGE/desk/personal.card-id")"
expect 14 'SA119' "マイナンバー利用事務系では、いまも使えない" "in My Number it is still not taken" personal_logon MYNUMBER-PC-0007
remove_card
expect 0 'surface 0, signature 0' "券面も署名用の鍵も、だれも触れていない（十二桁は読まれていない）" \
  "nobody touched its surface or its signature key: the twelve digits were not read" sanmon-cardsim show --card "$PERSONAL.card"
expect 0 '紛失|lost' "失くしたと届け出る" "he says that he lost it" \
  at_instance lgwan sanmon card lost "$(cat "$STAGE/desk/personal.card-id")" --reason 'reported to the municipality too'
PASSWORD=
expect 0 '' "規則を元に戻す" "back to the shipped rules" lgwan_rules
