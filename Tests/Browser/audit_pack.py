#!/usr/bin/env python3
"""Audit packs written from docs/audit-pack.md alone, by a program that shares no line with ours. Printed: the golden one.

  audit_pack.py > golden.pack.html
"""
import base64
import hashlib
import struct
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "sanmon.city.example/lgwan"
T0 = 1_775_000_000_000  # 2026-04-01T08:33:20+09:00
NAMES = [None, None, None, None, None, "person", "workstation", "certificate", "segment", "scenario", "session", "card", "operator",
         "factors", "proof", "assurance", "code", "rule", "policy", "reference", "latency", "count", "waivers", "note"]


def b64(data):
    return base64.b64encode(data).decode()


# --- audit-format.md

def fields(values):
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


def number(value):
    return struct.pack(">q", value)


def record(time, event_class, action, outcome, **more):
    """Canonical bytes; values of further fields by their names, as bytes."""
    named = dict(count=number(1), **more)
    named.setdefault("note", b"")
    head = [b"sanmon/audit/1", number(time), event_class.encode(), action.encode(), outcome.encode()]
    return fields(head + [named.pop(name, b"") for name in NAMES[5:]])


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def tree(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + tree(leaves[:half]) + tree(leaves[half:])).digest()


# --- Keys and notes

def key(seed=0):
    return Ed25519PrivateKey.from_private_bytes(bytes((seed + one) & 255 for one in range(32)))


def vkey(private, name=ORIGIN):
    public = b"\1" + private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    identifier = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    return f"{name}+{identifier.hex()}+{b64(public)}"


def note(private, size, root, origin=ORIGIN):
    text = f"{origin}\n{size}\n{b64(root)}\n"
    identifier = bytes.fromhex(vkey(private, origin).split("+")[1])
    return f"{text}\n— {origin} {b64(identifier + private.sign(text.encode()))}\n"


# --- audit-pack.md

def beside(leaves, first, end):
    """Roots of the largest complete subtrees left and right of a range."""
    hashes = []
    for begin, stop in ((0, first), (end, len(leaves))):
        while begin < stop:
            width = 1
            while begin % (width * 2) == 0 and begin + width * 2 <= stop:
                width *= 2
            hashes.append(tree(leaves[begin:begin + width]))
            begin += width
    return hashes


def proof(hashes):
    return '<p class="proof">' + " ".join(b64(one) for one in hashes + [leaf(b"".join(hashes))])


HIDDEN = [(0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E),
          (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF)]


def markup(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text):
    return markup("".join(
        f"<U+{ord(one):04X}>" if any(low <= ord(one) <= high for low, high in HIDDEN) else one for one in text))


def split(data):
    found = []
    while data:
        length = struct.unpack(">I", data[:4])[0]
        found.append(data[4:4 + length])
        data = data[4 + length:]
    return found


def clock(milliseconds):
    import datetime
    local = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds + 9 * 3_600_000)
    return local.isoformat(timespec="milliseconds") + "+09:00"


def word(place, value):
    if place == 1:
        return clock(struct.unpack(">q", value)[0])
    if place in (7, 18):
        return value.hex()
    if place in (13, 22):
        return ",".join(one.decode() for one in split(value))
    if place == 17:
        file, line = split(value)
        return f"{file.decode()}:{struct.unpack('>q', line)[0]}"
    if place in (20, 21):
        return str(struct.unpack(">q", value)[0])
    return value.decode()


def row(sequence, encoded):
    words = [(NAMES[place] + "=" if NAMES[place] else "") + word(place, value)
             for place, value in enumerate(split(encoded)) if place and value]
    return (f'<p id="r{sequence}" data-leaf="{b64(leaf(encoded))}" data-bytes="{b64(encoded)}"><b>{sequence}</b> '
            + escape(" ".join(words)))


