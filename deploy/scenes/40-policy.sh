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
