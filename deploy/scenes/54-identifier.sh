# shellcheck shell=bash
step "番号だけのカード：写した番号は、マイナンバー利用事務系では通らない" \
  "A card with a number alone: a copied number does not pass in My Number"

issue_number() { sanmon-cardsim issue-identifier --card "$STAGE/cards/$1.card" --name "$1" --number 012e4c1a2b3c4d5e; }
enrol_number() { at_instance "$1" sanmon card enrol-identifier --person p-000007 --segment "$1"; }

expect 0 '' "FeliCa のカード（IDm だけ）" "a FeliCa card that tells its IDm and nothing else" issue_number staff-number
expect 0 '' "同じ番号を名乗る、写しのカード" "a copy that tells the same number" issue_number copied-number
insert_card staff-number
expect 1 'AP157' "マイナンバー利用事務系の窓口は、理由を示して登録を断る" \
  "the desk of My Number refuses to register it, with the reason" enrol_number mynumber
insert_card copied-number
expect 14 '最低基準|番号|number|not enough' "写しで入ろうとすると、このカードでは足りないと告げられる" \
  "whoever tries the copy is told that such a card is not enough" agent MYNUMBER-PC-0007 logon --password-fd 4
expect 0 'AP157' "理由は記録に残る" "the reason stands in the log" \
  at_instance mynumber sanmon audit list --purpose demo --since today --workstation MYNUMBER-PC-0007
remove_card
expect 0 'pk-pin' "だれがどの強さのカードを持つかの集計" "how many people have cards of which strength" at_instance lgwan sanmon card report
