"""Installs privacyIDEA (PyPI) into a folder of its own, measures what our figures stand beside, and prints NAME=VALUE,….

    python3 privacyidea.py FOLDER

The same Argon2id parameters as ours (19 MiB, two passes, one lane). No TLS in front of it, no signature by a card: what it
does is less than what we do. 1,200 checks over 200 tokens, six one-time passwords each, so that none is used twice.
Everything listens on 127.0.0.1 and ends with this program.
"""

import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.parse

VERSION = "3.14"
TOKENS, ROUNDS, CLIENTS, WORKERS = 200, 6, 16, 2
PASSWORD = "Admin-pw-1!"


def main(folder):
    folder.mkdir(parents=True)
    say("installing privacyIDEA", VERSION)
    program = install(folder)
    environment = configure(folder, program)
    port = free_port()
    with open(folder / "log", "ab") as log:
        server = subprocess.Popen(
            [program / "gunicorn", "-w", str(WORKERS), "-b", f"127.0.0.1:{port}", "--timeout", "120", "wsgi:application"],
            cwd=folder, env=environment, stdout=log, stderr=log,
        )
        try:
            peer = Peer(port)
            peer.wait()
            peer.set_up(folder)
            say("enrolling", 2 * TOKENS, "tokens")
            plain = peer.enrol("plain", pin="")
            hashed = peer.enrol("hashed", pin="kawa-no-nagare")
            cost = peer.cost(server.pid, plain)
            burst = peer.burst(plain)
            with_hash = peer.burst(hashed)
        finally:
            server.terminate()
            server.wait(30)
    print(
        f"logon.card_cpu_ms=privacyIDEA {VERSION} HOTP {cost:.1f} ms,"
        f"logon.card_burst_s=privacyIDEA {VERSION} HOTP {burst:.1f} s,"
        f"logon.password_burst_ratio=privacyIDEA {VERSION} HOTP and Argon2id {with_hash:.1f} s"
    )


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def install(folder):
    venv = folder / "venv"
    run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    run(sys.executable, "-m", "venv", venv)
    pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-deps", f"privacyidea=={VERSION}")
    # Its own wheel names the versions it was tested with.
    run(*pip, "-r", venv / "lib" / "privacyidea" / "requirements.txt")
    run(*pip, "gunicorn")
    return venv / "bin"


def configure(folder, program):
    base = f"""SUPERUSER_REALM=['super']
SQLALCHEMY_DATABASE_URI='sqlite:///{folder}/pi.sqlite'
SECRET_KEY='{os.urandom(16).hex()}'
PI_PEPPER='{os.urandom(8).hex()}'
PI_ENCFILE='{folder}/enckey'
PI_AUDIT_KEY_PRIVATE='{folder}/private.pem'
PI_AUDIT_KEY_PUBLIC='{folder}/public.pem'
PI_LOGFILE='{folder}/pi.log'
PI_LOGLEVEL=30
"""
    config = folder / "pi.cfg"
    config.write_text(base)
    environment = dict(os.environ, PRIVACYIDEA_CONFIGFILE=str(config))
    for command in [
        ["setup", "create_enckey"], ["setup", "create_audit_keys"], ["setup", "create_tables"],
        ["admin", "add", "admin", "-p", PASSWORD],
    ]:
        subprocess.run(
            [program / "pi-manage", *command], check=True, env=environment, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    config.write_text(
        base + "PI_HASH_ALGO_PARAMS={'argon2__rounds':2,'argon2__memory_cost':19456,'argon2__parallelism':1}\n"
    )
    (folder / "wsgi.py").write_text(
        "import os\nfrom privacyidea.app import create_app\n"
        'application=create_app("production",config_file=os.environ["PRIVACYIDEA_CONFIGFILE"],silent=True)\n'
    )
    return environment


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def one_time_password(key, counter):
    """RFC 4226, six digits."""
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


class Peer:
    def __init__(self, port):
        self.port = port
        self.token = None

    def call(self, method, path, fields=None, connection=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": self.token} if self.token else {}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        own.request(method, path, urllib.parse.urlencode(fields) if fields is not None else None, headers)
        answer = own.getresponse()
        body = answer.read()
        if connection is None:
            own.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        return json.loads(body)["result"]["value"]

    def wait(self):
        end = time.monotonic() + 60
        while True:
            try:
                self.token = self.call("POST", "/auth", {"username": "admin", "password": PASSWORD})["token"]
                return
            except (ConnectionError, socket.timeout, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def set_up(self, folder):
        users = folder / "users.sqlite"
        with sqlite3.connect(users) as database:
            columns = ["id", "username", "email", "givenname", "surname", "password"]
            database.execute("create table users (id integer primary key, username, email, givenname, surname, password)")
            for kind in ["plain", "hashed"]:
                for number in range(TOKENS):
                    name = f"{kind}{number:04d}"
                    database.execute(
                        "insert into users (username, email, givenname, surname, password) values (?, ?, ?, ?, '')",
                        (name, name + "@example", name, name),
                    )
        names = {"userid": "id", **{column: column for column in columns[1:]}}
        self.call("POST", "/resolver/sql1", {
            "type": "sqlresolver", "Driver": "sqlite", "Server": "", "Database": str(users), "Table": "users",
            "Map": json.dumps(names),
        })
        self.call("POST", "/realm/city", {"resolvers": "sql1"})
        self.call("POST", "/defaultrealm/city", {})

    def enrol(self, kind, pin):
        tokens = []
        for number in range(TOKENS):
            user, key = f"{kind}{number:04d}", os.urandom(20)
            fields = {"type": "hotp", "user": user, "realm": "city", "serial": user, "otpkey": key.hex(), "otplen": 6}
            if pin:
                fields["pin"] = pin
            self.call("POST", "/token/init", fields)
            tokens.append({"user": user, "key": key, "pin": pin, "next": 0})
        return tokens

    def check(self, token, connection=None):
        code = one_time_password(token["key"], token["next"])
        token["next"] += 1
        if self.call(
            "POST", "/validate/check", {"user": token["user"], "realm": "city", "pass": token["pin"] + code}, connection
        ) is not True:
            raise SystemExit(f"{token['user']} was refused")

    def cost(self, master, tokens):
        """CPU milliseconds of all workers for one check, over one kept connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for token in tokens[:20]:
            self.check(token, connection)
        before = cpu_seconds(master)
        for token in tokens:
            self.check(token, connection)
        return (cpu_seconds(master) - before) / len(tokens) * 1000

    def burst(self, tokens):
        """Seconds for 1,200 checks by 16 clients."""
        say("1,200 checks")
        start = time.monotonic()

        def client(share):
            for _ in range(ROUNDS):
                for token in share:
                    self.check(token)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(client, [tokens[number::CLIENTS] for number in range(CLIENTS)]))
        return time.monotonic() - start


def cpu_seconds(master):
    """utime + stime of the workers (proc(5), fields 14 and 15)."""
    total = 0
    for child in subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True).stdout.split():
        fields = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]).absolute())
