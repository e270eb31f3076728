# shellcheck shell=bash
# Only with --ad, and behind what wants everything to be well.
if [ "$DEMO_AD" = 1 ]; then
  step "Active Directory での大きな間違い" "A big mistake in the Active Directory"
  directory_held() { ! at_instance lgwan sanmon directory status >/dev/null; }
  expect 0 'Deleted|deleted' "samba-tool：部を一つ、中の職員 79 人ごと消してしまう" \
    "samba-tool: a whole 部 is deleted with its 79 people" \
    directory_tool ou delete "OU=行政委員会等,OU=職員,DC=ad,DC=sanmon,DC=example" --force-subtree-delete
  wait_until 10 directory_held || true
  expect 1 '79' "反映せずに保留し、理由と人を示す" "it is held, with the reason and the people" \
    at_instance lgwan sanmon directory status
  expect 0 '早坂' "だれも困らない：消された部の職員も有効のまま" "nobody is hurt: the people of that 部 are as they were" \
    at_instance lgwan sanmon person show p-000011
  expect 1 '79|保留|held' "診断と状態にも出る" "sanmon doctor says so too" doctor
fi
