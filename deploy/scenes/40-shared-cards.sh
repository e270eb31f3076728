# shellcheck shell=bash
step "共有鍵のカード（FeliCa Lite-S と DESFire）：鍵は鍵庫の中だけにある" \
  "Shared-key cards (FeliCa Lite-S and DESFire): the key is in the vault alone"
# After 30-morning.sh and 39-deputy.sh: the watch of LGWAN-PC-0043, the second administrator.

SHARED=$STAGE/desk/shared
operator_key lgwan
SANMON_AUTHORITY=$(at_instance lgwan sanmon status --json | sed -n 's/.*"authority":"\([^"]*\)".*/\1/p')
export SANMON_AUTHORITY

# shared_floor CLASS: what LGWAN is content with.
shared_floor() {
  sed -i "s/^  proof: .*/  proof: $1/" "$STAGE/policies/lgwan.yaml"
  at_instance lgwan sanmon policy reload
}

# shared_key CARD BYTES: the city's key of this card's file, on paper and sealed for the vault.
shared_key() {
  (umask 077 && head -c "$2" /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$SHARED.$1.key" && echo >>"$SHARED.$1.key")
  at_instance lgwan sanmon vault card-key set --script "$STAGE/policies/cards/$1.yaml" --from-descriptor 6 --out "$SHARED.$1.act" \
    "${OPERATOR_KEY[@]}" 6<"$SHARED.$1.key"
}
shared_key_alone() { at_instance lgwan sanmon vault card-key set --act "$SHARED.$1.act" "${OPERATOR_KEY[@]}"; }
shared_key_agreed() {
  sanmon operator accept "$SHARED.$1.act" --as suzuki --key-file "$SECOND_KEY" --out "$SHARED.$1.suzuki" &&
    at_instance lgwan sanmon vault card-key set --act "$SHARED.$1.act" --approval "suzuki=$SHARED.$1.suzuki" "${OPERATOR_KEY[@]}"
}

# shared_card FILE NUMBER: a card with a key of its own, made of the city's.
shared_card() {
  "$BIN/sanmon-cardsim" issue-shared --card "$STAGE/cards/$1.card" --name "髙橋 一郎" --kind "$1" --number "$2" \
    --master-file "$SHARED.$1.key"
}
# shared_fault NAME: of the card that is in the reader.
shared_fault() { echo "fault $1" >&9 && wait_until 10 grep -q "^fault $1" "$STAGE/log/card.log"; }
vault_alarms() { at_instance lgwan sanmon vault alarm list; }
vault_alarm_seen() {
  local number
  number=$(vault_alarms | sed -n 's/^\([0-9][0-9]*\)  .*/\1/p' | tail -n 1)
  at_instance lgwan sanmon vault alarm seen "$number" --reason 'a drill: the card was told to count back' "${OPERATOR_KEY[@]}"
}
shared_enrol() { at_instance "$1" sanmon card enrol-shared --person p-000007 --segment "$1" --profile "$2"; }
shared_logon() { agent "$1" "${2:-logon}" --factors card+password --password-fd 4; }

[ "$DEMO_AD" = 1 ] || set_password lgwan p-000007 'kawa-no-nagare-7' >/dev/null
agent LGWAN-PC-0043 logoff >/dev/null 2>&1 || true
expect 0 '' "LGWAN の規則を、共有鍵のカードまで認めるものにする（My Number では書けない）" \
  "LGWAN's rules are content with a shared key (My Number's cannot be)" shared_floor sym-3des
for card in 'felica-lite-s 24' 'desfire-ev2 16'; do
  read -r card bytes <<<"$card"
  expect 0 '' "$card の庁の鍵を、打った端末で鍵庫あてに封じ、一人目が署名する" \
    "the city's key for $card is sealed for the vault where it is typed; one administrator signs" shared_key "$card" "$bytes"
  expect 77 '' "一人の署名では登録されない" "one signature does not do" shared_key_alone "$card"
  expect 0 '' "二人目が承認して登録する" "the second one agrees, and it is kept" shared_key_agreed "$card"
done

expect 0 '' "FeliCa Lite-S のカードを発行する" "a FeliCa Lite-S card is issued" shared_card felica-lite-s 012e4cd8a1b2c3d4
insert_card felica-lite-s
expect 0 'sym-3des' "髙橋さんのカードとして登録：鍵庫がカードに問い、窓口は運ぶだけ" \
  "registered as Takahashi's: the vault asks the card, the desk carries" shared_enrol lgwan felica-lite-s
sed -n 's/^\(card-[0-9a-f]*\).*/\1/p' "$STAGE/last" >"$SHARED.card-id"
PASSWORD='kawa-no-nagare-7'
expect 0 '髙橋' "カードとパスワードで LGWAN に入る" "he enters LGWAN with card and password" shared_logon LGWAN-PC-0043
expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0043 logoff
expect 14 '最低基準|not enough' "同じカードは、マイナンバー利用事務系では使えないと告げられる" \
  "in My Number he is told that such a card is not enough" shared_logon MYNUMBER-PC-0007
expect 1 'AP108' "マイナンバー利用事務系の窓口も、理由を示して登録を断る" \
  "and the desk of My Number refuses to register it, with the reason" shared_enrol mynumber felica-lite-s
expect 0 '' "複製は、作られた時の書き込み回数に戻っている" "a copy counts from where it was made" shared_fault counter-back
expect 10 'AP100' "鍵は合っていても、回数が戻ったカードは断られる" "with the right key and a counter that went back it is refused" \
  shared_logon LGWAN-PC-0043
expect 0 'AP183' "記録には、複製の疑いとして、だれのどのカードかが残る" "the row says: a suspected copy, whose, and of which card" \
  at_instance lgwan sanmon audit list --purpose demo --since today --person p-000007 --outcome denied
expect 0 '複製の疑い|copy' "鍵庫の警報が、確認を待っている" "an alarm of the vault waits for somebody" vault_alarms
expect 0 '確認済み|seen' "管理者が調べ、署名して確認済みにする" "an administrator looks into it and signs what she found" vault_alarm_seen
expect 0 '警報はありません|none' "未確認の警報はもうない" "and no alarm is open" vault_alarms
expect 0 'drill' "履歴には、だれがなぜ確認済みにしたかが残る" "the history keeps who closed it and why" \
  at_instance lgwan sanmon vault alarm list --all
expect 0 '紛失|lost' "失くしたと届け出る" "he says that he lost it" \
  at_instance lgwan sanmon card lost "$(cat "$SHARED.card-id")" --reason 'another one instead'

expect 0 '' "DESFire EV2 のカードを発行する" "a DESFire EV2 card is issued" shared_card desfire-ev2 04782e21801d80
insert_card desfire-ev2
expect 0 'sym-aes' "代わりのカードとして登録する" "it is registered in the other's place" shared_enrol lgwan desfire-ev2
expect 0 '髙橋' "カードとパスワードで入る" "he enters with card and password" shared_logon LGWAN-PC-0043
expect 0 '' "画面をロックする" "the screen is locked" agent LGWAN-PC-0043 lock
expect 0 '髙橋' "カードとパスワードで解除する" "card and password unlock it" shared_logon LGWAN-PC-0043 unlock
expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0043 logoff
PASSWORD=
remove_card
expect 0 'desfire-ev2.*' "鍵庫の一覧に出るのは名前と版だけ" "the vault's list shows names and versions" \
  at_instance lgwan sanmon vault card-key list
cat "$SHARED".*.key >"$SHARED.all"
expect 1 '' "庁の鍵は、サーバー・鍵庫・端末のどのファイルにも、そのままでは無い" \
  "the city's keys stand in clear in no file of server, vault or workstation" \
  as_root grep -r -l -a -D skip -F -f "$SHARED.all" "$STAGE/lgwan" "$STAGE/log" "$STAGE/desk/LGWAN-PC-0043" "$STAGE/last"
rm -f "$SHARED".*.key "$SHARED.all"
cp "$SANMON_ROOT/policies/lgwan.yaml" "$STAGE/policies/lgwan.yaml"
expect 0 '' "規則を元に戻す" "back to the shipped rules" at_instance lgwan sanmon policy reload
insert_card takahashi
PIN=246810
expect 0 '髙橋' "髙橋さんは、いつものカードで席に戻る" "Takahashi is back with the card he always has" agent LGWAN-PC-0043 logon --pin-fd 3
expect 0 '' "端末をロックする" "and locks his workstation" agent LGWAN-PC-0043 lock
remove_card
