# shellcheck shell=bash
# Only with --ad: what the IT section changes with its own tools, and what becomes of it by itself.
if [ "$DEMO_AD" = 1 ]; then
  # said_lock WORKSTATION WHY: whether its resident process was told to lock for that reason.
  said_lock() { grep -qE -- "$2" "$STAGE/log/watch-$1.log"; }

  step "人事異動の事前確認：人事課の一覧から" "A transfer looked at before the day: from the personnel section's list"
  printf '%s\r\n' '職員番号,氏名,新所属,区分' 'p-000042,佐藤 花子,市民税課,' 'p-000007,髙橋 一郎,,退職' 'p-000010,別人 太郎,0402,' >"$STAGE/transfer.csv"
  expect 1 '市民税課' "だれがどこへ移り、何が要り、どの行が誤りか（何も変わらない）" \
    "who goes where, what is missing, which line is wrong (nothing is changed)" \
    at_instance lgwan sanmon directory plan "$STAGE/transfer.csv" --html "$STAGE/transfer.html"
  expect 0 'h1.*(事前確認|preview)' "印刷して読める表ができる" "a page to read and print" grep h1 "$STAGE/transfer.html"

  expect 1 '余裕|Head-room' "その朝を写しの上で予行する：何秒かかり、だれが通らないか（何も変わらない）" \
    "the morning itself, played on a copy: how long, and who would not get in (nothing is changed)" \
    at_instance lgwan sanmon directory rehearse "$STAGE/transfer.csv"

  step "人事異動：Active Directory だけを変える" "A transfer: nothing but the Active Directory is changed"
  expect 0 'Changed|changed' "佐藤さんのパスワードを AD で設定しておく" "Sato has a password in the directory" \
    directory_tool user setpassword sato.hanako --newpassword='mori-no-michi-5'
  expect 0 'Removed|removed' "samba-tool：佐藤さんを市民課から外し" "samba-tool: Sato is taken out of 市民課" \
    directory_tool group removemembers ka-0401 sato.hanako
  expect 0 'Added|added' "マイナンバー利用事務の担当に加える" "and into its My Number staff" \
    directory_tool group addmembers ka-0401-mynumber sato.hanako
  expect 0 '' "開いていた LGWAN の端末に、5 秒以内にロックが届く" "her open LGWAN session is told to lock within 5 seconds" \
    wait_until 5 said_lock LGWAN-PC-0042 '異動などで|not let into'
  insert_card sato
  expect 10 'AP107' "異動前の系統では断られる" "she is refused in the old segment" agent LGWAN-PC-0042 logon --pin-fd 3
  # Each segment has its own server, with its own tick.
  may_enter() { at_instance "$1" sanmon person show "$2" | grep -q "seg-$1"; }
  wait_until 10 may_enter mynumber p-000042 || true
  PASSWORD='mori-no-michi-5'
  expect 0 '佐藤' "異動後の系統で、同じカードのまま入れる" "and enters the new one with the same card" \
    agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4
  expect 0 '' "ログオフする" "she logs off" agent MYNUMBER-PC-0007 logoff
  PASSWORD=
  expect 0 'Added|added' "元の課に戻す" "she is moved back" directory_tool group addmembers ka-0401 sato.hanako
  expect 0 'Removed|removed' "（マイナンバーの担当から外す）" "(and out of the My Number staff)" \
    directory_tool group removemembers ka-0401-mynumber sato.hanako
  wait_until 10 may_enter lgwan p-000042 || true
  expect 0 '佐藤' "もとの端末に入れる" "and is let in where she was" agent LGWAN-PC-0042 logon --pin-fd 3

  step "退職：アカウントを無効にする" "Somebody leaves: the account is disabled"
  insert_card takahashi
  expect 0 '髙橋' "髙橋さんが LGWAN の端末を使っている" "Takahashi is at work" agent LGWAN-PC-0043 unlock --pin-fd 3
  expect 0 '' "samba-tool：髙橋さんのアカウントを無効にする" "samba-tool: Takahashi's account is disabled" directory_tool user disable takahashi.ichiro
  expect 0 '' "5 秒以内に端末がロックする" "the workstation locks within 5 seconds" wait_until 5 said_lock LGWAN-PC-0043 '利用者登録の停止|account was disabled'
  expect 10 'AP103' "もう入れない" "and lets him in no more" agent LGWAN-PC-0043 logon --pin-fd 3
  expect 0 '' "誤りだったので戻す" "that was a mistake: enabled again" directory_tool user enable takahashi.ichiro
  is_enabled() { at_instance lgwan sanmon person show "$1" --json | grep -q '"isEnabled" *: *true'; }
  wait_until 10 is_enabled p-000007 || true
  expect 0 '髙橋' "また入れる（カードもそのまま）" "he is let in again, with the card he has" agent LGWAN-PC-0043 logon --pin-fd 3
  expect 0 '' "ロックする" "and locks" agent LGWAN-PC-0043 lock
  remove_card
fi
