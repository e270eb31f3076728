# shellcheck shell=bash
# Only when deploy/test asks for it: the program that makes requests is large to install, and it takes minutes.
if [ "${SANMON_API_CHECK:-0}" = 1 ]; then
  step "公開文書（OpenAPI）から作った要求" "Requests made from the published document (OpenAPI)"
  expect 0 'LGWAN-PC-0099' "試験用の端末を登録する" "a workstation for the trial is enrolled" enrol_workstation lgwan LGWAN-PC-0099
  api_check() {
    "$SANMON_ROOT/deploy/api-check" --workstations "https://127.0.0.1:$(cat "$STAGE/lgwan/port")" \
      --ca "$STAGE/desk/LGWAN-PC-0099/roots.pem" --cert "$STAGE/desk/LGWAN-PC-0099/identity.pem" \
      --key "$STAGE/desk/LGWAN-PC-0099/identity.pem" --enrolment "https://127.0.0.1:$(cat "$STAGE/lgwan/enrolment-port")" \
      --operators "$STAGE/lgwan/run/operator.sock" --examples 10 >"$STAGE/log/api-check.log" 2>&1
  }
  expect 0 '' "どの応答も文書どおりで、サーバーの誤りがない" "every answer is in the document and none is a server error" api_check
  # What was wrong, at the end of what it said, and nothing of what was right.
  sed -n '/ FAILURES /,$p' "$STAGE/log/api-check.log" | head -n 150
fi
