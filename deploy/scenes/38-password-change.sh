# shellcheck shell=bash
step "だれも知らないパスワードに、ひとりでに変わる" "A password that nobody knows takes the place of the first one"
# After 37-sso.sh: its functions, its applications, Sato's open session.

GENERATED=$STAGE/desk/generated
FIRST='Shokai-watashi-2026'

# ledger_account [--must-change]: Sato's second account at the ledger, with the password on descriptor 4.
ledger_account() {
  "$SANMON_ROOT/deploy/sample-apps/ledger" --data "$STAGE/ledger" add-user sato.shonin --display-name '佐藤 花子（承認）' \
    --password-fd 4 "$@" 4<<<"${PASSWORD:-}"
}

# by_hand: what the ledger says to somebody who types this.
by_hand() {
  python3 "$SANMON_ROOT/deploy/lib/form_sign_in.py" "$(cat "$STAGE/desk/ledger.address")" "$STAGE/desk/site.pem" sato.shonin 4<<<"$1"
}
by_hand_generated() { by_hand "$(tail -n 1 "$GENERATED")"; }

ledger_logoff() {
  browser open https://ledger.sanmon.example/logoff && browser wait 15 "document.getElementById('logoff')" &&
    browser eval "document.getElementById('logoff').requestSubmit()" && browser wait 15 "document.getElementById('logged-off')"
}

# popup_press TEXT [PICTURE]: a button of what the extension shows to the person.
popup_press() {
  local button="[...document.querySelectorAll('button')].find((one) => one.textContent.includes('$1'))"
  POPUP=chrome-extension://$(browser extension | sed 's/^ok //')/popup.html
  browser open "$POPUP" && wait_until 30 popup_shows "$button" && { [ -z "${2:-}" ] || browser shot "$PICTURES/$2.png"; } &&
    browser eval "$button.click()"
}
popup_shows() { browser go "$POPUP" && browser wait 2 "$1"; }

asked_in_vain() {
  browser alone about:blank && popup_press '「approver」で開く' && popup_press '「approver」のパスワードを登録する' popup && browser attach /register.html &&
    browser wait 15 "document.body.dataset.state === 'ready'" && browser eval "document.querySelector('h1').textContent"
}

typed_once() {
  browser type sato.shonin && browser press Tab && browser type "$FIRST" && browser shot "$PICTURES/register.png" &&
    browser press Enter && browser wait 30 "document.getElementById('changed')?.textContent" && browser shot "$PICTURES/changed.png"
}

keep_generated() {
  printf '#!/bin/sh\nread -r user <&3\nread -r word <&3\nprintf "%%s\\n" "$word" >>%q\necho "$user, ${#word} characters"\n' \
    "$GENERATED" >"$STAGE/desk/keep" && chmod 0700 "$STAGE/desk/keep"
  sanmon-agent release --state "$SSO_DESK" --application ledger --account approver --exec "$STAGE/desk/keep"
}

approver_open() {
  browser alone about:blank && popup_press '「approver」で開く' && browser attach ledger.sanmon.example &&
    browser wait 30 "document.getElementById('person')?.textContent.includes('承認') && document.getElementById('person').textContent"
}
approver_opened_again() { ledger_logoff && approver_open; }

approver_is_confirmed() { at_instance lgwan sanmon vault list --person p-000042 | grep approver | grep -qE '確認済み|confirmed$|  confirmed  '; }
approver_confirmed() { wait_until 15 approver_is_confirmed && at_instance lgwan sanmon vault list --person p-000042; }

changes_asked() { grep -c 'GET /password' "$STAGE/log/ledger.log"; }
more_changes_asked() { [ "$(changes_asked)" -gt "$1" ]; }
# Killed at whatever step it has come to: the browser, and the agent's part that it started.
killed_while_changing() {
  local before
  ledger_logoff || return
  before=$(changes_asked)
  popup_press '「approver」で開く' || return
  wait_until 30 more_changes_asked "$before" || return
  # It leads a process group of its own.
  kill -KILL -- "-$(pgrep -P "$BROWSER_PID")"
  exec 8>&-
}

browser_again() { rm -f "$STAGE/desk/browser.in" && browser_open; }

