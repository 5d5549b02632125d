#!/usr/bin/python3
"""seeds.py DIR: starting points for the fuzz targets, one folder each: the shared vectors, and samples of the wire formats."""
import base64
import json
import pathlib
import shutil
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"


def octets(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def records(name):
    return [b"|".join(b"".join(octets(s) for s in record) for record in v["records"]) for v in vectors(name)]


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def message(question, qtype, answers, flags=0x8180, authority=b"", authorities=0):
    body = struct.pack(">HHHHHH", 1, flags, 1, len(answers), authorities, 0) + name(question) + struct.pack(">HH", qtype, 1)
    for owner, rtype, rdata in answers:
        body += owner + struct.pack(">HHIH", rtype, 1, 300, len(rdata)) + rdata
    return body + authority


def dns():
    here = b"\xc0\x0c"
    txt = b"\x0dv=STSv1; id=1"
    soa = b"\0\0" + struct.pack(">IIIII", 1, 2, 3, 4, 5)
    rrsig = struct.pack(">HBBIIIH", 16, 13, 2, 300, 0, 0, 1) + name("example.com") + b"sign"
    return [
        message("example.com", 16, [(here, 16, txt), (here, 46, rrsig)]),
        message("example.com", 15, [(here, 15, b"\0\x0a" + b"\2mx" + here), (here, 15, b"\0\0\0")]),
        message("example.com", 1, [(here, 5, name("a.example")), (name("a.example"), 1, b"\xc0\0\2\1")]),
        message("example.com", 28, [(here, 28, bytes(16))]),
        message("example.com", 52, [(here, 52, b"\3\1\1" + bytes(32))]),
        message("example.com", 1, [(here, 5, here)]),
        message("example.com", 1, [], 0x8183, here + struct.pack(">HHIH", 6, 1, 60, len(soa)) + soa, 1),
        message("example.com", 2, [(here, 2, name("ns.example"))], 0x8000),
        message("example.com", 1, [])[:-4] + b"\0\1\0\1" + b"\0\0\x29\4\xd0\0\0\0\0\0\0",
    ]


REPLIES = [
    b"220 mx.example.net ESMTP\r\n", b"220-a\r\n220 b\r\n", b"250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n220 go\r\n250 x\r\n",
    b"250-a\n250 b\n", b"554\r\n", b"HTTP/1.1 400 Bad\r\n", b"250-a\r\n220 b\r\n", b"22", b"250 a\0b\r\n",
]
OK = b"HTTP/1.1 200 OK\r\n"
RESPONSES = [
    OK + b"Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Length: 5\r\n\r\nhello",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\n",
    OK + b"\r\nuntil close", b"HTTP/1.0 404 no\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    OK + b"A: b\r\n c\r\nContent-Length: 2, 2\r\n\r\nhi", b"HTTP/1.1 301 x\r\nLocation: /\r\n\r\n", OK + b"Content-Length: 600\r\n\r\n",
]
GET = b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/lint HTTP/1.1\r\nHost: [::1]:80\r\n"
REQUESTS = [
    GET + b"\r\n" + GET + b"Connection: close\r\n\r\n", POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello" + GET + b"\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\n" + GET + b"\r\n", b"GET / HTTP/1.0\r\n\r\n",
    GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET http://a.b/c HTTP/1.1\r\nHost: d\r\nA: b\r\n c\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", b"\r\n" + GET + b"X: \0\r\n\r\n",
    POST + b"Content-Length: 301\r\n\r\n", b"get / HTTP/2.0\n\n",
]
DOMAINS = [
    "example.com", "EXAMPLE.com.", "m\u00fcnchen.example", "xn--mnchen-3ya.example", "https://example.com:8/x?y", "a@example.com",
    "[192.0.2.1]", "2001:db8::1", "co.uk", "github.io", "a..b", "A <b@example.com>", "mailto:a@example.com", "xn--zz99.example",
]
TLSA = [b"\3\1\1" + bytes(32), b"\2\0\2" + bytes(64), b"\3\0\0cert", b"\0\0\1" + bytes(32), b"\3\1"]


def documents():
    """Observations: what an export holds in its lines."""
    certificate = {"role": "mx", "host": "mx.example", "addresses": ["192.0.2.1"], "sha256": "a" * 64, "spki_sha256": "b" * 64,
                   "subject": "CN=mx.example", "issuer": "CN=CA", "not_before": "2026-01-01T00:00:00Z",
                   "not_after": "2027-01-01T00:00:00Z", "problems": "expired weak"}
    seen = {"schema": "mtasts.observation/1", "domain": "example", "verdict": "enforced", "status": "SUCCESS",
            "record": {"state": "present", "usable": True, "id": "1", "texts": ["v=STSv1; id=1;"]},
            "policy": {"state": "present", "sha256": "c" * 64, "served": True, "usable": True, "mode": "enforce", "max_age": 86400,
                       "mx": ["mx.example"]},
            "mx": {"state": "present", "hosts": [{"host": "mx.example", "preference": 10, "implicit": False}]},
            "certificates": [certificate], "tls_rpt": {"state": "unseen", "texts": []},
            "findings": [{"code": "mx.cert.expired", "severity": "error", "subject": "mx.example [192.0.2.1]", "cause": None}],
            "not_tested": [{"what": "MX host", "reason": "greylisted"}], "unseen": [{"codes": "mx.tls.", "name": "mx.example"}],
            "vantage": {"resolver": "recursion", "dnssec_validation": True, "ipv4": True, "ipv6": None, "smtp": False, "version": "0.1.0"}}
    gone = dict(seen, verdict="absent", record={"state": "gone", "usable": False, "id": None, "texts": []}, certificates=[],
                policy=dict(seen["policy"], state="gone", sha256=None, served=False, usable=False, mode=None, max_age=None, mx=[]))
    return [json.dumps(d, ensure_ascii=False).encode() for d in (seen, gone)]


def main():
    out = pathlib.Path(sys.argv[1])
    policies = [octets(v["body"]) for v in vectors("policy")]
    seeds = {
        "record": records("record"),
        "policy": policies,
        "tlsrpt": records("tlsrpt"),
        "mxmatch": [f"{p}\n{v['mx']}".encode() for v in vectors("match") for p in v["patterns"]],
        "domain": [d.encode() for d in DOMAINS],
        "smtpreply": [b"\3" + r for r in REPLIES],
        "httpresp": [b"\5" + r for r in RESPONSES],
        "httpreq": [b"\5" + r for r in REQUESTS],
        "dnsmsg": dns(),
        "tlsa": TLSA,
        "document": documents(),
        "lint": [b"\0" + p for p in policies] + [b"\1" + r for r in records("record")] + [b"\2" + r for r in records("tlsrpt")],
    }
    for target, inputs in seeds.items():
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(inputs):
            (folder / f"{i:03}").write_bytes(data)
    for kept in (HERE / "seeds").iterdir():
        shutil.copytree(kept, out / kept.name, dirs_exist_ok=True)


main()
