# shellcheck shell=bash
# Only with --ad: what is carried to a segment that reaches no domain controller.
if [ "$DEMO_AD" = 1 ]; then
  step "ドメインコントローラーに届かない系統へ運ぶ写し" "A snapshot for a segment that reaches no domain controller"
  expect 0 'SHA-256' "LGWAN の装置が、署名した写しを書き出す" "the LGWAN instance writes one, signed" \
    at_instance lgwan sanmon directory snapshot "$STAGE/desk/directory.txt"
  expect 0 'snapshot-1-' "書き写す鍵とドメインを示す" "it shows key and domain, to be copied by hand" \
    at_instance lgwan sanmon directory snapshot-key
  snapshot_key=$(sed -n 's/^snapshot-key: //p' "$STAGE/last")
  check_snapshot() { sanmon directory check --snapshot "$1" --snapshot-key "$snapshot_key" --group seg-mynumber; }
  expect 0 'lgwan-1' "運んだ先で、装置がなくても確かめられる" "where it was carried it is checked, with no server" \
    check_snapshot "$STAGE/desk/directory.txt"
  # Any byte would do.
  flip_snapshot() {
    local place
    place=$(LC_ALL=C grep -abo -m 1 'displayname: ' "$1" | cut -d: -f1)
    cp "$1" "$2" && printf 'D' | dd of="$2" bs=1 seek="$place" conv=notrunc status=none && ! cmp "$1" "$2"
  }
  expect 0 '' "写しを 1 バイトだけ書き換える" "one byte of it is changed" \
    flip_snapshot "$STAGE/desk/directory.txt" "$STAGE/desk/changed.txt"
  expect 2 'DS225' "署名が合わないとして断られる（DS225）" "it is refused: the signature is wrong (DS225)" \
    check_snapshot "$STAGE/desk/changed.txt"
  rm -f "$STAGE/desk/directory.txt" "$STAGE/desk/changed.txt"
fi
