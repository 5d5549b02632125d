"""Requests by hand: what could be read in two ways is refused; and ten thousand that a machine spoilt."""

import random
import time

from world import Server, equal, holds, wait_until

H = b"Host: localhost\r\n"
G = b"GET /healthz HTTP/1.1\r\n" + H
P = b"POST /v1/lint HTTP/1.1\r\n" + H + b"Content-Type: text/plain\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

# Name, octets, statuses of the one answer; the connection is closed behind it.
TABLE = [
    ("two different Content-Length", P + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\nabc" + SMUGGLED, {400}),
    ("two equal Content-Length", P + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + SMUGGLED, {400}),
    ("Content-Length and chunked", P + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("chunked and Content-Length", P + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("Transfer-Encoding: xchunked", P + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, {400, 501}),
    ("Transfer-Encoding: chunked, identity", P + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED, {400, 501}),
    ("Transfer-Encoding with a tab inside", P + b"Transfer-Encoding: chun\tked\r\n\r\n0\r\n\r\n" + SMUGGLED, {400, 501}),
    ("two Transfer-Encoding", P + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED, {400, 501}),
    ("chunked in HTTP/1.0", P.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("Content-Length: +3", P + b"Content-Length: +3\r\n\r\nabc" + SMUGGLED, {400}),
    ("Content-Length: 3, 3", P + b"Content-Length: 3, 3\r\n\r\nabc" + SMUGGLED, {400}),
    ("Content-Length: 0x3", P + b"Content-Length: 0x3\r\n\r\nabc" + SMUGGLED, {400}),
    ("Content-Length with 30 digits", P + b"Content-Length: " + b"1" * 30 + b"\r\n\r\nabc", {400, 413}),
    ("chunk size 0x3", P + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("chunk size -1", P + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("chunk size of 17 digits", P + b"Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n", {400, 413}),
    ("chunk line ended by LF", P + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("chunk longer than said", P + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n" + SMUGGLED, {400}),
    ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n" + SMUGGLED, {400}),
    ("two Host", G + b"Host: other\r\n\r\n" + SMUGGLED, {400}),
    ("Host with a path", b"GET /healthz HTTP/1.1\r\nHost: localhost/x\r\n\r\n" + SMUGGLED, {400}),
    ("Host with a user", b"GET /healthz HTTP/1.1\r\nHost: a@localhost\r\n\r\n" + SMUGGLED, {400}),
    ("blank before the colon", G + b"X-A : b\r\n\r\n" + SMUGGLED, {400}),
    ("blank before the first header", b"GET /healthz HTTP/1.1\r\n " + H + b"\r\n" + SMUGGLED, {400}),
    ("folded header", G + b"X-A: b\r\n c\r\n\r\n" + SMUGGLED, {400}),
    ("bare LF", b"GET /healthz HTTP/1.1\nHost: localhost\n\n" + SMUGGLED, {400}),
    ("bare LF once", G + b"X-A: b\n\r\n" + SMUGGLED, {400}),
    ("bare CR", G + b"X-A: b\rX-B: c\r\n\r\n" + SMUGGLED, {400}),
    ("NUL in a header", G + b"X-A: b\0c\r\n\r\n" + SMUGGLED, {400}),
    ("control octet in a header", G + b"X-A: b\x07c\r\n\r\n" + SMUGGLED, {400}),
    ("octets above ASCII", G + b"X-A: \xe4\r\n\r\n" + SMUGGLED, {400}),
    ("empty header name", G + b": b\r\n\r\n" + SMUGGLED, {400}),
    ("header without colon", G + b"nonsense\r\n\r\n" + SMUGGLED, {400}),
    ("64 KiB header", G + b"X-A: " + b"b" * 65536 + b"\r\n\r\n", {400, 431}),
    ("1000 headers", G + b"X-A: b\r\n" * 1000 + b"\r\n", {400, 431}),
    ("64 KiB path", b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + H + b"\r\n", {400, 414}),
    ("lower-case get", b"get /healthz HTTP/1.1\r\n" + H + b"\r\n" + SMUGGLED, {400}),
    ("no blank in the request line", b"GET\r\n" + H + b"\r\n" + SMUGGLED, {400}),
    ("four words in the request line", b"GET /healthz x HTTP/1.1\r\n" + H + b"\r\n" + SMUGGLED, {400}),
    ("tab in the request line", b"GET\t/healthz HTTP/1.1\r\n" + H + b"\r\n" + SMUGGLED, {400}),
    ("HTTP/0.9", b"GET /healthz\r\n\r\n", {400}),
    ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\n" + H + b"\r\n", {400, 505}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    ("CONNECT", b"CONNECT 127.0.0.1:25 HTTP/1.1\r\n" + H + b"\r\n" + SMUGGLED, {400, 405}),
    ("TLS to a clear port", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x0a" * 160, {400}),
    ("100 MB promised", P + b"Content-Length: 100000000\r\n\r\n", {413}),
    ("unknown expectation", P + b"Content-Length: 3\r\nExpect: tea\r\n\r\nabc", {417}),
]


def statuses(octets):
    """Statuses of the answers in a stream of octets, heads taken apart by their length."""
    out = []
    while octets:
        head, _, rest = octets.partition(b"\r\n\r\n")
        holds(head.startswith(b"HTTP/1.1 "), f"an answer begins with {head[:40]!r}")
        out.append(int(head.split(b" ")[1]))
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        octets = rest[length:]
    return out


def row(server, octets, want):
    got, closed = server.raw(octets)
    holds(closed, f"the connection stays open after {got[:60]!r}")
    seen = statuses(got)
    equal(len(seen), 1, f"answers: {seen}")
    holds(seen[0] in want, f"status {seen[0]}, not one of {sorted(want)}")


def good_ones(server):
    for octets, want in ((SMUGGLED, [200]), (SMUGGLED * 3, [200] * 3), (b"\r\n" + SMUGGLED, [200]),
                         (P + b"Content-Length: 3\r\n\r\nabc" + SMUGGLED, [200, 200]), (P + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + SMUGGLED, [200, 200]),
                         (b"GET http://localhost/healthz HTTP/1.1\r\n" + H + b"\r\n", [200]), (b"GET /healthz HTTP/1.0\r\n\r\n", [200]),
                         (b"GET http://evil.example/healthz HTTP/1.1\r\n" + H + b"\r\n", [421])):
        got, _ = server.raw(octets, timeout=0.5)
        equal(statuses(got), want, repr(octets[:60]))


SEEDS = [
    SMUGGLED,
    b"GET /v1/explain/policy.blank-line HTTP/1.1\r\n" + H + b"Accept: application/json;q=0.5, */*\r\n\r\n",
    b"GET /v1/security/mta-sts?domain=a..b&fresh=1 HTTP/1.1\r\n" + H + b"Origin: http://localhost\r\nIf-None-Match: W/\"abc\"\r\n\r\n",
    P + b"Content-Length: 40\r\n\r\nversion: STSv1\nmode: enforce\nmx: a.b.com\n",
    P + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nversi\r\n3\r\non:\r\n0\r\nX: y\r\n\r\n" + SMUGGLED,
    b"POST /mcp HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\nContent-Length: 46\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
    b"POST /v1/checks HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\nContent-Length: 23\r\nExpect: 100-continue\r\n\r\n{\"domains\":[\"a..b\",\"\"]}",
    b"OPTIONS * HTTP/1.1\r\n" + H + b"Connection: keep-alive, close\r\nAuthorization: Bearer x\r\n\r\n",
    b"HEAD /metrics HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: keep-alive\r\n\r\n",
]
TOKENS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\t", b"\xff", b"%00", b"%", b"chunked", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n",
          b"0\r\n\r\n", b"ffffffff\r\n", b"99999999999999999999", b"-1", b"HTTP/1.1", b"{", b"\"", b"[" * 100, b"a" * 5000, b"\r\n\r\n", b"\x16\x03\x01"]


def spoil(dice, octets):
    octets = bytearray(octets)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(octets) + 1)
        what = dice.randrange(6)
        if what == 0 and octets:
            octets[at % len(octets)] = dice.randrange(256)
        elif what == 1:
            octets[at:at] = dice.choice(TOKENS)
        elif what == 2:
            del octets[at : at + dice.randint(1, 20)]
        elif what == 3:
            other = dice.choice(SEEDS)
            octets[at:at] = other[dice.randrange(len(other)) :][: dice.randint(1, 80)]
        elif what == 4:
            octets[at : at + dice.randint(1, 30)] = b""
            octets += dice.choice(SEEDS)
        elif octets:
            octets[at % len(octets)] ^= 1 << dice.randrange(8)
    return bytes(octets)


def fuzz(server, count, seed):
    dice = random.Random(seed)
    known = {100, 200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 417, 421, 431, 501, 505}
    for n in range(count):
        octets = spoil(dice, dice.choice(SEEDS))
        got, _ = server.raw(octets, timeout=10, finish=True)
        if got:
            first = got.split(b" ")
            holds(got.startswith(b"HTTP/1.1 ") and int(first[1][:3]) in known, f"seed {seed}, request {n}: {octets!r} got {got[:80]!r}")
        if n % 1000 == 999:
            equal(server.get("/healthz").status, 200, f"health after {n + 1}")
    wait_until(lambda: server.metric("mtasts_http_connections") == 1, "no connection is left but the one that asks")
    equal(server.metric("mtasts_checks_in_flight"), 0, "checks")


def all_cases(cases, program, dns, count):
    server = Server(program, dns)
    seed = int(time.time())
    try:
        cases.run("raw: what is right is taken", good_ones, server)
        for name, octets, want in TABLE:
            cases.run(f"raw: {name}", row, server, octets, want)
        cases.run(f"raw: {count} spoilt requests (seed {seed}) leave the server healthy", fuzz, server, count, seed)
    finally:
        cases.run("raw: the server ends in peace", lambda: equal((server.stop(), "ERROR" in server.log), (0, False), server.log))
