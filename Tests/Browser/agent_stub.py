#!/usr/bin/env python3
"""Stands in for `sanmon-agent sso`: answers from files of the folder SANMON_STUB, and writes down what it was asked.

state.json: the answer to `state`. credentials.json: "application/account", for somebody else's with "/owner" behind it → [user, password], a fault, or a small vault:
{"user", "isDue", "next": [passwords that are generated], "versions": [{"number", "password", "state"}, newest first]} with the states
of the real one; "delay" → seconds before an answer to `release` and `change`, "stall" → seconds between keeping a new password and
handing it out, "fatal" → the kind of a question at which the process is gone. push: a message to send unasked; taken away once it
was sent. asked.jsonl: every question, without the password that is in it. pid: its process.
"""
import json
import os
import struct
import sys
import threading
import time

FOLDER = os.environ["SANMON_STUB"]
sending = threading.Lock()
# What was handed over last, and which of them were refused in this session: as the real host remembers it.
handed, refused = {}, {}
FAULT = {"kind": "fault", "code": "SV000", "ja": "このパスワードは渡せません。", "en": "This password is not handed out."}


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


def save(credentials):
    path = os.path.join(FOLDER, "credentials.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(credentials, file)
    os.rename(path + ".new", path)


def send(message):
    data = json.dumps(message).encode()
    with sending:
        sys.stdout.buffer.write(struct.pack("=I", len(data)) + data)
        sys.stdout.buffer.flush()


def push():
    path = os.path.join(FOLDER, "push")
    while True:
        if os.path.exists(path):
            message = load("push")
            os.unlink(path)
            send(message)
        time.sleep(0.02)


def fault(code):
    return {**FAULT, "code": code}


def answer(question):
    kind = question["kind"]
    if kind == "state":
        return load("state.json")
    key = f"{question['application']}/{question['account']}" + (f"/{question['owner']}" if question.get("owner") else "")
    credentials = load("credentials.json")
    if credentials.get("fatal") == kind:
        os._exit(1)
    if kind in ("outcome", "changeOutcome"):
        return note(credentials, key, kind, question["outcome"])
    if kind == "capture":
        return capture(credentials, key, question["user"], question["password"])
    time.sleep(credentials.get("delay", 0))
    credentials = load("credentials.json")
    application = next((one for one in load("state.json")["applications"] if one["id"] == question["application"]), None)
    found = credentials.get(key)
    if application is None or application["origin"] != question["origin"] or found is None:
        return FAULT
    if isinstance(found, list):
        return FAULT if kind == "change" else {"kind": "credential", "user": found[0], "password": found[1], "changeDue": False, "version": "1"}
    if "versions" not in found:
        return found
    return release(credentials, key) if kind == "release" else change(credentials, key)


def effective(vault):
    return next((one for one in vault["versions"] if one["state"] != "refused"), None)


def release(credentials, key):
    vault = credentials[key]
    version = effective(vault)
    if version is None:
        return fault("AP177" if vault["versions"] else "AP176")
    handed[key] = version["number"]
    return {"kind": "credential", "user": vault["user"], "password": version["password"], "changeDue": vault["isDue"], "version": str(version["number"])}


def change(credentials, key):
    """Kept before it is handed out, as the agent does it."""
    vault = credentials[key]
    current, new = effective(vault), vault["next"].pop(0)
    insert(vault, new)
    save(credentials)
    time.sleep(credentials.get("stall", 0))
    handed[key] = vault["versions"][0]["number"]
    return {"kind": "change", "current": current["password"], "new": new}


def insert(vault, password):
    number = max((one["number"] for one in vault["versions"]), default=0) + 1
    vault["versions"].insert(0, {"number": number, "password": password, "state": "unconfirmed"})


def capture(credentials, key, user, password):
    vault = credentials.get(key)
    if not isinstance(vault, dict) or "versions" not in vault:
        return FAULT
    vault["user"] = user
    refused.pop(key, None)
    insert(vault, password)
    save(credentials)
    return {"kind": "noted", "retry": False}


def note(credentials, key, kind, outcome):
    vault = credentials.get(key)
    retry = False
    if isinstance(vault, dict) and "versions" in vault and key in handed:
        version = next(one for one in vault["versions"] if one["number"] == handed[key])
        version["state"] = {"accepted": "current"}.get(outcome, outcome)
        if outcome == "accepted":
            vault["versions"] = [one for one in vault["versions"] if one["number"] >= handed[key]]
            vault["isDue"] = False
        if outcome == "refused" and kind == "outcome":
            refused[key] = refused.get(key, 0) + 1
            retry = handed[key] > 1 and refused[key] == 1
        save(credentials)
    return {"kind": "noted", "retry": retry}


with open(os.path.join(FOLDER, "pid"), "w", encoding="utf-8") as file:
    file.write(str(os.getpid()))
threading.Thread(target=push, daemon=True).start()
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    asked = json.loads(sys.stdin.buffer.read(struct.unpack("=I", head)[0]))
    with open(os.path.join(FOLDER, "asked.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps({name: value for name, value in asked.items() if name != "password"}) + "\n")
    send(answer(asked))