ledger_at_login() { browser go https://ledger.sanmon.example/slips/new && browser wait 2 "location.pathname === '/login'"; }
ledger_asks_again() { browser open about:blank && wait_until 20 ledger_at_login && browser eval "document.querySelector('[name=password]').value"; }

sed -i 's/^segments: \[lgwan\]$/&\naccounts: [approver]/' "$STAGE/policies/applications/ledger.yaml"
expect 0 '' "伝票起票に、二つ目の利用者 ID（承認用）を足す" "the ledger gets second accounts (for approvals)" at_instance lgwan sanmon policy reload
expect 0 'lgwan' "管理者が公開し直す" "an administrator publishes it again" \
  at_instance lgwan sanmon application publish "$STAGE/policies/applications/ledger.yaml" "${OPERATOR_KEY[@]}"
PASSWORD=$FIRST
expect 0 '' "承認用の利用者が、最初のパスワードで作られる（変更が必要）" "the account is made with a first password that has to be changed" \
  ledger_account --must-change
PASSWORD=
insert_card sato
expect 0 '' "ブラウザーを開く" "a browser is opened" browser_again
expect 0 'パスワードを登録' "承認用で開く：未登録なので、拡張機能の画面で登録を求める" \
  "opened as approver: nothing is registered, and the extension offers its own page" asked_in_vain
expect 0 '変更しました' "一度だけ打つ。サインインで確かめ、続けてだれも知らないパスワードに変わる" \
  "typed once, confirmed by a sign-in, and changed at once to one that nobody knows" typed_once
expect 0 'approver' "鍵庫では「確認済み」" "the vault counts it as confirmed" approver_confirmed
expect 1 'refused' "最初のパスワードでは、もう入れない" "the first password does not open the ledger any more" by_hand "$FIRST"
expect 0 'sato.shonin, [0-9]+ characters' "（検査のため、つくられたものをスクリプトで受け取る）" \
  "(to check it, a script asks for what was generated)" keep_generated
expect 0 '^in' "つくられたもので入れる" "what was generated opens it" by_hand_generated
expect 0 '承認' "次のサインインも、何も打たずに" "the next sign-in, too, without typing" approver_opened_again
PASSWORD=$(tail -n 1 "$GENERATED")
expect 0 '' "業務システムが、もう一度変更を求める" "the application asks for another one" ledger_account --must-change
PASSWORD=
expect 0 '' "変更の途中で、ブラウザーを強制終了する（kill -9）" "the browser is killed while the password is being changed (kill -9)" killed_while_changing
expect 0 '' "ログオフし" "Sato logs off" agent LGWAN-PC-0042 logoff
PIN=246810
expect 0 '佐藤' "入り直して" "and on again" agent LGWAN-PC-0042 logon --pin-fd 3
expect 0 '' "ブラウザーを開くと" "opens the browser" browser_again
expect 0 '承認' "どちらかのパスワードで必ず入れる（間違いは一度まで）" "and one of the two passwords works, after one wrong try at most" approver_open
expect 0 'approver' "それが「確認済み」になる" "which is confirmed then" approver_confirmed
expect 0 'sato.shonin, [0-9]+ characters' "（検査のため、受け取る）" "(asked for, to check it)" keep_generated
expect 0 '' "職員がログオフする" "Sato logs off" agent LGWAN-PC-0042 logoff
expect 0 'ok ""' "業務システムのセッションも終わっている" "the application's own session is over, too" ledger_asks_again
expect 0 '佐藤' "またログオンする" "and on again" agent LGWAN-PC-0042 logon --pin-fd 3
exec 8>&-
remove_card
printf '%s\n' "$FIRST" >>"$GENERATED"
expect 1 '' "どのパスワードも、サーバー・鍵庫・端末・ブラウザーのファイルと記録のどこにも無い" \
  "none of the passwords stands in any file or log of server, vault, workstation or browser" \
  as_root grep -r -l -a -D skip -F -f "$GENERATED" "$STAGE/lgwan" "$STAGE/log" "$STAGE/desk/browser" "$SSO_DESK"
rm -f "$GENERATED"
