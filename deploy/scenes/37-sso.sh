# shellcheck shell=bash
step "業務システムが、パスワードを打たずに開く（鍵庫・拡張機能・実物の Chromium）" \
  "Applications open without a password being typed (vault, browser extension, a real Chromium)"

SSO_DESK=$STAGE/desk/LGWAN-PC-0042
PICTURES=$SANMON_ROOT/.build/pictures
BROWSER_PROFILE=$STAGE/desk/browser

# desk_agent COMMAND…: subcommands of the agent at Sato's PC; a password comes on descriptor 4.
desk_agent() { sanmon-agent "$@" --state "$SSO_DESK" 4<<<"${PASSWORD:-}"; }

# release_to PROGRAM…: the ledger's credential for a program; what follows --exec is the program's.
release_to() { sanmon-agent release --state "$SSO_DESK" --application ledger --exec "$@"; }

# sample_application NAME PASSWORD: a real application of the sample city, over TLS; Sato has an account there.
sample_application() {
  local name=$1 folder=$STAGE/$1 program=$SANMON_ROOT/deploy/sample-apps/$1
  mkdir -p "$folder"
  "$program" --data "$folder" add-user sato.hanako --display-name '佐藤 花子' --password-fd 4 4<<<"$2"
  start "$name" "$STAGE/log/$name.log" "$program" --data "$folder" --port 0 --certificate "$STAGE/desk/site.pem" --key "$STAGE/desk/site.key"
  wait_until 15 grep -qE '^https://' "$STAGE/log/$name.log"
  sed -n 's#^https://\(127\.0\.0\.1:[0-9]*\).*#\1#p' "$STAGE/log/$name.log" | tail -n 1 >"$STAGE/desk/$name.address"
}

site_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=Sanmon sample applications' \
    -addext 'subjectAltName=DNS:ledger.sanmon.example,DNS:sanitiser.sanmon.example' \
    -keyout "$STAGE/desk/site.key" -out "$STAGE/desk/site.pem" 2>/dev/null
}

vault_set() { at_instance lgwan sanmon vault set p-000042 "$1" --user sato.hanako --password-fd 4 "${OPERATOR_KEY[@]}" 4<<<"$2"; }

browser_open() {
  local before
  touch "$STAGE/log/browser.log"
  before=$(grep -c . "$STAGE/log/browser.log" || true)
  printf '#!/bin/sh\nexec %q sso serve --state %q "$@"\n' "$BIN/sanmon-agent" "$SSO_DESK" >"$STAGE/desk/sso-host"
  chmod 0755 "$STAGE/desk/sso-host"
  mkfifo "$STAGE/desk/browser.in"
  start browser "$STAGE/log/browser.log" bash -c 'exec python3 "$@" <"$0"' "$STAGE/desk/browser.in" \
    "$SANMON_ROOT/deploy/lib/browser.py" "$BROWSER_PROFILE" --extension "$SANMON_ROOT/deploy/extension" \
    --host "jp.sanmon.agent=$STAGE/desk/sso-host" --certificate-of "$STAGE/desk/site.pem" \
    --map "ledger.sanmon.example=$(cat "$STAGE/desk/ledger.address")" \
    --map "sanitiser.sanmon.example=$(cat "$STAGE/desk/sanitiser.address")"
  BROWSER_PID=$STARTED_PID
  exec 8>"$STAGE/desk/browser.in"
  wait_until 60 browser_answered "$before"
}

# browser STEP…: one step, and its one line of answer.
browser() {
  local before
  before=$(grep -c . "$STAGE/log/browser.log")
  printf '%s\n' "$*" >&8
  wait_until 60 browser_answered "$before"
  tail -n 1 "$STAGE/log/browser.log"
  tail -n 1 "$STAGE/log/browser.log" | grep -q '^ok'
}
browser_answered() { [ "$(grep -c . "$STAGE/log/browser.log")" -gt "$1" ]; }

# signed_in NAME: the page of the application says who is signed in; a picture of it is kept.
signed_in() {
  browser open "https://$1.sanmon.example/" && browser wait 30 "document.getElementById('person')?.textContent" &&
    browser shot "$PICTURES/$1.png"
}

operator_key lgwan
export SANMON_AUTHORITY
SANMON_AUTHORITY=$(at_instance lgwan sanmon status --json | sed -n 's/.*"authority":"\([^"]*\)".*/\1/p')
mkdir -p "$PICTURES"
expect 0 '' "見本の業務システム二つの証明書を用意する" "a certificate for the two sample applications is made" site_certificate
expect 0 '' "伝票起票システムが動く（本物のログイン画面、佐藤さんの利用者あり）" "the ledger runs (a real sign-in, Sato has an account)" \
  sample_application ledger 'Kumo-no-ito-1918'
expect 0 '' "ファイル無害化システムが動く" "the file sanitiser runs" sample_application sanitiser 'Rashomon-1915-x'
for application in ledger sanitiser; do
  expect 0 'lgwan' "管理者の署名で $application を公開する" "an administrator's signature publishes $application" \
    at_instance lgwan sanmon application publish "$STAGE/policies/applications/$application.yaml" "${OPERATOR_KEY[@]}"
done
expect 0 '0|agrees|一致' "登録済みのカードを、鍵庫自身の台帳に署名で入れる" "the enrolled cards enter the vault's own register, signed" \
  at_instance lgwan sanmon vault cards --sign "${OPERATOR_KEY[@]}"
