# shellcheck shell=bash
step "操作者がカードで、ネットワーク越しに" "An operator comes in over the network, with a card"

# over_network CMD…: as a PC of the IT section would; no socket, no token, and the server's authority named by its hash.
over_network() {
  SANMON_SERVER="127.0.0.1:$(cat "$STAGE/mynumber/operator-port")" SANMON_AUTHORITY=$OPERATOR_AUTHORITY "$@" \
    --card --pin-fd 3 3<<<"${PIN:-246810}"
}
OPERATOR_AUTHORITY=$(at_instance mynumber sanmon status --json | sed -n 's/.*"authority":"\([^"]*\)".*/\1/p')

insert_card yamada
expect 0 'yamada  administrator' "管理者 山田は自分のカードで操作者の一覧を見る（TLS、RSA-2048）" \
  "the administrator Yamada lists the operators with his card (TLS, RSA-2048)" over_network sanmon operator list
PIN=000000
expect 65 '2' "暗証番号を間違える：カードが断り、サーバーには何も届かない" "a wrong PIN: the card refuses, and nothing reaches the server" \
  over_network sanmon operator list
PIN=246810
insert_card takahashi
expect 77 '' "職員のカード（別の認証局）では、つながらない" "a clerk's card (of another authority) makes no connection" \
  over_network sanmon operator list
remove_card
