"""Verifies a cosigned checkpoint by the published formats alone (C2SP signed-note, tlog-checkpoint, tlog-cosignature): the Python
standard library, and openssl for Ed25519. Shares no line with what it verifies.

foreign-note.py NOTE LOG-VKEY WITNESS-VKEY: prints the size and the time of the cosignature; ends with 1 for anything else.
"""

import base64
import hashlib
import os
import subprocess
import sys
import tempfile


def key(vkey, kind):
    name, identifier, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    assert material[0] == kind and len(material) == 33
    digest = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    assert digest.hex() == identifier
    return name, digest, material[1:]


def is_signed(public, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        spki = bytes.fromhex("302a300506032b6570032100") + public
        for path, content in zip(paths, (spki, message, signature)):
            with open(path, "wb") as file:
                file.write(content)
        ran = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0], "-rawin", "-in", paths[1],
             "-sigfile", paths[2]], capture_output=True)
        return ran.returncode == 0


def line(lines, name, identifier):
    for text in lines:
        dash, by, encoded = text.split(" ")
        blob = base64.b64decode(encoded, validate=True)
        if dash == "\u2014" and by == name and blob[:4] == identifier:
            return blob[4:]
    sys.exit("no line of " + name)


def main(path, log, witness):
    with open(path, encoding="utf-8", newline="") as file:
        text, _, rest = file.read().rpartition("\n\n")
    text += "\n"
    lines = rest.split("\n")
    assert lines.pop() == ""
    name, identifier, public = key(log, 1)
    origin, size, root = text.split("\n")[:3]
    assert origin == name and str(int(size)) == size and len(base64.b64decode(root, validate=True)) == 32
    if not is_signed(public, text.encode(), line(lines, name, identifier)):
        sys.exit("the log's signature is wrong")
    name, identifier, public = key(witness, 4)
    blob = line(lines, name, identifier)
    time = int.from_bytes(blob[:8], "big")
    assert len(blob) == 72
    if not is_signed(public, f"cosignature/v1\ntime {time}\n{text}".encode(), blob[8:]):
        sys.exit("the cosignature is wrong")
    print(size, time)


main(*sys.argv[1:])
