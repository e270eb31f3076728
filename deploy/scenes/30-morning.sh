# shellcheck shell=bash
step "朝 8:30、LGWAN 接続系の端末で" "8:30, at an LGWAN workstation"

# The long-lived process of the workstation: it keeps the session key in memory, so that unlock works.
watch_start() {
  start "watch-$1" "$STAGE/log/watch-$1.log" sanmon-agent watch --state "$STAGE/desk/$1"
  wait_until 15 agent "$1" status
}

expect 0 '' "端末の常駐プロセスが動く" "the workstation's resident process runs" watch_start LGWAN-PC-0042

expect 14 '' "カードを置かずにログオン：カードを求められる" "logon without a card: asks for the card" \
  agent LGWAN-PC-0042 logon --pin-fd 3
insert_card sato
PIN=000000
expect 12 '2' "暗証番号を間違える：カードが断り、残り回数が分かる" "a wrong PIN: the card refuses and says how many tries are left" \
  agent LGWAN-PC-0042 logon --pin-fd 3
PIN=246810
expect 0 '佐藤' "正しい暗証番号：佐藤 花子さんのセッションが開く" "the right PIN: Sato Hanako's session opens" \
  agent LGWAN-PC-0042 logon --pin-fd 3
expect 0 '' "ロックする" "lock" agent LGWAN-PC-0042 lock
expect 0 '' "カードと暗証番号、セッションの鍵で解除する" "unlock with card, PIN and the session's own key" \
  agent LGWAN-PC-0042 unlock --pin-fd 3

step "同じカードをマイナンバー利用事務系の端末で" "The same card at a My Number workstation"
expect 0 '' "端末の常駐プロセスが動く" "the workstation's resident process runs" watch_start MYNUMBER-PC-0007
# The password is typed at the same screen; the server refuses by the card alone and never sees it.
PASSWORD='typed-but-never-sent'
expect 10 'AP107' "佐藤さんは拒否され、理由・次の手順・照会番号が示される" \
  "Sato is refused: reason, next step and a six-digit reference" agent MYNUMBER-PC-0007 logon --pin-fd 3 --password-fd 4
grep -oE '[0-9]{6}' "$STAGE/last" | tail -n 1 >"$STAGE/desk/reference" || true
expect 0 'AP1' "ヘルプデスク：sanmon why 照会番号" "the help desk: sanmon why REFERENCE" \
  at_instance mynumber sanmon why "$(cat "$STAGE/desk/reference")"
insert_card takahashi
if [ "$DEMO_AD" = 1 ]; then
  PASSWORD='yama-no-midori-3' NEW_PASSWORD='kawa-no-nagare-7'
  expect 10 'AP153' "最初のパスワードは変更が必要。短いものは AD が断る" \
    "the first password has to be changed; the directory refuses a short one" \
    agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4 --new-password-fd 6 6<<<'kawa'
  expect 0 '変更する必要|to be changed' "新しいパスワードに変えて入る" "he changes it, and enters" \
    agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4 --new-password-fd 5
  expect 0 '' "ログオフする" "he logs off" agent MYNUMBER-PC-0007 logoff
  NEW_PASSWORD=
fi
PASSWORD='kawa-no-nagare-7'
expect 0 '髙橋' "髙橋さんはカード＋パスワードで入れる（生体を使わない同等の方法）" \
  "Takahashi enters by card and password (the non-biometric way of equal assurance)" \
  agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4
PASSWORD=
expect 0 '' "LGWAN-PC-0043 の常駐プロセスが動く" "the resident process of LGWAN-PC-0043 runs" watch_start LGWAN-PC-0043
expect 0 '髙橋' "髙橋さんは LGWAN 接続系の端末も同時に使える（カードと暗証番号）" \
  "Takahashi uses an LGWAN workstation at the same time (card and PIN)" agent LGWAN-PC-0043 logon --pin-fd 3
expect 0 '' "端末は証明書を自分で更新し、そのまま使い続ける" "a workstation renews its certificate by itself" agent LGWAN-PC-0043 renew
expect 0 '' "更新のあともロックが届く" "after the renewal a lock still arrives" agent LGWAN-PC-0043 lock
renewal_code() {
  operator_key lgwan
  at_instance lgwan sanmon workstation renew LGWAN-PC-0043 "${OPERATOR_KEY[@]}" 5<<<''
}
expect 0 '[A-Z0-9]{4}-' "証明書を失った端末には、管理者が新しいコードを出せる" \
  "for a workstation that lost its certificate an administrator makes a new code" renewal_code
