# shellcheck shell=bash
# Only with --ad: an Active Directory with the people of the sample city.
if [ "$DEMO_AD" = 1 ]; then
  step "三門市の Active Directory（Samba、見本）" "The Active Directory of Sanmon-shi (Samba, a sample)"
  expect 0 '' "ドメインができ、職員 1,200 人・課・グループが入る" "a domain is made, with 1,200 people, departments and groups" \
    as_root bash -c '. "$0"; samba_provision "$1" && samba_start "$1"' "$SANMON_ROOT/deploy/lib/samba.sh" "$STAGE/ad"
  as_root install -m 0644 "$STAGE/ad/ca.pem" "$STAGE/etc/ad-ca.pem"
  at_end stage_directory_down
  in_directory() { as_root bash -c '. "$0"; "$@"' "$SANMON_ROOT/deploy/lib/samba.sh" "$@"; }
  directory_tool() { in_directory samba_tool "$STAGE/ad" "$@"; }
fi
stage_directory_down() { [ "$DEMO_AD" = 0 ] || as_root bash -c '. "$0"; samba_stop "$1"' "$SANMON_ROOT/deploy/lib/samba.sh" "$STAGE/ad"; }
