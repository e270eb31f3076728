"""Fills a new Active Directory, whose server does not run, with the sample city:

  ad-city.py SMB.CONF CITY SERVICE-PASSWORD-FILE

Departments are OUs (部/課), groups are nested as in groups.csv, people stand in the OU of their main post. The account
svc-sanmon may read, also what was deleted, and nothing else. Nobody gets a password here.
"""
import csv
import os
import secrets
import sys

import ldb
from samba import sd_utils
from samba.auth import system_session
from samba.dsdb import UF_ACCOUNTDISABLE, UF_NORMAL_ACCOUNT, UF_PASSWD_NOTREQD, UF_SMARTCARD_REQUIRED
from samba.ndr import ndr_unpack
from samba.dcerpc import security
from samba.param import LoadParm
from samba.samdb import SamDB

STAFF, GROUPS, SERVICES = "職員", "グループ", "サービス"
# Seconds from 1601-01-01 to 1970-01-01.
FILETIME_EPOCH = 11_644_473_600
DAY = 86_400
JAPAN = 9 * 3600


def rows(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parts(text):
    return [part for part in text.split(";") if part]


def escaped(text):
    """As one value of a distinguished name (RFC 4514)."""
    return "".join("\\" + letter if letter in ',+"\\<>;=#' else letter for letter in text)


def expiry(last_day):
    """accountExpires: the first moment after the last day in Japan, in units of 100 ns."""
    import datetime
    day = datetime.date.fromisoformat(last_day) - datetime.date(1970, 1, 1)
    return str(((day.days + 1) * DAY - JAPAN + FILETIME_EPOCH) * 10_000_000)


def main():
    configuration, city, password_file = sys.argv[1:]
    parameters = LoadParm()
    parameters.load(configuration)
    samdb = SamDB(url=parameters.private_path("sam.ldb"), session_info=system_session(), lp=parameters)
    base = samdb.domain_dn()
    samdb.transaction_start()
    for name in (STAFF, GROUPS, SERVICES):
        samdb.add({"dn": f"OU={name},{base}", "objectClass": "organizationalUnit"})

    # A department stands in the file behind the one above it.
    places = {}
    for row in rows(city, "departments.csv"):
        above = places[row["parent"]] if row["parent"] else f"OU={STAFF},{base}"
        places[row["code"]] = dn = f"OU={escaped(row['name'])},{above}"
        samdb.add({"dn": dn, "objectClass": "organizationalUnit", "description": row["code"], "l": row["site"]})

    members = {}
    people = rows(city, "people.csv")
    for row in people:
        main_post = parts(row["departments"])[0]
        dn = f"CN={escaped(row['display_name'])} {row['id']},{places[main_post]}"
        family, _, given = row["display_name"].partition(" ")
        control = UF_NORMAL_ACCOUNT | UF_PASSWD_NOTREQD
        if row["enabled"] == "false":
            control |= UF_ACCOUNTDISABLE
        if row["managed_password"] == "true":
            control |= UF_SMARTCARD_REQUIRED
        entry = {
            "dn": dn, "objectClass": "user", "sAMAccountName": row["account"],
            "userPrincipalName": f"{row['account']}@{samdb.domain_dns_name()}", "displayName": row["display_name"],
            "sn": family, "givenName": given or family, "employeeNumber": row["id"],
            "msDS-PhoneticDisplayName": row["kana"], "departmentNumber": parts(row["departments"]),
            "userAccountControl": str(control),
        }
        if row["other_names"]:
            entry["extensionName"] = parts(row["other_names"])
        if row["last_day"]:
            entry["accountExpires"] = expiry(row["last_day"])
        samdb.add(entry)
        for group in parts(row["groups"]):
            members.setdefault(group, []).append(dn)

    groups = rows(city, "groups.csv")
    place = {row["name"]: f"CN={escaped(row['name'])},OU={GROUPS},{base}" for row in groups}
    for row in groups:
        for above in parts(row["member_of"]):
            members.setdefault(above, []).append(place[row["name"]])
    for row in groups:
        samdb.add({
            "dn": place[row["name"]], "objectClass": "group", "sAMAccountName": row["name"], "description": row["title"]})
    for name, dns in members.items():
        change = ldb.Message(ldb.Dn(samdb, place[name]))
        change["member"] = ldb.MessageElement(dns, ldb.FLAG_MOD_ADD, "member")
        samdb.modify(change)

    password = secrets.token_urlsafe(24) + "-aA1"
    service = f"CN=svc-sanmon,OU={SERVICES},{base}"
    samdb.add({
        "dn": service, "objectClass": "user", "sAMAccountName": "svc-sanmon",
        "userPrincipalName": f"svc-sanmon@{samdb.domain_dns_name()}", "userAccountControl": str(UF_NORMAL_ACCOUNT),
        "clearTextPassword": password.encode("utf-16-le")})
    sid = ndr_unpack(
        security.dom_sid, samdb.search(service, scope=ldb.SCOPE_BASE, attrs=["objectSid"])[0]["objectSid"][0])
    # List and read what was deleted, inherited: without it a directory says nothing of deletions to this account.
    sd_utils.SDUtils(samdb).dacl_add_ace(f"CN=Deleted Objects,{base}", f"(A;CI;LCRP;;;{sid})")
    samdb.transaction_commit()
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, password.encode())
    os.close(descriptor)
    print(f"{len(people)} people, {len(groups)} groups, {len(places)} departments")


main()
