# shellcheck shell=bash
# issue_card NAME KIND [AUTHORITY]: by the staff cards' authority, or by the operators'.
issue_card() {
  sanmon-cardsim issue --card "$STAGE/cards/$1.card" --name "$1" --key "${2:-p256}" --pin-fd 3 \
    --ca-cert "$STAGE/cards/${3:-staff}-ca.pem" --ca-key "$STAGE/cards/${3:-staff}-ca.key" 3<<<"246810"
}

first_operator() {
  local name=yamada
  [ -z "${2:-}" ] || name=another
  operator_key "$1"
  at_instance "$1" sanmon operator first --operator "$name" --person p-000001 "${OPERATOR_KEY[@]}" \
    --code-fd 3 3<"$STAGE/desk/$1.code" 5<<<"246810"
}

# wait_for_directory SEGMENT: until the first reading is in force; prints how it stands.
wait_for_directory() {
  wait_until 30 at_instance "$1" sanmon directory status >/dev/null
  at_instance "$1" sanmon directory status
}

step "二つのインスタンス：LGWAN 接続系とマイナンバー利用事務系（別々の鍵庫・認証局・記録）" \
  "Two instances: LGWAN and My Number (each with its own vault, authority and log)"

expect 0 '' "カード読み取りサービス（pcscd + 仮想リーダー）が動く" "the card reader service (pcscd with a virtual reader) runs" \
  pcscd_start "$STAGE/reader"
export PCSCLITE_CSOCK_NAME
PCSCLITE_CSOCK_NAME=$(pcscd_socket "$STAGE/reader")
at_end stage_reader_down
stage_reader_down() { pcscd_stop "$STAGE/reader"; }

expect 0 '' "職員証の認証局（見本）ができる" "a sample authority for staff cards is made" \
  sanmon-cardsim make-ca --cert "$STAGE/cards/staff-ca.pem" --key "$STAGE/cards/staff-ca.key" --name "Sanmon Sample Staff Cards"
expect 0 '' "操作者のカードの認証局（見本）ができる" "a sample authority for operators' cards is made" \
  sanmon-cardsim make-ca --cert "$STAGE/cards/operator-ca.pem" --key "$STAGE/cards/operator-ca.key" --name "Sanmon Sample Operator Cards"
expect 0 '' "職員証 佐藤（PIV、P-256、暗証番号つき）を発行する" "a staff card for Sato is issued (PIV, P-256, with PIN)" \
  issue_card sato p256
expect 0 '' "職員証 髙橋（PIV、RSA-2048、暗証番号つき）を発行する" "a staff card for Takahashi is issued (PIV, RSA-2048, with PIN)" \
  issue_card takahashi rsa2048
expect 0 '' "管理者 山田のカードを発行する（承認の署名と、ネットワーク越しの操作に使う）" \
  "a card for the administrator Yamada is issued (his approvals are signed with it, and he comes in with it)" \
  issue_card yamada rsa2048 operator

for segment in lgwan mynumber; do
  instance_folder "$segment"
  expect 0 '' "$segment の鍵庫が利用者 $VAULT_USER で動く" "the vault of $segment runs as user $VAULT_USER" start_vault "$segment"
  expect 0 '.{16,}' "$segment の鍵庫を初期化し、最初の管理者のコードを受け取る" \
    "the vault of $segment is initialised and prints the first administrator's code" \
    sanmon pki init --vault-socket "$STAGE/$segment/vault-run/vault.sock" --instance "$segment-1" --segment "$segment" --host 127.0.0.1
  tail -n 1 "$STAGE/last" >"$STAGE/desk/$segment.code"
  : >"$STAGE/last"
  if [ "$segment" = mynumber ]; then
    expect 0 '' "静脈の照合：写真から特徴を取り出すプロセスが利用者 $EXTRACT_USER で動く" \
      "palms: the process that reads pictures runs as user $EXTRACT_USER" \
      start_matcher mynumber "$EXTRACT_USER" extract-run/palm.sock extract
    expect 0 '' "静脈の照合：鍵のもとで比べるプロセスが利用者 $COMPARE_USER で動く" \
      "palms: the process that compares under keys runs as user $COMPARE_USER" \
      start_matcher mynumber "$COMPARE_USER" compare-run/palm.sock compare
  else
    expect 0 '' "LGWAN 接続系では、他社の（質の悪い）照合ライブラリを別のプロセスで動かす" \
      "in LGWAN a vendor's library (a bad one) runs in a process of its own" \
      start_matcher lgwan "$EXTRACT_USER" extract-run/vendor.sock vendor --library "$BIN/libHostileMatcher.so"
  fi
  expect 0 '' "$segment のサーバーが利用者 $SERVER_USER で動く" "the server of $segment runs as user $SERVER_USER" start_server "$segment"
  expect 0 "$segment-1" "状態が読める" "its status can be read" at_instance "$segment" sanmon status
  expect 0 'yamada' "最初の管理者が一回限りのコードで登録される" "the first administrator comes in by the one-time code" \
    first_operator "$segment"
  expect 1 '' "同じコードは二度使えない" "the same code does not work twice" first_operator "$segment" again
  if [ "$DEMO_AD" = 0 ]; then
    expect 0 '1200|1,200' "三門市の職員 1,200 人を取り込む" "the 1,200 people of Sanmon-shi are imported" \
      at_instance "$segment" sanmon person import --csv "$SANMON_ROOT/deploy/sample-city"
  else
    expect 0 'すべて反映|Everything is in force' "三門市の職員 1,200 人が Active Directory から自動で入る" \
      "the 1,200 people of Sanmon-shi come from the Active Directory by themselves" wait_for_directory "$segment"
  fi
done

step "二つのプロセス、二人の利用者：互いのファイルもメモリも読めない" \
  "Two processes, two users: neither can read the other's files or memory"
reads() { as_user "$1" cat "$2"; }
expect 1 'ermission denied|許可' "$SERVER_USER は鍵庫の状態を読めない" "$SERVER_USER cannot read the vault's state" \
  reads "$SERVER_USER" "$STAGE/lgwan/vault/master.key"
expect 1 'ermission denied|許可' "$VAULT_USER はサーバーのデータベースを読めない" "$VAULT_USER cannot read the server's database" \
  reads "$VAULT_USER" "$STAGE/lgwan/state/sanmon.sqlite"
server_pid() { pgrep -u "$SERVER_USER" -f "etc/lgwan.yaml" | tail -n 1; }
vault_pid() { pgrep -u "$VAULT_USER" -f "lgwan/vault-run" | tail -n 1; }
expect 1 'ermission denied|許可' "$SERVER_USER は鍵庫のメモリを読めない" "$SERVER_USER cannot read the vault's memory" \
  reads "$SERVER_USER" "/proc/$(vault_pid)/mem"
expect 1 'ermission denied|許可' "$VAULT_USER はサーバーのメモリを読めない" "$VAULT_USER cannot read the server's memory" \
  reads "$VAULT_USER" "/proc/$(server_pid)/mem"
