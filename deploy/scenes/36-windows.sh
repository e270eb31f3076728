# shellcheck shell=bash
# Only with --ad: the sample domain controller stands for Windows, and a program that binds to it for LSA.
if [ "$DEMO_AD" = 1 ]; then
  step "Windows のパスワードを、だれも知らないものにする（sanmon-rotator と、本物のドメインコントローラー）" \
    "A Windows password that nobody knows (sanmon-rotator, and a real domain controller)"

  ROTATOR=$STAGE/rotator # its own user's folder: the key and the password of its account
  SEEN=$STAGE/desk/windows.seen

  # rotator_right: an account of its own that may reset passwords below 職員 and nothing else.
  rotator_right() {
    local password sid
    password=$(head -c 24 /dev/urandom | base64)
    directory_tool user create svc-rotator "$password" >/dev/null && printf '%s\n' "$password" >"$STAGE/desk/svc-rotator"
    directory_tool group add sanmon-managed >/dev/null && directory_tool group addmembers sanmon-managed kobayashi.hiromu >/dev/null
    sid=$(directory_tool user show svc-rotator --attributes=objectSid | sed -n 's/^objectSid: //p')
    directory_tool dsacl set --objectdn="OU=職員,DC=ad,DC=sanmon,DC=example" \
      --sddl="(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;$sid)" >/dev/null
    as_root install -d -m 0700 -o "$ROTATOR_USER" -g "$ROTATOR_USER" "$ROTATOR"
    as_root install -m 0600 -o "$ROTATOR_USER" -g "$ROTATOR_USER" "$STAGE/desk/svc-rotator" "$ROTATOR/account.password"
    rm "$STAGE/desk/svc-rotator"
    cat >"$STAGE/etc/rotator.conf" <<CONF
instance: lgwan-1
vault: $STAGE/lgwan/vault-run/vault.sock
operator: rotator
key-file: $ROTATOR/rotator.key
server: 127.0.0.1
port: $(sed -n 's/^ldaps //p' "$STAGE/ad/ports")
authorities: $STAGE/etc/ad-ca.pem
account: svc-rotator@ad.sanmon.example
password-file: $ROTATOR/account.password
group: sanmon-managed
CONF
  }

  as_rotator() { as_user "$ROTATOR_USER" "$@"; }

  # rotator_operator: its key is registered by an administrator, and it says itself that it is its own.
  rotator_operator() {
    local key act=$STAGE/desk/rotator.act
    operator_key lgwan
    key=$(as_rotator "$BIN/sanmon" operator key --key-file "$ROTATOR/rotator.key")
    at_instance lgwan sanmon operator propose --operator rotator --person rotator --role rotator --key "$key" --out "$act" \
      "${OPERATOR_KEY[@]}"
    as_root install -m 0600 -o "$ROTATOR_USER" -g "$ROTATOR_USER" "$act" "$ROTATOR/rotator.act"
    as_rotator "$BIN/sanmon" operator accept "$ROTATOR/rotator.act" --key-file "$ROTATOR/rotator.key" --out "$ROTATOR/rotator.accepted"
    as_root install -m 0644 "$ROTATOR/rotator.accepted" "$act.accepted"
    at_instance lgwan sanmon operator add "$act" --accepted "$act.accepted"
  }

  # rotator once|check
  rotator() { as_rotator env LC_ALL=C.UTF-8 "$BIN/sanmon-rotator" "$1" "$STAGE/etc/rotator.conf"; }

  # The program in LSA's place: reads the credential from descriptor 3 and signs in to the domain with it. What it was given is kept
  # aside for the checks below.
  cat >"$STAGE/desk/lsa" <<LSA
#!/bin/bash
{ read -r kind; read -r person; IFS= read -r user; IFS= read -r word; } <&3
printf '%s\\n' "\$word" >>'$SEEN'
[[ \$(tr '\0' '\n' <"/proc/\$\$/cmdline"; tr '\0' '\n' <"/proc/\$\$/environ") != *"\$word"* ]] || exit 1
echo "\$kind for \$person: \${#word} characters"
LDAPTLS_CACERT='$STAGE/etc/ad-ca.pem' ldapsearch -x -LLL -H 'ldaps://127.0.0.1:$(sed -n 's/^ldaps //p' "$STAGE/ad/ports")' -D "\$user" -y <(printf %s "\$word") \\
  -b 'DC=ad,DC=sanmon,DC=example' "(employeeNumber=\$person)" sAMAccountName
code=\$?
[ \$code != 49 ] || exit 65
exit \$code
LSA
  # For 'release --exec': two lines, name and password.
  cat >"$STAGE/desk/lsa-release" <<'LSA'
