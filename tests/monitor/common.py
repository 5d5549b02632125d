"""What the tests of the monitor share: a name server in the test, daemons on a clock that the test moves, and a look into the store."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
import world  # noqa: E402

passed = failed = 0


class Dns(world.Dns):
    """Its answers may be cached for an hour."""

    @staticmethod
    def record(name, kind, value):
        plain = world.Dns.record(name, kind, value)
        at = len(world.wire_name(name)) + 4
        return plain[:at] + (3600).to_bytes(4, "big") + plain[at + 4:]


def expect(good, what, more=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL {what}\n  {more}" if more else f"FAIL {what}", flush=True)
    return good


def done(title):
    print(f"{title}: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def wait_for(what, condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return expect(False, f"{what} within {seconds} s")
        time.sleep(0.05)
    return True


def environment():
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}


class Place:
    """A store and what it holds."""

    def __init__(self, where):
        self.where = str(where)
        self.is_pg = self.where.startswith("postgres")

    def rows(self, sql):
        if not self.is_pg:
            db = sqlite3.connect(self.where, timeout=20)
            try:
                return db.execute(sql).fetchall()
            finally:
                db.close()
        out = subprocess.run(["psql", "-qAtX", "-F", "\t", self.where, "-c", "SET search_path = mtasts", "-c", sql], check=True, capture_output=True, text=True)
        return [tuple(int(v) if re.fullmatch(r"-?\d+", v) else v for v in line.split("\t")) for line in out.stdout.splitlines()]


def fresh_pg(url, name):
    subprocess.run(["psql", "-q", url, "-c", f"CREATE DATABASE {name}"], check=True)
    return Place(url.replace(":///postgres?", f":///{name}?"))


class Clock:
    """A file that says what time it is."""

    def __init__(self, path, at):
        self.path = Path(path)
        self.set(at)

    def set(self, at):
        self.at = int(at)
        part = self.path.with_suffix(".part")
        part.write_text(f"{self.at}\n")
        part.rename(self.path)


class Program:
    def __init__(self, build, place, dns, config):
        self.program = Path(build).resolve() / "mtasts"
        self.place, self.dns, self.config = place, dns, config

    def command(self, act, *args):
        return [str(self.program), "monitor", act, "--config", str(self.config), "--history", self.place.where, *map(str, args)]

    def run(self, act, *args, stdin=b"", seconds=120):
        return subprocess.run(self.command(act, *args), input=stdin, capture_output=True, env=environment(), timeout=seconds)

    def looking(self, *args):
        """Options of a daemon that asks the test's name server; nothing is told of below error."""
        return ["--resolver", self.dns.address, "--timeout", "10", "--min-severity", "error", "--alert-stdout", "json", *args]

    def daemon(self, *args):
        return Daemon(self.command("run", *self.looking(*args)))


class Daemon:
    def __init__(self, command):
        self.lines = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.out = []
        self.readers = [threading.Thread(target=self.read, args=(self.process.stderr, self.lines), daemon=True),
                        threading.Thread(target=self.read, args=(self.process.stdout, self.out), daemon=True)]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line)

    @property
    def log(self):
        return "".join(self.lines)

    def alive(self):
        return self.process.poll() is None

    def end(self, how=signal.SIGTERM, seconds=40):
        if self.alive():
            self.process.send_signal(how)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "it did not end"
        for reader in self.readers:
            reader.join(5)
        return code


def loads(text):
    return json.loads(text)
