"""Much of everything: histories of large policies and records, a large fleet, long texts. The server answers, and goes on."""

import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from world import Server, equal, holds

DAY = 86400
FIRST = 1735689600


class Store:
    """What others put into the store of a server that runs."""

    def __init__(self, program, server):
        self.program = program
        self.path = os.path.join(server.folder.name, "history.db")

    def imported(self, lines):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
            f.writelines(json.dumps({"schema": "mtasts.history/1", **line}) + "\n" for line in lines)
            f.flush()
            done = subprocess.run([self.program, "history", "--history", self.path, "--import", f.name], capture_output=True, text=True)
            equal(done.returncode, 0, done.stderr)


def observation(domain, at, texts, sha256=None):
    usable = sha256 is not None
    return {
        "type": "observation", "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), "ttl": 300, "duration_ms": 10, "result": None,
        "observation": {
            "schema": "mtasts.observation/1", "domain": domain, "verdict": "enforced" if usable else "broken", "status": "SUCCESS" if usable else "WARNING",
            "record": {"state": "present", "usable": True, "id": str(at), "texts": texts},
            "policy": {"state": "present" if usable else "unseen", "sha256": sha256, "served": usable, "usable": usable, "mode": "enforce" if usable else None,
                       "max_age": 86400 if usable else None, "mx": [f"mx.{domain}"] if usable else []},
            "mx": {"state": "present", "hosts": [{"host": f"mx.{domain}", "preference": 10, "implicit": False}]},
            "certificates": [], "tls_rpt": {"state": "present", "texts": []}, "findings": [], "not_tested": [], "unseen": [],
            "vantage": {"resolver": "127.0.0.1", "dnssec_validation": False, "ipv4": True, "ipv6": False, "smtp": False, "version": "0.1.0"},
        },
    }


def policy(number):
    """Of as many lines as are compared, none as in the one before, and nearly as large as may be."""
    lines = ["version: STSv1", "mode: enforce", "max_age: 86400"] + [f"mx: {number:04}-{i:03}.{'x' * 60}.{'y' * 60}.example.com" for i in range(390)]
    return "\n".join(lines) + "\n"


def large_policies(server, store):
    lines = []
    for n in range(300):
        body = policy(n)
        sha256 = hashlib.sha256(body.encode()).hexdigest()
        lines.append({"type": "policy", "sha256": sha256, "body": body})
        lines.append(observation("large.com", FIRST + n * DAY, [f"v=STSv1; id={n};"], sha256))
    store.imported(lines)
    a = server.get("/domain/large.com/history", Accept="text/html")
    equal(a.status, 200, "the history of a domain that often changed a large policy")
    text = a.body.decode()
    holds('<pre class="diff">' in text and "0299-000." in text, "the last change is told")
    holds("Older changes are left out." in text and len(text) < 8 << 20, f"{len(text)} octets")
    equal(text.count("<li>") + text.count("<ul>") + text.count("<ol"), text.count("</li>") + text.count("</ul>") + text.count("</ol>"), "lists are closed")
    equal(server.get("/v1/domains/large.com/history?limit=10").status, 200)
    equal(server.get("/healthz").status, 200, "the server goes on")
    text = subprocess.run([store.program, "history", "--history", store.path, "large.com"], capture_output=True, text=True)
    equal((text.returncode, text.stderr), (0, ""), "the same as text")


def large_values(server, store):
    store.imported(observation("wordy.com", FIRST + n * DAY, [f"v=STSv1; id={n};"] + [f"{n:04} " + "x" * 250 for _ in range(100)]) for n in range(400))
    a = server.get("/v1/domains/wordy.com/history?limit=10000")
    equal(a.status, 200, "the history of a domain with much in its records")
    told = a.json
    size = sum(len(c["old"] or "") + len(c["new"]) for c in told["changes"])
    holds(told["more"] is True and 1 << 20 < size <= 4 << 20, f"{size} octets of values, more: {told['more']}")
    older = server.get(f"/v1/domains/wordy.com/history?limit=10000&until={told['changes'][-1]['at']}").json
    equal(older["changes"][-1]["at"] < told["changes"][-1]["at"], True, "what was left out can be asked for")


def large_fleet(server, store):
    added = json.dumps({"domains": ["ok.com"], "tags": ["a-tag", "another-tag"]}).encode()
    equal(server.request("POST", "/v1/monitor/domains", added, {"Content-Type": "application/json"}).status, 200)
    config = os.path.join(server.folder.name, "mtasts.conf")
    done = subprocess.run([store.program, "monitor", "run", "--once", "--config", config, "--history", store.path, "--resolver", server.dns.address], capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    with sqlite3.connect(store.path, timeout=30) as db:
        seen = json.loads(db.execute("SELECT doc FROM watch").fetchone()[0])
        seen["certificates"] = [{"host": f"mail-server-{i}.ok.com", "policy_host": False, "not_after": 1893456000} for i in range(20)]
        db.execute("UPDATE watch SET doc = ?", (json.dumps(seen),))
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)"
                   " INSERT INTO watch (name, tags, interval_s, added_at, due_at, checked_at, verdict, status, doc)"
                   " SELECT 'd' || i || '.a-name-of-some-length.example.com', tags, interval_s, added_at, due_at, checked_at, verdict, status, doc FROM n, watch WHERE watch.name = 'ok.com'")
    db.close()
    a = server.get("/fleet", Accept="text/html")
    holds(a.status == 200 and b"100000 watched domains" in a.body, f"{a.status}, the fleet at a glance")
    csv = server.get("/fleet.csv")
    equal((csv.status, csv.body.count(b"\r\n")), (200, 100001), "the fleet as CSV")
    equal(server.get("/healthz").status, 200, "the server goes on")


def long_texts(server, _store):
    """Faults behind tens of thousands of lines: the work grows with the text, not with its square."""
    text = b"version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx.ok.com\n"
    text += b"\n" * (65000 - len(text)) + b"mx: a..b\nmode: no\n" * 20
    body = b"kind=policy&text=" + urllib.parse.quote(text).encode()
    began = time.monotonic()
    a = server.request("POST", "/lint", body, {"Content-Type": "application/x-www-form-urlencoded"})
    took = time.monotonic() - began
    equal(a.status, 200)
    holds(took < 1, f"a lint of {len(text)} octets took {took:.1f} s")


def all_cases(cases, program, dns):
    server = Server(program, dns)
    store = Store(program, server)
    for case in (long_texts, large_policies, large_values, large_fleet):
        cases.run(f"large: {case.__name__.replace('_', ' ')}", case, server, store)
    cases.run("large: the server ends in peace", lambda: equal((server.stop(), "ERROR" in server.log), (0, False), server.log))
