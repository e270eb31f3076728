# shellcheck shell=bash
step "文書にある例" "The examples in the documents"

# Every line of the manuals that begins with `sanmon ` is run here as it stands, against this instance. What asks a person for
# something, or names what the reader has to fill in (capital letters), is left out; a number or a name that does not exist
# here may be refused, but no example may be one that the program does not understand.
run_examples() {
  local document=$1 line code wrong=0 tried=0
  mkdir -p "$STAGE/examples"
  while IFS= read -r line; do
    line=${line//取込フォルダー/$SANMON_ROOT\/deploy\/sample-city}
    line=${line/check policies/check $STAGE/policies}
    case "$line" in
      *'sanmon person password'* | *'sanmon person '[ae]* | *'sanmon operator '[fkpa]* | *'sanmon pki '* | *'sanmon card enrol'* | *'sanmon card pin-reset'* | *'sanmon directory '[acp]* | *'sanmon directory snapshot'* | *…* | *--database*) continue ;;
    esac
    # Shell words in capital letters are for the reader to fill in; dates, codes and PC names are not.
    if grep -qE '(^| |=|/)[A-Z]{3,}( |$|/|\.)' <<<"$line"; then continue; fi
    code=0
    (cd "$STAGE/examples" && at_instance lgwan bash -c "$line") >"$STAGE/examples/out" 2>&1 </dev/null || code=$?
    tried=$((tried + 1))
    case "$code" in
      0 | 1 | 65) printf 'ok   %s\n' "$line" ;;
      *)
        printf 'exit %s: %s\n' "$code" "$line"
        sed 's/^/     /' "$STAGE/examples/out"
        wrong=$((wrong + 1))
        ;;
    esac
  done < <(sed -nE 's/^(\$ )?(sanmon .*)$/\2/p' "$document")
  printf '%s: %s examples understood\n' "$(basename "$document")" "$tried"
  rm -f "$STAGE/examples"/*.csv "$STAGE/examples"/*.checkpoint "$STAGE/examples"/*.key
  [ $wrong = 0 ] && [ $tried -gt 0 ]
}

for document in README.md README.ja.md docs/operations.md docs/ja/管理者の手引き.md docs/ja/障害時の手順.md docs/ja/directory.md; do
  grep -qE '^(\$ )?sanmon ' "$SANMON_ROOT/$document" || continue
  expect 0 'understood' "$document の例を、そのまま実行できる" "the examples of $document can be run as they stand" \
    run_examples "$SANMON_ROOT/$document"
done
