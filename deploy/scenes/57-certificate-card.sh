# shellcheck shell=bash
step "よその仕様の証明書カード：メーカーの PKCS#11 ライブラリを、別のプロセスに閉じ込めて使う" \
  "A certificate card of another make: its maker's PKCS#11 library, confined in a process of its own"
# After 56-first-tap.sh: clerk_password. The token is SoftHSM's, in a folder of its own beside its settings.

TOKEN=$STAGE/desk/token
TOKEN_LIBRARY=/usr/lib/softhsm/libsofthsm2.so
TOKEN_OPTIONS=(--pkcs11 "$TOKEN_LIBRARY" --pkcs11-config "$TOKEN/softhsm2.conf")
token_tool() { SOFTHSM2_CONF=$TOKEN/softhsm2.conf "$@"; }
# token_made: a token whose key is made inside, and the staff cards' authority says whose it is.
token_made() {
  local tool=(token_tool pkcs11-tool --module "$TOKEN_LIBRARY" --token-label staff)
  mkdir -m 0700 "$TOKEN" "$TOKEN/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$TOKEN/tokens" >"$TOKEN/softhsm2.conf"
  token_tool softhsm2-util --init-token --free --label staff --pin 246810 --so-pin 13579135 &&
    "${tool[@]}" --login --pin 246810 --keypairgen --key-type rsa:2048 --id 01 --label staff &&
    "${tool[@]}" --read-object --type pubkey --id 01 --output-file "$TOKEN/public.der" &&
    openssl pkey -pubin -inform DER -in "$TOKEN/public.der" -out "$TOKEN/public.pem" &&
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj "/CN=kikuchi" \
      -out "$TOKEN/request.pem" &&
    printf '%s\n' 'basicConstraints = critical, CA:FALSE' 'keyUsage = critical, digitalSignature' 'extendedKeyUsage = clientAuth' \
      >"$TOKEN/extensions" &&
    openssl x509 -req -in "$TOKEN/request.pem" -force_pubkey "$TOKEN/public.pem" -CA "$STAGE/cards/staff-ca.pem" \
      -CAkey "$STAGE/cards/staff-ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 300 -extfile "$TOKEN/extensions" \
      -outform DER -out "$TOKEN/certificate.der" &&
    "${tool[@]}" --login --pin 246810 --write-object "$TOKEN/certificate.der" --type cert --id 01 --label staff
}
token_enrol() {
  at_instance lgwan sanmon card enrol --person p-000043 --segment lgwan --pin-fd 3 "${TOKEN_OPTIONS[@]}" 3<<<"246810"
}
token_logon() { agent LGWAN-PC-0045 logon --factors card+password --pin-fd 3 --password-fd 4 "${TOKEN_OPTIONS[@]}"; }

expect 0 '' "菊池さんのトークン：鍵はその中で作られ、職員証の認証局が証明する" \
  "Kikuchi's token: its key is made inside, and the staff cards' authority vouches for it" token_made
expect 0 '' "菊池さんのパスワード" "Kikuchi's password" clerk_password p-000043 kikuchi.shinobu 'kaze-no-oto-6'
PIN=246810 PASSWORD='kaze-no-oto-6'
expect 0 '^\* 01  staff' "ライブラリが見せる鍵のうち、ログオンに使うもの" "which of the library's keys a logon would take" \
  sanmon-agent token show --state "$STAGE/desk/LGWAN-PC-0045" "${TOKEN_OPTIONS[@]}"
expect 0 '  pk( |$)' "窓口で登録する：示されるのは所持まで（暗証番号なしで断ることは、窓口から見えない）" \
  "registered at the desk, as possession: that it refuses without its PIN cannot be seen through a library" token_enrol
PIN=135790
expect 12 '' "暗証番号が違えば、トークンが断る" "with a wrong PIN the token refuses" token_logon
PIN=246810
expect 0 '菊池' "カードとパスワードで入る" "she enters with card and password" token_logon
expect 0 '' "ログオフする" "she logs off" agent LGWAN-PC-0045 logoff
expect 0 '(許可|granted)  logon  p-000043 ' "記録に残る" "and it stands in the log" \
  at_instance lgwan sanmon audit list --purpose demo --since today --person p-000043 --action logon
PASSWORD=
