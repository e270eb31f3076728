"""Accounts and sessions of the sample applications: what any older application of a city hall has.

Passwords are kept as scrypt hashes. Five wrong ones lock a name for five minutes, whether there is such a person or not.
A session is a random cookie that the server remembers; it ends after 30 minutes without use, after 10 hours, or at log-off.
"""
import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass, field

WRONG_PASSWORDS = 5
LOCK_SECONDS = 5 * 60
IDLE_SECONDS, SESSION_SECONDS = 30 * 60, 10 * 3600
SESSIONS, REMEMBERED_NAMES = 4096, 10_000
PASSWORD_LENGTH = range(12, 65)
PASSWORD_CLASSES = 3
# About 50 ms and 16 MiB each.
SCRYPT = {"n": 1 << 14, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}


@dataclass
class Person:
    name: str
    display: str
    must_change: bool


@dataclass
class Refusal:
    """Why nobody was signed in, or nothing was changed; a sentence for the person."""
    sentence: str


@dataclass
class Session:
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    person: Person | None = None
    opened: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)


class Accounts:
    """trusted: who can change the database can sign in as anybody."""

    def __init__(self, folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.database = sqlite3.connect(
            os.path.join(folder, "application.sqlite"), timeout=10, isolation_level=None, check_same_thread=False)
        self.lock = threading.RLock()
        self._hashing = threading.BoundedSemaphore(2)
        with self.lock:
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.executescript("""
                CREATE TABLE IF NOT EXISTS account (
                  name TEXT PRIMARY KEY, display TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
                  must_change INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1) STRICT;
                CREATE TABLE IF NOT EXISTS attempt (
                  name TEXT PRIMARY KEY, wrong INTEGER NOT NULL, locked_until INTEGER NOT NULL) STRICT;
            """)

    def _hash(self, password, salt):
        with self._hashing:
            return hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)

    def set(self, name, display, password, must_change):
        """For administrators: a new account, or a new password for one that is there. Also ends a lock."""
        salt = secrets.token_bytes(16)
        hashed = self._hash(password, salt)
        with self.lock:
            self.database.execute(
                "INSERT INTO account (name, display, salt, hash, must_change) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "display = excluded.display, salt = excluded.salt, hash = excluded.hash, must_change = excluded.must_change, "
                "version = version + 1", (name, display, salt, hashed, must_change))
            self.database.execute("DELETE FROM attempt WHERE name = ?", (name,))

    def sign_in(self, name, password):
        """A Person, or a Refusal that does not say whether there is such a person."""
        name = canonical(name)
        refusal = self._begin(name)
        if refusal:
            return refusal
        with self.lock:
            row = self.database.execute(
                "SELECT display, salt, hash, must_change FROM account WHERE name = ?", (name,)).fetchone()
        # A name that is not there takes as long as one that is.
        display, salt, hashed, must_change = row or ("", b"\0" * 16, b"", 0)
        if not hmac.compare_digest(self._hash(password, salt), hashed):
            return self._wrong(name)
        with self.lock:
            self.database.execute("DELETE FROM attempt WHERE name = ?", (name,))
        return Person(name, display, bool(must_change))

    def _begin(self, name):
        """Counts the attempt before the password is looked at, so that many at once are no more than five either."""
        now = int(time.time())
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                self.database.execute("DELETE FROM attempt WHERE locked_until BETWEEN 1 AND ?", (now,))
                wrong, until = self.database.execute(
                    "SELECT wrong, locked_until FROM attempt WHERE name = ?", (name,)).fetchone() or (0, 0)
                if until:
                    return Refusal(
                        f"パスワードの間違いが {WRONG_PASSWORDS} 回続いたため、"
                        f"{time.strftime('%H:%M', time.localtime(until + 59))} までログインできません。")
                if wrong == 0 and self.database.execute("SELECT count(*) FROM attempt").fetchone()[0] >= REMEMBERED_NAMES:
                    return Refusal("ただいまログインできません。しばらくしてからお試しください。")
                until = now + LOCK_SECONDS if wrong + 1 >= WRONG_PASSWORDS else 0
                self.database.execute("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)", (name, wrong + 1, until))
            finally:
                self.database.execute("COMMIT")
        return None

    def _wrong(self, name):
        with self.lock:
            wrong = (self.database.execute("SELECT wrong FROM attempt WHERE name = ?", (name,)).fetchone() or (WRONG_PASSWORDS,))[0]
        left = WRONG_PASSWORDS - wrong
        return Refusal("利用者名またはパスワードが違います。" + (
            f"あと {left} 回間違えると、{LOCK_SECONDS // 60} 分間ログインできなくなります。" if left > 0 else
            f"{WRONG_PASSWORDS} 回間違えたため、{LOCK_SECONDS // 60} 分間ログインできません。"))

    def change(self, person, current, new, again):
        """None if the password was changed, else a Refusal. A wrong current password counts as a wrong sign-in."""
        if new != again:
            return Refusal("新しいパスワードが 2 回とも同じになっていません。")
        fault = fault_of(new, person.name)
        if fault:
            return Refusal(fault)
        found = self.sign_in(person.name, current)
        if isinstance(found, Refusal):
            return Refusal("現在のパスワードが違うか、ログインが止められています。")
        if hmac.compare_digest(new.encode(), current.encode()):
            return Refusal("新しいパスワードが、現在のパスワードと同じです。")
        self.set(person.name, found.display, new, False)
        return None


def canonical(name):
    """Width, case and composition do not make another person."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:64]


def fault_of(password, name):
    """What is wrong with a new password, or None."""
    if len(password) not in PASSWORD_LENGTH:
        return f"新しいパスワードは {PASSWORD_LENGTH[0]} 文字から {PASSWORD_LENGTH[-1]} 文字までにしてください。"
    if any(not "!" <= letter <= "~" for letter in password):
        return "新しいパスワードには、半角の英字・数字・記号だけを使ってください。"
    classes = {"a" if letter.islower() else "A" if letter.isupper() else "1" if letter.isdigit() else "!" for letter in password}
    if len(classes) < PASSWORD_CLASSES:
        return f"新しいパスワードには、英小文字・英大文字・数字・記号のうち {PASSWORD_CLASSES} 種類以上を使ってください。"
    if name in password.casefold():
        return "新しいパスワードに利用者名を含めないでください。"
    return None


class Sessions:
    """In memory: a restart signs everybody out. The oldest make room, so that visitors cannot fill the memory."""

    def __init__(self):
        self._sessions = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key):
        now = time.monotonic()
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if now - session.seen > IDLE_SECONDS or now - session.opened > SESSION_SECONDS:
                del self._sessions[key]
                return None
            session.seen = now
            return session

    def open(self, person=None, replacing=None):
        """A new one with a new key, also at sign-in: a key from before it is worth nothing afterwards."""
        session = Session(person=person)
        with self._lock:
            if replacing:
                self._sessions.pop(replacing.key, None)
            while len(self._sessions) >= SESSIONS:
                # Visitors who have not signed in go first.
                guest = next((key for key, other in self._sessions.items() if other.person is None), None)
                del self._sessions[guest or next(iter(self._sessions))]
            self._sessions[session.key] = session
        return session

    def end(self, session):
        with self._lock:
            self._sessions.pop(session.key, None)

    def end_all(self, name):
        """After a password change: whoever knew the old one is out."""
        with self._lock:
            for key in [key for key, other in self._sessions.items() if other.person and other.person.name == name]:
                del self._sessions[key]