#!/bin/bash
exec 4<&3
exec 3< <(printf 'password\np-000008\n' && cat <&4)
exec "${0%-release}"
LSA
  chmod 0755 "$STAGE/desk/lsa" "$STAGE/desk/lsa-release"
  (umask 077 && : >"$SEEN")

  windows_logon() { agent LGWAN-PC-0044 "${1:-logon}" --pin-fd 3 --credential-to "$STAGE/desk/lsa"; }
  # opens_windows LINE: whether that one of the seen passwords opens the account.
  opens_windows() {
    LDAPTLS_CACERT=$STAGE/etc/ad-ca.pem ldapsearch -x -LLL -H "ldaps://127.0.0.1:$(sed -n 's/^ldaps //p' "$STAGE/ad/ports")" \
      -D kobayashi.hiromu@ad.sanmon.example -y <(sed -n "$1p" "$SEEN" | tr -d '\n') \
      -b 'DC=ad,DC=sanmon,DC=example' '(employeeNumber=p-000008)' sAMAccountName
  }
  # by_the_desk: somebody set a password by hand, in the directory and in the vault: from then on it is known.
  by_the_desk() {
    directory_tool user setpassword kobayashi.hiromu --newpassword='Mado-guchi-2026-x' >/dev/null &&
      at_instance lgwan sanmon vault set p-000008 windows --user kobayashi.hiromu@ad.sanmon.example --password-fd 4 \
        "${OPERATOR_KEY[@]}" 4<<<'Mado-guchi-2026-x'
  }

  operator_key lgwan
  export SANMON_AUTHORITY
  SANMON_AUTHORITY=$(at_instance lgwan sanmon status --json | sed -n 's/.*"authority":"\([^"]*\)".*/\1/p')
  expect 0 'LGWAN-PC-0044' "端末 LGWAN-PC-0044 を登録" "workstation LGWAN-PC-0044 is enrolled" enrol_workstation lgwan LGWAN-PC-0044
  expect 0 '' "職員証 小林を発行する" "a staff card for Kobayashi is issued" issue_card kobayashi p256
  insert_card kobayashi
  expect 0 'pk-pin' "小林 弘さんのカードを登録" "Kobayashi Hiromu's card is registered" enrol_card lgwan p-000008
  expect 0 '' "端末の常駐プロセスが動く" "the workstation's resident process runs" watch_start LGWAN-PC-0044
  PIN=246810
  expect 17 'AP172' "まだ鍵庫が何も知らない：ログオンはでき、Windows には何も渡らないと告げる" \
    "the vault knows nothing of him yet: he is logged on, and told that Windows was given nothing" windows_logon
  expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0044 logoff

  expect 0 '' "AD に、パスワードの再設定だけができるアカウントと、対象のグループを作る" \
    "in the directory: an account that may reset passwords and nothing else, and the group of those concerned" rotator_right
  expect 0 'rotator' "sanmon-rotator の鍵を登録する（サーバーでは何もできない役割）" \
    "the rotator's key is registered (a role that may do nothing at the server)" rotator_operator
  expect 0 'lgwan' "管理者の署名で windows を公開する" "an administrator's signature publishes windows" \
    at_instance lgwan sanmon application publish "$STAGE/policies/applications/windows.yaml" "${OPERATOR_KEY[@]}"
  expect 0 '0' "登録済みのカードを、鍵庫自身の台帳に署名で入れる" "the enrolled cards enter the vault's own register, signed" \
    at_instance lgwan sanmon vault cards --sign "${OPERATOR_KEY[@]}"
  expect 0 'due 1' "だれの番かを調べる（何も変えない）" "it says whose turn it is, and changes nothing" rotator check
  expect 0 'made anew 1' "120 文字の乱数を鍵庫に預け、AD に設定し、それで入れることを確かめる" \
    "120 random characters: kept in the vault, set in the directory, and seen to open it" rotator once
  expect 0 'not due 1' "もう一度：期限内なので何もしない" "once more: not due, nothing is done" rotator once

  expect 0 'sAMAccountName: kobayashi' "カードと暗証番号でログオンするだけで、Windows にも入る" \
    "he logs on with card and PIN, and is in at Windows as well" windows_logon
  cp "$STAGE/last" "$STAGE/desk/handed"
  expect 0 'password for p-000008: 120 characters' "渡されたのは、パイプだけを通った 120 文字" \
    "what was handed over, through a pipe alone, has 120 characters" cat "$STAGE/desk/handed"
  expect 0 '' "画面をロックする" "the screen is locked" agent LGWAN-PC-0044 lock
  expect 0 'sAMAccountName: kobayashi' "カードで解除すると、Windows も解除される" "the card unlocks it, and Windows with it" windows_logon unlock
  expect 0 'sAMAccountName: kobayashi' "スクリプトにも渡せる（release --application windows）" \
    "a script gets it as well (release --application windows)" \
    sanmon-agent release --state "$STAGE/desk/LGWAN-PC-0044" --application windows --exec "$STAGE/desk/lsa-release"
  expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0044 logoff

  expect 0 '' "窓口が手で設定してしまう：そのパスワードは、もう知られている" \
    "somebody sets one by hand: from then on it is known" by_the_desk
  expect 0 'made anew 1' "次の回で、だれも知らないものに戻る" "the next round makes it one that nobody knows" rotator once
  expect 49 '' "前のパスワードでは、もう入れない" "the former one does not open Windows any more" opens_windows 1
  expect 0 'sAMAccountName: kobayashi' "次のログオンは、新しいもので通る" "the next logon goes on with the new one" windows_logon
  different_each_time() { [ "$(sort -u "$SEEN" | grep -c .)" = 2 ] && opens_windows "$(grep -c . "$SEEN")"; }
  expect 0 'sAMAccountName: kobayashi' "新しいもので入れ、前のものとは違う" "the new one opens it, and is another" different_each_time
  expect 0 'credential.release' "だれが・どの端末で受け取ったかは記録にある" "who received it, and where, stands in the log" \
    at_instance lgwan sanmon audit list --purpose demo --person p-000008 --event-class release --json
  expect 0 '' "ログオフする" "he logs off" agent LGWAN-PC-0044 logoff
  remove_card
  printf '%s\n' 'Mado-guchi-2026-x' >>"$SEEN"
  expect 1 '' "どのパスワードも、サーバー・鍵庫・端末・作成プロセスのファイルと記録のどこにも無い" \
    "none of the passwords stands in any file or log of server, vault, workstation or rotator" \
    as_root grep -r -l -a -D skip -F -f "$SEEN" "$STAGE/lgwan" "$STAGE/log" "$STAGE/desk/LGWAN-PC-0044" "$STAGE/etc" "$ROTATOR" "$STAGE/last"
  rm -f "$SEEN"
fi
