#!/usr/bin/env python3
"""Stands in for `sanmon-agent sso`: answers from files of the folder SANMON_STUB, and writes down what it was asked.

state.json: the answer to `state`. credentials.json: "application/account" → [user, password] or a fault; "delay" → seconds.
push: a message to send unasked; taken away once it was sent. asked.jsonl: every question. pid: its process.
"""
import json
import os
import struct
import sys
import threading
import time

FOLDER = os.environ["SANMON_STUB"]
sending = threading.Lock()


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


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


def answer(question):
    if question["kind"] == "state":
        return load("state.json")
    if question["kind"] == "outcome":
        return {"kind": "noted"}
    credentials = load("credentials.json")
    time.sleep(credentials.get("delay", 0))
    application = next((one for one in load("state.json")["applications"] if one["id"] == question["application"]), None)
    found = credentials.get(f"{question['application']}/{question['account']}")
    if application is None or application["origin"] != question["origin"] or found is None:
        return {"kind": "fault", "code": "SV000", "ja": "このパスワードは渡せません。", "en": "This password is not handed out."}
    if isinstance(found, dict):
        return found
    return {"kind": "credential", "user": found[0], "password": found[1]}


with open(os.path.join(FOLDER, "pid"), "w", encoding="utf-8") as file:
    file.write(str(os.getpid()))
threading.Thread(target=push, daemon=True).start()
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    asked = json.loads(sys.stdin.buffer.read(struct.unpack("=I", head)[0]))
    with open(os.path.join(FOLDER, "asked.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(asked) + "\n")
    send(answer(asked))
