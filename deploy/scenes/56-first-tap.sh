# shellcheck shell=bash
step "新しいカード：本人が端末で登録する（一回限りの登録コード）" "A new card, registered by its holder (a one-time enrolment code)"
# After 52-loan-card.sh: LGWAN-PC-0045 and its watch.

# lgwan_rules LINE: one more line under 'card' of LGWAN's shipped rules; without one, the shipped rules again.
lgwan_rules() {
  cp "$SANMON_ROOT/policies/lgwan.yaml" "$STAGE/policies/lgwan.yaml"
  [ $# = 0 ] || sed -i "s/^  proof: pk$/&\n  $1/" "$STAGE/policies/lgwan.yaml"
  at_instance lgwan sanmon policy reload
}
# clerk_password PERSON ACCOUNT PASSWORD: what she types into Windows, where there is a directory.
clerk_password() {
  if [ "$DEMO_AD" = 1 ]; then directory_tool user setpassword "$2" --newpassword="$3"; else set_password lgwan "$1" "$3"; fi
}

LETTER=$STAGE/desk/letter.txt
tap_letter() {
  operator_key lgwan
  at_instance lgwan sanmon card enrolment-codes issue --person p-000018 --segment lgwan --days 7 --out "$LETTER" "${OPERATOR_KEY[@]}"
}
code_of_letter() { grep -oE '[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]' "$LETTER" | head -n 1; }
tap() {
  agent LGWAN-PC-0045 register-card --account tanabe.noriko --pin-fd 3 --password-fd 4 --code-fd 6 6<<<"$(code_of_letter)"
}

expect 0 '' "田邉さんに新しいカードが届く（まだだれのものでもない）" "a new card comes for Tanabe; it is nobody's yet" issue_card tanabe p256
expect 0 '' "田邉さんのパスワード" "Tanabe's password" clerk_password p-000018 tanabe.noriko 'kusa-no-iro-8'
insert_card tanabe
PIN=246810 PASSWORD='kusa-no-iro-8'
expect 10 'AP10[02]' "登録前のカードでは入れない" "before it is registered the card lets nobody in" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "LGWAN の規則で、本人による登録を認める（My Number では書けない）" \
  "LGWAN's rules allow a registration by first tap (My Number's cannot)" lgwan_rules 'first-tap: allowed'
expect 0 '1 人の登録コード|Codes for 1 people' "管理者が署名して、手渡す用紙を作る" "an administrator signs, and gets a letter to be handed over" tap_letter
PASSWORD='guessed-by-a-thief'
expect 10 'AP100' "用紙だけを手に入れた人：パスワードがなければ登録できない" \
  "whoever has the letter and no password registers nothing" tap
PASSWORD='kusa-no-iro-8'
expect 0 '典子' "カードと暗証番号、いつものパスワード、登録コードで登録する" \
  "she registers it: card and PIN, her usual password, the code" tap
expect 0 '典子' "そのカードで入る" "and enters with it" agent LGWAN-PC-0045 logon --pin-fd 3
expect 0 '' "ログオフする" "she logs off" agent LGWAN-PC-0045 logoff
expect 10 'AP100' "同じコードは二度使えない" "the same code does not work twice" tap
expect 0 'card\.enrolled  p-000018' "記録に、だれがどこで登録したかが残る" "the log keeps who registered it, and where" \
  at_instance lgwan sanmon audit list --purpose demo --since today --person p-000018 --action card.enrolled
remove_card
PASSWORD=
rm -f "$LETTER"
expect 0 '' "規則を元に戻す" "back to the shipped rules" lgwan_rules
