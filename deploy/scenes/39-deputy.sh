# shellcheck shell=bash
step "代理：休みの人の業務システムを、自分のカードで開く" "A deputy opens somebody's application with his own card"
# After 38-password-change.sh: its functions, its applications. Sato is on leave; Takahashi stands in for her, at another workstation.

LEAVE=$STAGE/desk/leave
SECOND_KEY=$STAGE/desk/suzuki.lgwan.key
operator_key lgwan

second_administrator_lgwan() {
  local act=$STAGE/desk/suzuki.lgwan.act key
  key=$(sanmon operator key --key-file "$SECOND_KEY")
  at_instance lgwan sanmon operator propose --operator suzuki --person p-000002 --role administrator --key "$key" --out "$act" \
    "${OPERATOR_KEY[@]}" &&
    sanmon operator accept "$act" --as suzuki --key-file "$SECOND_KEY" --out "$act.accepted" &&
    at_instance lgwan sanmon operator add "$act" --accepted "$act.accepted"
}

# leave_deputy SUBCOMMAND OPTION…: that Takahashi stands in for Sato at the ledger.
leave_deputy() { at_instance lgwan sanmon vault deputy "$1" p-000042 ledger --deputy p-000007 "${@:2}" "${OPERATOR_KEY[@]}"; }
leave_signed() { leave_deputy add --until "$(TZ=JST-9 date -d '+3 days' +%F)" --out "$LEAVE.act"; }
leave_agreed() { sanmon operator accept "$LEAVE.act" --as suzuki --key-file "$SECOND_KEY" --out "$LEAVE.suzuki"; }

deputy_popup() { # PICTURE TEXT
  POPUP=chrome-extension://$(browser extension | sed 's/^ok //')/popup.html
  browser open "$POPUP" && wait_until 30 popup_shows "document.body.innerText.includes('$2')" && browser shot "$PICTURES/$1.png" &&
    browser eval "document.body.innerText"
}

deputy_open() {
  browser alone about:blank && popup_press '代理で開く' deputy && browser attach ledger.sanmon.example &&
    browser wait 30 "document.getElementById('person')?.textContent" && browser shot "$PICTURES/deputy-ledger.png" &&
    browser eval "document.getElementById('person').textContent"
}

# deputy_row: what the server's log says of the release.
deputy_row() { at_instance lgwan sanmon audit list --purpose demo --person p-000007 --event-class release --json | grep 'ledger for p-000042'; }

# The tab in which he chose to stand in comes to the login page once more.
deputy_again() {
  browser attach ledger.sanmon.example && browser go https://ledger.sanmon.example/logoff &&
    browser wait 15 "document.getElementById('logoff')" && browser eval "document.getElementById('logoff').requestSubmit()" &&
    browser wait 15 "document.getElementById('logged-off')" && browser go https://ledger.sanmon.example/login &&
    browser wait 15 "document.getElementById('login')" && deputy_popup deputy-over '取り消されました'
}

expect 0 'suzuki' "二人目の管理者、鈴木さんを登録する" "a second administrator, Suzuki, is registered" second_administrator_lgwan
expect 0 '' "佐藤さんが休むあいだ、髙橋さんを代理に：一人目の管理者が署名する（3 日後まで）" \
  "while Sato is on leave Takahashi stands in for her: one administrator signs (until three days from now)" leave_signed
expect 77 '' "一人の署名だけでは、代理にならない" "one signature makes no deputy" leave_deputy add --act "$LEAVE.act"
expect 0 '' "二人目の管理者が、内容を見て署名する" "the second administrator sees what it says, and signs" leave_agreed
expect 0 'ends by itself|ひとりでに終わ' "二人の署名で登録される。期限が来れば、ひとりでに終わる" \
  "both signatures register it; it ends by itself" leave_deputy add --act "$LEAVE.act" --approval "suzuki=$LEAVE.suzuki"

insert_card takahashi
PIN=246810
agent LGWAN-PC-0043 logoff >/dev/null 2>&1 || true
expect 0 '髙橋' "髙橋さんが自分のカードで端末に入る（カードの貸し借りはない）" \
  "Takahashi enters his workstation with his own card; no card is lent" agent LGWAN-PC-0043 logon --pin-fd 3
SSO_DESK=$STAGE/desk/LGWAN-PC-0043 BROWSER_PROFILE=$STAGE/desk/browser.deputy
expect 0 '' "ブラウザーを開く" "a browser is opened" browser_again
expect 0 '佐藤 花子' "拡張機能に「代理で開く（佐藤 花子）」が出る。押すと、何も打たずに開く" \
  "the extension offers to open the ledger for Sato; it opens, and nothing was typed" deputy_open
expect 0 'ledger for p-000042' "記録の行には、髙橋さんと佐藤さんの両方が残る" "the row of the log names both" deputy_row
expect 0 'ended|終え' "管理者が、期限より早く終える（一人で足りる）" "an administrator ends it early (one is enough)" leave_deputy withdraw
expect 10 'AP181' "その時から、スクリプトにも渡されない" "from then on no script gets it either" \
  sanmon-agent release --state "$SSO_DESK" --application ledger --owner p-000042 --exec /bin/true
expect 0 '取り消されました' "ブラウザーでも開かず、終わったことと次の手順が出る" \
  "nor does it open in the browser, which says that it is over, and what to do" deputy_again
note "画面の写真: $PICTURES/deputy*.png" "pictures of the screens: $PICTURES/deputy*.png"
exec 8>&-
expect 0 '' "髙橋さんは端末をロックする" "Takahashi locks his workstation" agent LGWAN-PC-0043 lock
remove_card
SSO_DESK=$STAGE/desk/LGWAN-PC-0042 BROWSER_PROFILE=$STAGE/desk/browser