expect 0 '' "管理者が佐藤さんの伝票起票のパスワードを設定する（この端末で封をし、誰も読み出せない）" \
  "an administrator sets Sato's password for the ledger (sealed on his machine; nobody reads it again)" \
  vault_set ledger 'Kumo-no-ito-1918'
expect 1 'missing|未登録' "誰の何が足りないかは、電話が来る前に分かる" "what is missing, and whose, is known before anybody telephones" \
  at_instance lgwan sanmon vault gaps

insert_card sato
PIN=246810
expect 0 '佐藤' "佐藤さんがカードで端末に入る" "Sato enters her workstation with her card" agent LGWAN-PC-0042 logon --pin-fd 3
PASSWORD='Rashomon-1915-x'
expect 0 'sanitiser' "佐藤さんが自分で無害化のパスワードを登録する（端末で封をする）" \
  "Sato stores her own password for the sanitiser (sealed at her workstation)" \
  desk_agent credential register --application sanitiser --user sato.hanako --password-fd 4
PASSWORD=
expect 0 '' "ブラウザーを開く（拡張機能と sanmon-agent が話す）" "a browser is opened (its extension talks to sanmon-agent)" browser_open
expect 0 '佐藤 花子' "伝票起票：何も打たずにサインイン済み" "the ledger: signed in, and nothing was typed" signed_in ledger
expect 0 '佐藤 花子' "ファイル無害化：同じく" "the file sanitiser: the same" signed_in sanitiser
note "画面の写真: $PICTURES" "pictures of the screens: $PICTURES"
both_confirmed() {
  at_instance lgwan sanmon vault list --person p-000042 >"$STAGE/desk/credentials" &&
    [ "$(grep -cE '確認済み|confirmed$|  confirmed  ' "$STAGE/desk/credentials")" = 2 ] && ! grep -qE '未確認|not confirmed' "$STAGE/desk/credentials"
}
confirmed() { wait_until 15 both_confirmed && cat "$STAGE/desk/credentials"; }
expect 0 'ledger' "サインインできたパスワードは「確認済み」になる" "a password that worked counts as confirmed" confirmed
cat >"$STAGE/desk/batch" <<'BATCH'
#!/bin/sh
read -r user <&3
echo "as $user, $# words"
[ -z "$(env | grep -i -E 'kumo|rashomon')" ]
BATCH
chmod 0755 "$STAGE/desk/batch"
expect 0 'as sato.hanako, 1 words' "スクリプトにも渡せる（パイプだけ。引数にも環境にも出ない）" \
  "a script gets it as well (over a pipe, not in its arguments or environment)" \
  release_to "$STAGE/desk/batch" month-end
expect 0 '' "画面をロックする" "the screen is locked" agent LGWAN-PC-0042 lock
expect 10 '' "ロック中は、何も渡されない" "while it is locked nothing is handed over" \
  release_to "$STAGE/desk/batch" month-end
expect 0 '佐藤' "カードで解除する" "the card unlocks it" agent LGWAN-PC-0042 unlock --pin-fd 3
expect 0 '' "管理者が、まちがったパスワードを設定してしまう" "an administrator sets a wrong password by mistake" \
  vault_set ledger 'machigai-12345-X'
refused_once() {
  printf '#!/bin/sh\nexit 65\n' >"$STAGE/desk/refusing" && chmod 0755 "$STAGE/desk/refusing"
  release_to "$STAGE/desk/refusing"
}
expect 65 '' "一度だけ試され、断られたことが伝わる" "it is tried once, and that it was refused is told" refused_once
expect 0 '拒否、第 [0-9]+ 版（確認済み）|was refused, version [0-9]+ \(confirmed\)' \
  "管理者の一覧には、断られた版と日時、代わりに使われている版が出る" \
  "the administrator's list names the version that was refused, when, and the one in its place" \
  at_instance lgwan sanmon vault list --person p-000042
expect 0 'as sato' "前に使えていたものに、自動で戻る" "the former one, which had worked, takes its place by itself" \
  release_to "$STAGE/desk/batch" month-end
expect 65 '' "それも断られたら（業務システムの側で変わった）" "that one is refused as well (it was changed in the application)" refused_once
expect 10 'AP177' "もう試さない：業務システムにロックされる前に止まり、登録し直しを求める" \
  "nothing is tried any more: before the application locks the account, the clerk is asked to register it anew" \
  release_to "$STAGE/desk/batch" month-end
expect 1 'ledger  p-000042 .*(拒否|refused by).* 20[0-9]{2}-' "だれの、どのパスワードが、いつ断られたか、管理者に見える" \
  "whose password was refused, for which application and when, is seen by the administrator" \
  at_instance lgwan sanmon vault gaps
PASSWORD='Kumo-no-ito-1918'
expect 0 'ledger' "佐藤さんが正しいパスワードを登録し直す" "Sato registers the right one" \
  desk_agent credential register --application ledger --user sato.hanako --password-fd 4
PASSWORD=
expect 0 'as sato' "また使える" "it works again" release_to "$STAGE/desk/batch" month-end
expect 0 'credential.release' "誰が・どの端末で・何を受け取ったかは記録にある" "who received what, and where, stands in the log" \
  at_instance lgwan sanmon audit list --purpose demo --event-class release --json
expect 1 '' "サーバーの、鍵庫のファイルと記録のどこにも、パスワードは無い" "no password stands in any file or log of server or vault" \
  as_root grep -r -l -a -D skip -E 'Kumo-no-ito|Rashomon-1915|machigai-12345' "$STAGE/lgwan" "$STAGE/log"
exec 8>&-
remove_card
