# What a card costs on our side: a reader service and a card of our own, the program that measures, and nothing left behind.
# Sourced by bash 5.
#
#   card_bench DIR PROGRAM OPTIONS…   DIR is made and holds everything; SANMON_BIN: folder of sanmon-cardsim

# shellcheck source=deploy/lib/pcscd.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/pcscd.sh"

card_bench() {
  local dir=${1:?DIR} program=${2:?PROGRAM} code=0 simulator
  shift 2
  mkdir -p "$dir"
  (umask 077 && printf '246810\n' >"$dir/pin")
  "$SANMON_BIN/sanmon-cardsim" make-ca --cert "$dir/ca.pem" --key "$dir/ca.key" --name "見本市 職員カードCA" >/dev/null || return
  "$SANMON_BIN/sanmon-cardsim" issue --card "$dir/bench.card" --name "三門 花子" --key p256 --pin-file "$dir/pin" \
    --ca-cert "$dir/ca.pem" --ca-key "$dir/ca.key" >/dev/null || return
  pcscd_start "$dir/reader" || return
  mkfifo "$dir/control"
  (cardsim_in_namespace "$dir/reader" insert --card "$dir/bench.card" <"$dir/control" >"$dir/simulator.log" 2>&1) &
  simulator=$!
  exec 8>"$dir/control"
  "$program" --control "$dir/control" --pin-fd 9 "$@" 9<"$dir/pin" || code=$?
  exec 8>&-
  wait "$simulator" || true
  pcscd_stop "$dir/reader"
  return "$code"
}
