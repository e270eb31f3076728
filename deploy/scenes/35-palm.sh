# shellcheck shell=bash
# Palms: synthetic pictures stand for a sensor. deploy/scenes/30-morning.sh has left the watch of MYNUMBER-PC-0007 running.
step "手のひら静脈：マイナンバー利用事務系の髙橋さん" "Palm vein: Takahashi in My Number"

readonly TAKAHASHI_PALM=201 OTHER_PALM=203
# palm_picture NAME PALM CAPTURE [WORD…]: one picture of a synthetic palm.
palm_picture() {
  local name=$1 palm=$2 capture=$3
  shift 3
  sanmon-palmsim picture --palm "$palm" --capture "$capture" --out "$STAGE/desk/$name.pgm" "$@"
}
palm_pictures() {
  local number
  for number in 1 2 3; do palm_picture "enrol-$number" "$TAKAHASHI_PALM" "$number" || return; done
  for number in 4 5 6 7; do palm_picture "palm-$number" "$TAKAHASHI_PALM" "$number" || return; done
  for number in 1 2 3; do palm_picture "other-$number" "$OTHER_PALM" "$number" || return; done
  palm_picture wet "$TAKAHASHI_PALM" 8 --fault wet && palm_picture dark "$TAKAHASHI_PALM" 9 --fault tooDark
}
three() { printf -- '--picture %s ' "$STAGE/desk/$1-1.pgm" "$STAGE/desk/$1-2.pgm" "$STAGE/desk/$1-3.pgm"; }
# row_of SEGMENT WORKSTATION PATTERN: the last row of today that has it, whole.
row_of() {
  local number
  number=$(at_instance "$1" sanmon audit list --purpose demo --workstation "$2" --since today | grep -E -- "$3" | tail -n 1 | cut -d' ' -f1)
  at_instance "$1" sanmon audit show --purpose demo "$number"
}
# notes_of SEGMENT WORKSTATION: what today's rows say besides.
notes_of() {
  at_instance "$1" sanmon audit list --purpose demo --workstation "$2" --since today --json | grep -oE '"note":"[^"]*"'
}
palm_at() {
  local words=() file
  for file in "${@:3}"; do words+=(--palm "$STAGE/desk/$file.pgm"); done
  agent MYNUMBER-PC-0007 "$1" --factors "$2" --pin-fd 3 --hand "$PALM_HAND" "${words[@]}"
}

expect 0 '' "合成した手のひらの写真を作る（実在の人のものではない）" "pictures of synthetic palms are made (nobody's)" palm_pictures
PALM_HAND=$(sed -n 's/^\(right\|left\) .*/\1/p' "$STAGE/last" | head -n 1)
expect 64 'AP137|notice|説明書' "説明書を渡さずには登録できない" "nothing is registered before the notice was handed over" \
  at_instance mynumber sanmon palm enrol p-000007 --hand "$PALM_HAND" $(three enrol)
expect 0 '' "窓口が髙橋さんの手のひらを 3 回撮って登録する" "the desk registers Takahashi's palm with three captures" \
  at_instance mynumber sanmon palm enrol p-000007 --hand "$PALM_HAND" --notice-given $(three enrol)

PIN=246810
expect 0 '' "髙橋さんは一度ログオフする" "Takahashi logs off first" agent MYNUMBER-PC-0007 logoff
insert_card takahashi
expect 0 '水分|moisture' "濡れた手：理由が示され、もう一度かざして入れる" "a wet hand: told why, shown again, and in" \
  palm_at logon card+palm wet palm-4
expect 0 '' "ロックする" "lock" agent MYNUMBER-PC-0007 lock
remove_card
expect 0 '解除しました|unlocked' "手のひらだけで解除する（カードは要らない。端末がセッションの鍵で署名する）" \
  "unlock by the palm alone (no card; the workstation signs with the session's key)" palm_at unlock palm palm-5
expect 0 '' "ログオフする" "log off" agent MYNUMBER-PC-0007 logoff
expect 14 'カード|card' "同じ手のひらだけでは、ログオンはできない（カードを求められる）" \
  "the same palm alone is no logon (a card is asked for)" palm_at logon palm palm-6
insert_card takahashi
expect 10 'AP142|AP100' "さきほどの写真をもう一度見せる：再使用として拒否され、記録に残る" \
  "an earlier picture shown again: refused as a replay, and recorded" palm_at logon card+palm palm-4
expect 10 '確認できません|not recognised' "髙橋さんのカードを持った別人の手のひら：3 回とも一致しない" \
  "somebody else's palm with Takahashi's card: no match, three times" palm_at logon card+palm other-1 other-2 other-3
PASSWORD='kawa-no-nagare-7'
expect 0 '髙橋' "手のひらが合わなくても、カードとパスワードは止まらない" "whatever palms did, card and password go on" \
  agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4
PASSWORD=
expect 0 'shown before' "監査担当者には、再使用だったことが見える" "the auditor sees that it was a replay" \
  row_of mynumber MYNUMBER-PC-0007 AP142

step "他社の照合ライブラリが落ちても、気づくのは記録だけ" "A vendor's library crashes, and only the log notices"
expect 0 '' "佐藤さんの手のひらを LGWAN 側でも登録する" "Sato's palm is registered in LGWAN" \
  at_instance lgwan sanmon palm enrol p-000042 --hand "$PALM_HAND" --notice-given $(three other)
insert_card sato
expect 0 '' "ロックする" "lock" agent LGWAN-PC-0042 lock
expect 11 '手のひらでの確認|cannot be|照合' "暗い写真でライブラリが落ちる：手のひらは今使えないと告げられる" \
  "a dark picture crashes the library: the clerk hears that palms are not looked at now" \
  agent LGWAN-PC-0042 unlock --factors palm --hand "$PALM_HAND" --palm "$STAGE/desk/dark.pgm"
expect 0 '' "カードと暗証番号で解除する" "card and PIN unlock" agent LGWAN-PC-0042 unlock --factors card+pin --pin-fd 3
expect 0 'begins anew' "照合のプロセスは、もう動き直している" "the matcher has begun anew" cat "$STAGE/log/matcher-lgwan-vendor.log"
expect 0 'ended during the call' "監査記録には理由が残る" "the row says why" \
  notes_of lgwan LGWAN-PC-0042
remove_card
