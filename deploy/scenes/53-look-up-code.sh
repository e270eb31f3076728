# shellcheck shell=bash
step "忘れたカード：一回限りの代替コードの用紙" "A forgotten card: a printed sheet of one-time codes"
# After 52-loan-card.sh: LGWAN-PC-0045 and its watch.

operator_key lgwan
issue_sheet() {
  at_instance lgwan sanmon code issue --person p-000007 --segment lgwan --unlock-codes 2 --reason "left at home" \
    "${OPERATOR_KEY[@]}" >"$STAGE/desk/sheet" && grep -E 'LGWAN' "$STAGE/desk/sheet"
}
# Codes in their order on the sheet: the logon's, then those for unlocks.
code_of_sheet() { grep -oE '[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]' "$STAGE/desk/sheet" | sed -n "$1p"; }
by_code() { agent "$1" "$2" --factors code+password --account takahashi.ichiro --code-fd 6 --password-fd 4 6<<<"$(code_of_sheet "$3")"; }
withdraw_sheet() { at_instance lgwan sanmon code withdraw --person p-000007 --segment lgwan "${OPERATOR_KEY[@]}"; }

expect 0 'LGWAN' "窓口が用紙を印刷する：ログオンに一つ、解除に二つ" "the desk prints a sheet: one code to log on, two to unlock" issue_sheet
PASSWORD='not-his-password'
expect 10 '' "コードは合っていても、パスワードが違えば入れない" "the right code with a wrong password lets nobody in" by_code LGWAN-PC-0045 logon 1
PASSWORD='kawa-no-nagare-7'
expect 0 '' "前の用紙の代わりに、新しい用紙を印刷する" "a new sheet takes the place of the former one" issue_sheet
expect 0 '髙橋' "コードとパスワードで入る" "he enters with code and password" by_code LGWAN-PC-0045 logon 1
expect 0 '' "画面をロックする" "the screen is locked" agent LGWAN-PC-0045 lock
expect 10 'AP100' "同じコードは二度使えない" "the same code does not work twice" by_code LGWAN-PC-0045 unlock 1
expect 0 '髙橋' "解除のコードとパスワードで解除する" "an unlock code and the password unlock it" by_code LGWAN-PC-0045 unlock 2
expect 0 '' "用紙を返す：残りのコードは使えなくなる" "the sheet comes back: what is left of it is void" withdraw_sheet
expect 0 '' "画面をロックする" "the screen is locked" agent LGWAN-PC-0045 lock
expect 10 'AP100' "取り消した用紙のコードは断られる" "a code of a withdrawn sheet is refused" by_code LGWAN-PC-0045 unlock 3
expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0045 logoff
PASSWORD=
rm -f "$STAGE/desk/sheet"
expect 0 'code.issued' "記録に、だれがだれに発行したかが残る" "the log keeps who printed it, and for whom" \
  at_instance lgwan sanmon audit list --purpose demo --since today --action code.issued
# rows_by_code SCENARIO: what let him in by code and password, and by no card; an unlock also by the waiting session's key.
rows_by_code() {
  at_instance lgwan sanmon audit list --purpose demo --since today --workstation LGWAN-PC-0045 --action "$1" |
    grep -E "(許可|granted)  $1  p-000007 .*  lgwan  ((code|password|session-key)\\+?){2,3}  "
}
expect 0 '(code.*password|password.*code)' "コードでログオンしたことも残る" "and that a code logged him on" rows_by_code logon
expect 0 '(code.*password|password.*code)' "コードで解除したことも残る" "and that a code unlocked the screen" rows_by_code unlock
