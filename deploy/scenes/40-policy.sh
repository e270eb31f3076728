# shellcheck shell=bash
step "規則の書き間違い" "A typo in the rules"
broken_policies() {
  rm -rf "$STAGE/typo"
  cp -r "$SANMON_ROOT/policies" "$STAGE/typo"
  sed -i 's/^logon:/logn:/' "$STAGE/typo/lgwan.yaml"
  sanmon policy check "$STAGE/typo"
}
expect 0 '' "配布の規則は正しい" "the shipped rules are right" sanmon policy check "$SANMON_ROOT/policies"
expect 65 'lgwan\.yaml:[0-9]+:[0-9]+' "書き間違いは ファイル:行:桁 と直し方で断られる" \
  "a typo is refused with file:line:column and a hint" broken_policies
widened_policies() {
  rm -rf "$STAGE/wider"
  cp -r "$SANMON_ROOT/policies" "$STAGE/wider"
  sed -i 's/at-once: 2/at-once: 3/' "$STAGE/wider/lgwan.yaml"
  sanmon policy diff "$SANMON_ROOT/policies" "$STAGE/wider"
}
expect 0 '\[(widens|広がる)\]' "変えると何が広がるかは、置く前に文で示される" \
  "what a change widens is said in a sentence before it is installed" widened_policies
spoil_live() {
  sed -i 's/^logon:/logn:/' "$STAGE/policies/lgwan.yaml"
  at_instance lgwan sanmon policy reload
}
expect 65 'lgwan\.yaml:[0-9]+' "動いているサーバーも断り、前の規則のまま続ける" \
  "the running server refuses it too and goes on with the old rules" spoil_live
cp "$SANMON_ROOT/policies/lgwan.yaml" "$STAGE/policies/lgwan.yaml"
expect 0 '' "直して読み直す" "mended and reloaded" at_instance lgwan sanmon policy reload
expect 0 'card \+ pin: (granted|許可) +lgwan' "explain：佐藤さんが LGWAN-PC-0042 で何を使えるか、どの規則か" \
  "explain: what could Sato use at LGWAN-PC-0042, and by which rule" \
  at_instance lgwan sanmon policy explain --person p-000042 --workstation LGWAN-PC-0042 --scenario logon

step "最低基準を下回る期限付き特例：承認者の署名があって初めて効く" "A waiver below the floor counts only when its approver has signed it"
write_waiver() {
  local file=$STAGE/policies/lgwan.yaml today until
  today=$(TZ=JST-9 date +%F)
  until=$(TZ=JST-9 date -d '+30 days' +%F)
  sed -i '0,/^  - card + pin$/s//  - card\n  - card + pin/' "$file"
  printf 'waivers:\n  - {waiver: introduction-phase, from: %s, until: %s, approvers: [yamada], reason: 見本}\n' \
    "$today" "$until" >>"$file"
  at_instance lgwan sanmon policy reload
}
# waiver_act COMMAND [WHAT] [OPTION…]: by the hash that the list showed, unless WHAT says a file.
waiver_act() {
  local command=$1 what=${2:-$(cat "$STAGE/desk/waiver")}
  shift $(($# > 1 ? 2 : 1))
  operator_key lgwan
  at_instance lgwan sanmon policy waiver "$command" "$what" "$@" "${OPERATOR_KEY[@]}"
}
expect 0 'PF417' "書いただけでは効かない：署名待ちの警告が出る" "written, it does not count yet: a warning says that it waits for a signature" \
  write_waiver
expect 0 '[0-9a-f]{64}' "署名するもの（ハッシュ値）と、足りない承認者が一覧に出る" "the list shows what is to be signed, and who has not" \
  at_instance lgwan sanmon policy waiver list
grep -oE '[0-9a-f]{64}' "$STAGE/last" >"$STAGE/desk/waiver" || true
expect 0 'in force|有効' "承認者が自分の鍵で署名すると効く" "signed with the approver's own key, it is in force" waiver_act approve
expect 0 '' "取り消すと、すぐに効かなくなる" "withdrawn, it ends at once" waiver_act withdraw
proposed=$STAGE/desk/waiver.act
expect 0 '導入|introduction-phase|見本' "起案して署名する（内容が示される）" "proposed and signed; what is signed is shown" \
  waiver_act propose "$(cat "$STAGE/desk/waiver")" --out "$proposed"
expect 0 'introduction-phase' "同じ人がもう一度署名しても" "the same person signs once more" \
  waiver_act sign "$proposed" --as yamada --out "$STAGE/desk/waiver.again"
expect 77 'AP125' "二人とは数えない：断られる" "which does not make two: refused" \
  waiver_act approve "$proposed" --approval "yamada=$STAGE/desk/waiver.again"
expect 0 'in force|有効' "起案を届けると、ふたたび効く" "the proposal alone, brought to the server, is in force again" \
  waiver_act approve "$proposed"
expect 0 '' "取り消す" "withdrawn" waiver_act withdraw
cp "$SANMON_ROOT/policies/lgwan.yaml" "$STAGE/policies/lgwan.yaml"
expect 0 '' "特例のない規則に戻す" "back to the rules without a waiver" at_instance lgwan sanmon policy reload

step "運ばれた規則は、署名があって初めて受け取られる" "Rules that were carried here are taken only when they are signed"
revise_rules() {
  echo '# revised' >>"$STAGE/policies/organisation.yaml"
  at_instance mynumber sanmon policy reload
}
sign_rules() {
  operator_key mynumber
  sanmon policy sign "$STAGE/policies" --instance mynumber-1 --as yamada "${OPERATOR_KEY[@]}" 5<<<"246810"
}
expect 65 'sanmon policy sign' "マイナンバー側は、署名のない新しい規則を断り、前の規則のまま続ける" \
  "My Number refuses new rules without a signature and goes on with the old ones" revise_rules
expect 0 '0 (/|of) 1' "置かれた規則が何を変え、だれの署名を待つかが読める" \
  "what the folder would change, and whose signatures it waits for, can be read" at_instance mynumber sanmon policy status
expect 0 'yamada' "管理者が自分のカードで署名する" "the administrator signs them with the key on his card" sign_rules
expect 0 '' "署名された規則は受け取られる" "signed, they are taken" at_instance mynumber sanmon policy reload
remove_card
