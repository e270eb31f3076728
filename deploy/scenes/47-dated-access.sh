# shellcheck shell=bash
# Only with --ad, and while Sato has a password in the directory and is let into LGWAN alone.
if [ "$DEMO_AD" = 1 ]; then
  step "期日前投票：二人で承認し、一人が始める期限付きの利用" "Early voting: a dated access, approved by two and begun by one"
  # as_yamada CMD…: in My Number he signs with his card.
  as_yamada() {
    operator_key mynumber
    at_instance mynumber "$@" "${OPERATOR_KEY[@]}" 5<<<"246810"
  }
  as_suzuki() { sanmon operator accept "$1" --as suzuki --key-file "$STAGE/desk/suzuki.key" --out "$2"; }
  second_administrator() {
    local act=$STAGE/desk/suzuki.act key
    key=$(sanmon operator key --key-file "$STAGE/desk/suzuki.key")
    as_yamada sanmon operator propose --operator suzuki --person p-000002 --role administrator --key "$key" --out "$act" &&
      as_suzuki "$act" "$act.accepted" &&
      at_instance mynumber sanmon operator add "$act" --accepted "$act.accepted"
  }
  expect 0 'registered operator suzuki|suzuki を登録' "二人目の管理者、鈴木さんを登録する" "a second administrator, Suzuki, is registered" second_administrator

  vote=$STAGE/desk/vote
  cat >"$vote.yaml" <<YAML
access: kijitsumae
kind: temporary
title: {ja: 期日前投票, en: Early voting}
from: $(TZ=JST-9 date +%F)
until: $(TZ=JST-9 date -d '+14 days' +%F)
people:
  - p-000042
groups: [seg-mynumber]
workstations: [MYNUMBER-PC-0007]
YAML
  expect 0 'mynumber logon: card\+palm \| card\+password' "佐藤さんに何が増えるかを見て、山田さんが署名する" \
    "what Sato would get by it is shown, and Yamada signs it" \
    as_yamada sanmon directory access approve "$vote.yaml" --out "$vote.act"
  own_look() { at_instance mynumber sanmon directory access plan "$vote.yaml" | grep -oE '[0-9a-f]{64}'; }
  expect 0 "^  hash=$(own_look)\$" "鈴木さんは、自分で確かめた内容のハッシュと比べて署名する" \
    "Suzuki compares the hash with that of her own look, and signs" as_suzuki "$vote.act" "$vote.suzuki"
  expect 0 'ready|承認済み' "二人の署名を届ける：まだ始まらない" "both signatures are brought: it does not begin yet" \
    at_instance mynumber sanmon directory access approve "$vote.yaml" --act "$vote.act" --approval "suzuki=$vote.suzuki"
  expect 0 'holds until|有効' "山田さん一人で始める" "Yamada alone switches it on" as_yamada sanmon directory access on kijitsumae
  insert_card sato
  PASSWORD='mori-no-michi-5'
  expect 0 '佐藤' "佐藤さんが、その端末でだけ、マイナンバー利用事務系に入れる" \
    "Sato is let into My Number, at that workstation alone" \
    agent MYNUMBER-PC-0007 logon --factors card+password --pin-fd 3 --password-fd 4
  PASSWORD=
  said_by() { at_instance mynumber sanmon audit list --purpose demo --person p-000042 --outcome granted --limit 1 --json | grep -oE 'by dated access [a-z]+'; }
  expect 0 'kijitsumae' "記録に、何によって入れたかが残る" "the log says by what" said_by
  expect 0 'ready|承認済み' "早く終わったので、一人で切る" "it is over early: one switches it off" as_yamada sanmon directory access off kijitsumae
  expect 0 '' "5 秒以内に端末がロックする" "the workstation locks within 5 seconds" wait_until 5 said_lock MYNUMBER-PC-0007 '異動などで|not let into'
  agent MYNUMBER-PC-0007 logoff >/dev/null 2>&1 || true
  remove_card
fi