OPENING = [
    "<!doctype html>",
    '<html lang="ja"><meta charset="utf-8"><meta name="format" content="sanmon/audit-pack/1">',
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    "<title>監査パック / Audit pack</title>",
    "<style>body{font:14px/1.6 sans-serif;margin:1em}p{margin:0;overflow-wrap:anywhere;content-visibility:auto}"
    ".proof{color:#555;font-size:11px}</style>",
    "<h1>監査パック / Audit pack</h1>",
    "<p>ここに見える文字だけでは証明になりません。監査パックの確認ページ（audit-check.html）か sanmon audit check で確かめてください。",
    '<p lang="en">What is seen here proves nothing by itself: check it with the page audit-check.html or sanmon audit check.',
    "<p>各行: 番号 日時（日本時間） 種別 操作 結果、続けて 項目=値。 / Each row: number, time (Japan), class, action, outcome, then name=value.",
    "<h2>署名済みチェックポイント / Signed checkpoint</h2>",
    "<pre>",
]
CLASSES = ["ceremony", "session", "workstation", "enrolment", "administration", "release", "auditRead"]
OUTCOMES = ["granted", "denied", "stillNeeded", "done", "refused"]


def pack(log, first, end, exported, span, private=None, size=None, origin=ORIGIN):
    """The lines of a pack of the rows first ..< end of a log; `exported` is the number of the export's row."""
    log = log[:size]
    leaves = [leaf(one) for one in log]
    lines = OPENING + markup(note(private or key(), len(log), tree(leaves), origin)).split("\n")[:-1]
    lines += ["</pre>", "<h2>書き出しの記録 / The row of this export</h2>", row(exported, log[exported]),
              proof(beside(leaves, exported, exported + 1)), "<h2>記録 / Rows</h2>", f'<p class="span">{first} {end}',
              proof(beside(leaves, first, end))]
    lines += [row(one, log[one]) for one in range(first, end)]
    policies, counts = {}, {}
    for one in range(first, end):
        values = split(log[one])
        if not span[0] <= struct.unpack(">q", values[1])[0] < span[1]:
            continue
        if values[18]:
            policies.setdefault(values[18].hex(), one)
        kind = (CLASSES.index(values[2].decode()), OUTCOMES.index(values[4].decode()))
        counts[kind] = counts.get(kind, 0) + 1
    lines += ["<h2>期間内のルールの版と最初の行 / Policy versions in the span, and their first row</h2>", "<ul>"]
    lines += [f"<li>{version} {at}" for version, at in policies.items()]
    lines += ["</ul>", "<h2>期間内の件数 / Rows in the span</h2>", "<ul>"]
    lines += [f"<li>{CLASSES[kind]} {OUTCOMES[outcome]} {count}" for (kind, outcome), count in sorted(counts.items())]
    return lines + ["</ul>", "</html>"]


SPAN = (T0 + 3 * 60_000, T0 + 7 * 60_000)


def full(time):
    return record(
        time, "ceremony", "logon", "denied", person=b"p1", workstation=b"LGWAN-PC-0042", certificate=bytes([1]) * 32,
        segment=b"lgwan", scenario=b"logon", session=b"s1", card=b"c1", factors=fields([b"card", b"pin"]), proof=b"pk-pin",
        assurance=b"AAL3", code=b"AP105", rule=fields([b"lgwan.yaml", number(12)]), policy=bytes([2]) * 32, reference=b"482913",
        latency=number(35), waivers=fields([b"introduction"]), note="失効 <b>&\u202e\r\n\0 髙𠮷".encode())


def order(span, purpose, time, operator="audit-01"):
    return record(
        time, "auditRead", "audit.pack", "done", operator=operator.encode(),
        note=f"from {span[0]} until {span[1]}: {purpose}".encode())


def golden_log():
    log = [full(T0 + one * 60_000) if one == 4 else
           record(T0 + one * 60_000, "session", "lock", "done", note=f"row {one}".encode()) for one in range(9)]
    log.append(order(SPAN, "四半期監査 <1>", T0 + 9 * 60_000))
    log.append(record(T0 + 10 * 60_000, "session", "lock", "done", note=b"row 10"))
    return log


def golden():
    return pack(golden_log(), 2, 8, 9, SPAN)


def text(lines):
    return "".join(line + "\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(text(golden()))
