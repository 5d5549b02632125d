"""REST as a client sees it; every answer is held against the description."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.parse

from openapi import Description
from world import Server, equal, holds, read_until, send_request, wait_until

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.mail.test-domain.com\r\nmax_age: 604800\r\n"


class Rest:
    def __init__(self, server):
        self.server = server
        self.description = Description(server.get("/openapi.json").json)

    def __call__(self, method, target, body=None, **headers):
        answer = self.server.request(method, target, body, {k.replace("_", "-"): v for k, v in headers.items()})
        self.description.check(method, target, answer)
        holds(answer["x-content-type-options"] == "nosniff" and "default-src 'none'" in answer["content-security-policy"], "headers of every answer")
        holds(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", answer["x-request-id"] or ""), "a request id")
        if answer.status >= 400:
            equal(answer.type, "application/problem+json", "type of a problem")
            if method != "HEAD":
                equal(answer.json["status"], answer.status, "status in the problem")
                equal(answer.json["request_id"], answer["x-request-id"], "id in the problem")
        return answer


def results(rest, schema):
    a = rest("GET", "/v1/security/mta-sts?domain=ok.com")
    equal(a.status, 200)
    equal(a.type, "application/json")
    schema.validate(a.json)
    for member in ("domain", "has_mta_sts", "dns_record", "policy", "mode", "policy_url", "tls_rpt", "issues", "recommendations"):
        holds(member in a.json, f"{member} is at the top")
    equal(a.json["domain"], "ok.com")
    equal(a.json["cached"], False)
    holds(a.json["has_mta_sts"] is True and a.json["dns_record"]["id"] == "20260101", "the record was seen")
    again = rest("GET", "/v1/security/mta-sts?domain=OK.com.")
    equal(again.json["cached"], True)
    equal(again["etag"], a["etag"], "the tag of the same result")
    equal(again.json["checked_at"], a.json["checked_at"])
    schema.validate(again.json)
    not_modified = rest("GET", "/v1/security/mta-sts?domain=ok.com", If_None_Match=a["etag"])
    equal((not_modified.status, not_modified.body), (304, b""))
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com", If_None_Match='W/"other"').status, 200)
    fresh = rest("GET", "/v1/security/mta-sts?domain=ok.com&fresh=1")
    equal(fresh.json["cached"], False)
    head = rest("HEAD", "/v1/security/mta-sts?domain=ok.com")
    equal((head.status, head.body), (200, b""))
    holds(int(head["content-length"]) > 1000, "HEAD tells the length")


def names(rest):
    a = rest("GET", "/v1/security/mta-sts?domain=https%3A%2F%2Fok.com%2Fpath")
    equal(a.json["domain"], "ok.com")
    holds(len(a.json["notes"]) == 2, f"notes on what was stripped: {a.json['notes']}")
    equal(rest("GET", "/v1/security/mta-sts?domain=b%C3%BCcher.ok.com").json["domain"], "xn--bcher-kva.ok.com")
    for bad in ("", "a..b", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "::1", "com", "localhost", "a" * 300 + ".com", "x_y.com%00", "%ff.com", "a b.com"):
        a = rest("GET", f"/v1/security/mta-sts?domain={bad.replace(' ', '%20')}")
        equal(a.status, 400, f"'{bad}'")
        holds(a.json["detail"], "says why")
    equal(rest("GET", "/v1/security/mta-sts").status, 400, "no domain")
    equal(rest("GET", "/v1/security/mta-sts?domain=a.com&domain=b.com").status, 400, "two domains")
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com&fresh=yes").status, 400, "fresh=yes")
    equal(rest("GET", "/v1/security/mta-sts?domain=x.localhost").json["type"], "urn:mtasts:problem:refused-target")


def lint(rest):
    a = rest("POST", "/v1/lint?mx=a.mail.test-domain.com&mx=other.com", POLICY, Content_Type="text/plain; charset=utf-8")
    equal((a.json["usable"], a.json["verdict"]), (True, "accept"))
    equal([mx["covered"] for mx in a.json["mx"]], [True, False])
    equal(rest("POST", "/v1/lint?kind=record", b"v=STSv1; id=1;", Content_Type="text/plain").json["verdict"], "accept")
    equal(rest("POST", "/v1/lint?kind=record", b"v=STSv1; id=1;\nv=STSv1; id=2;", Content_Type="text/plain").json["verdict"], "multiple")
    equal(rest("POST", "/v1/lint?kind=tlsrpt", b"v=TLSRPTv1; rua=mailto:a@b.com", Content_Type="text/plain").json["usable"], True)
    big = rest("POST", "/v1/lint", b"x" * 70000, Content_Type="text/plain")
    holds(any(i["code"] == "host.http.too-large" for i in big.json["issues"]), "too large for a policy is a finding")
    equal(rest("POST", "/v1/lint", b"x" * 140000, Content_Type="text/plain").status, 413)
    equal(rest("POST", "/v1/lint", POLICY, Content_Type="application/json").status, 415)
    equal(rest("POST", "/v1/lint", POLICY).status, 415)
    equal(rest("POST", "/v1/lint", POLICY, Content_Type="text/plain", Accept="text/html").status, 406)
    equal(rest("POST", "/v1/lint?kind=poem", POLICY, Content_Type="text/plain").status, 400)
    equal(rest("POST", "/v1/lint?" + "&".join(["mx=a.b"] * 51), POLICY, Content_Type="text/plain").status, 400)


def explain(rest):
    everything = rest("GET", "/v1/explain").json
    holds(len(everything) > 100, "the whole catalogue")
    one = rest("GET", "/v1/explain/policy.blank-line")
    equal(one.json, next(e for e in everything if e["code"] == "policy.blank-line"))
    holds("max-age" in one["cache-control"], "may be kept")
    missing = rest("GET", "/v1/explain/policy.blank-lime")
    equal((missing.status, missing.json["did_you_mean"]), (404, "policy.blank-line"))
    equal(rest("GET", "/v1/explain/%zz").status, 400)
    equal(rest("GET", "/v1/explain/a/b").status, 404)


def methods(rest):
    a = rest("DELETE", "/v1/lint")
    equal((a.status, a["allow"]), (405, "POST, OPTIONS"))
    equal(rest("POST", "/v1/explain", b"").status, 405)
    equal(rest("PATCH", "/v1/explain").status, 405)
    a = rest("OPTIONS", "/v1/explain")
    equal((a.status, a["allow"], a.body), (204, "GET, HEAD, OPTIONS", b""))
    equal(rest("OPTIONS", "*").status, 404)
    for path in ("/nothing", "/v1", "/v1/security/mta-sts/", "//", "/..", "/%2e%2e/etc/passwd", "/.well-known/mta-sts.txt"):
        equal(rest("GET", path).status, 404, path)
    equal(rest("POST", "/nothing", b"x" * 1000).status, 404)
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com", Accept="text/html").status, 406)
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com", Accept="application/*;q=0.1, text/html").status, 200)
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com", Accept="application/json;q=0").status, 406)
    equal(rest("GET", "/healthz").json, {"status": "ok"})
    equal(rest("GET", "/readyz").json, {"status": "ready"})
    for path in ("/v1/security/mta-sts", "/v1/security/mta-sts/stream", "/v1/domains/ok.com/history", "/v1/explain", "/v1/explain/x", "/openapi.json", "/healthz", "/readyz", "/metrics"):
        a = rest("POST", path, b"")
        equal((a.status, a["allow"]), (405, "GET, HEAD, OPTIONS"), path)
    equal(rest("DELETE", "/v1/plan")["allow"], "GET, HEAD, POST, OPTIONS")
    for path in ("/v1/lint", "/v1/checks", "/mcp"):
        a = rest("GET", path)
        equal((a.status, a["allow"]), (405, "POST, OPTIONS"), path)
    for path in ("/v1/explain", "/v1/explain/policy.bom"):
        equal(rest("GET", path, Accept="text/html").status, 406, path)
    equal(rest("GET", "/openapi.json").json["openapi"], "3.1.0")


def browsers(rest):
    equal(rest("GET", "/v1/explain", Host="evil.example").status, 421)
    equal(rest("GET", "/healthz", Host="evil.example").status, 421)
    equal(rest("GET", "/v1/explain", Host=f"localhost:{rest.server.address[1]}").status, 200)
    equal(rest("GET", "/v1/explain", Origin="https://evil.example").status, 403)
    equal(rest("POST", "/mcp", b"{}", Content_Type="application/json", Origin="https://evil.example").status, 403)
    equal(rest("GET", "/v1/explain", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status, 403)
    equal(rest("GET", "/v1/explain", Origin=f"http://{rest.server.host()}").status, 200)
    a = rest("GET", "/v1/explain", Origin="https://app.example")
    equal((a.status, a["access-control-allow-origin"], "Origin" in a["vary"]), (200, "https://app.example", True))
    a = rest("OPTIONS", "/v1/lint", Origin="https://app.example", Access_Control_Request_Method="POST")
    equal((a.status, a["access-control-allow-methods"]), (204, "POST, OPTIONS"))
    equal(rest("OPTIONS", "/v1/lint", Origin="https://evil.example").status, 403)
    page = rest("GET", "/")
    equal(page.type, "text/html")
    holds("unsafe-inline" not in page["content-security-policy"] and "frame-ancestors 'none'" in page["content-security-policy"], "a strict policy for pages")


def bulk(rest):
    domains = ["ok.com", "no-such.com", "a..b", "x.internal", "https://ok.com/"]
    a = rest("POST", "/v1/checks", json.dumps({"domains": domains}).encode(), Content_Type="application/json")
    equal(a.type, "application/x-ndjson")
    lines = [json.loads(line) for line in a.body.decode().strip().split("\n")]
    equal(len(lines), 5)
    for line in lines:
        if "error" in line:
            rest.description.validate({"$ref": "#/components/schemas/Problem"}, line["error"])
        else:
            rest.description.validate({"$ref": "#/components/schemas/Check"}, line)
    equal(sorted(line["error"]["status"] for line in lines if "error" in line), [400, 403])
    equal(sorted(line["domain"] for line in lines if "error" not in line), ["no-such.com", "ok.com", "ok.com"])
    for body in (b"", b"[]", b'{"domains":[]}', b'{"domains":["a.com"],"domains":[]}', b'{"domains":[1]}', b'{"domains":"a.com"}', b'{"domains":["a.com"],"fresh":1}',
                 json.dumps({"domains": ["a.com"] * 101}).encode()):
        equal(rest("POST", "/v1/checks", body, Content_Type="application/json").status, 400, body[:40])
    equal(rest("POST", "/v1/checks", b"x" * 70000, Content_Type="application/json").status, 413)
    equal(rest("POST", "/v1/checks", b"{}", Content_Type="text/plain").status, 415)
    equal(rest("POST", "/v1/checks", b'{"domains":["ok.com"]}', Content_Type="application/json", Accept="application/json").status, 406)


def history(rest):
    server = rest.server
    equal(rest("GET", "/v1/domains/never-asked.com/history").json["type"], "urn:mtasts:problem:never-seen")
    equal(rest("GET", "/v1/security/mta-sts?domain=moving.com&fresh=1").status, 200)
    kept = server.metric("mtasts_history_kept_total")
    server.dns.add("_mta-sts.moving.com", "TXT", "v=STSv1; id=2;")
    time.sleep(1.1)  # observations are a second apart at least
    equal(rest("GET", "/v1/security/mta-sts?domain=moving.com&fresh=1").json["dns_record"]["id"], "2")
    wait_until(lambda: server.metric("mtasts_history_kept_total") > kept, "the second result is kept")
    line = rest("GET", "/v1/domains/Moving.com/history").json
    equal((line["schema"], line["domain"], line["observations"]), ("mtasts.timeline/1", "moving.com", 2))
    holds(any(c["kind"] == "record" and "id=2" in c["new"] for c in line["changes"]), "the record changed")
    diff = rest("GET", "/v1/domains/moving.com/history?diff=first").json
    equal(diff["schema"], "mtasts.diff/1")
    holds(any(c["kind"] == "record" and "id=1" in c["old"] and "id=2" in c["new"] for c in diff["changes"]), "the difference")
    equal(len(rest("GET", "/v1/domains/moving.com/history?limit=1").json["changes"]), 1)
    equal(rest("GET", "/v1/domains/moving.com/history?from=2040-01-01").json["changes"], [])
    for query in ("limit=0", "limit=x", "from=yesterday", "diff=now", "with=last", "diff=first&diff=last", "limit=1&limit=2"):
        equal(rest("GET", f"/v1/domains/moving.com/history?{query}").status, 400, query)
    equal(rest("GET", "/v1/domains/a..b/history").status, 400)
    equal(rest("GET", "/v1/domains/moving.com/history", Accept="text/html").status, 406)
    # an id that moved says something only to whom the one before is known
    now = rest("GET", "/v1/security/mta-sts?domain=moving.com&fresh=1").json
    holds(not any(i["code"] == "time.first-visit" for i in now["issues"]), "the past is known to the check")


def plan(rest):
    for answer in (rest("POST", "/v1/plan?domain=ok.com&mx=a.mail.test-domain.com", POLICY, Content_Type="text/plain"),
                   rest("GET", "/v1/plan?domain=ok.com&policy=" + urllib.parse.quote(POLICY))):
        equal((answer.status, answer.json["schema"], answer.json["domain"]), (200, "mtasts.plan/1", "ok.com"))
        holds(answer.json["verdict"] in ("safe", "unsafe", "unknown"), answer.json["verdict"])
    bad = rest("POST", "/v1/plan?domain=ok.com", b"version: STSv1\n", Content_Type="text/plain")
    equal((bad.status, bad.json["type"]), (422, "urn:mtasts:problem:unusable-policy"))
    equal(rest("GET", "/v1/plan?domain=ok.com&policy=x").status, 422)
    equal(rest("GET", "/v1/plan?domain=ok.com").status, 400)
    equal(rest("POST", "/v1/plan", POLICY, Content_Type="text/plain").status, 400)
    equal(rest("POST", "/v1/plan?domain=a..b", POLICY, Content_Type="text/plain").status, 400)
    equal(rest("POST", "/v1/plan?domain=ok.com&mx=a.com&mx=A.com", POLICY, Content_Type="text/plain").status, 400)
    equal(rest("POST", "/v1/plan?domain=x.internal", POLICY, Content_Type="text/plain").status, 403)
    equal(rest("POST", "/v1/plan?domain=ok.com", POLICY, Content_Type="text/html").status, 415)
    equal(rest("POST", "/v1/plan?domain=ok.com", b"x" * 70000, Content_Type="text/plain").status, 413)
    equal(rest("POST", "/v1/plan?domain=ok.com", POLICY, Content_Type="text/plain", Accept="text/html").status, 406)
    equal(rest("GET", "/v1/plan?domain=ok.com&policy=x", Accept="text/html").status, 406)


def monitor(rest):
    path = "/v1/monitor/domains"
    add = lambda body, **headers: rest("POST", path, json.dumps(body).encode() if not isinstance(body, bytes) else body, Content_Type="application/json", **headers)  # noqa: E731
    equal(rest("GET", path).json, {"schema": "mtasts.watched/1", "domains": []})
    equal(add({"domains": ["b.com", "https://A.com/x"], "tags": ["web", "all"], "interval": "30m"}).json, {"added": 2, "changed": 0, "unchanged": 0})
    equal(add({"domains": ["a.com", "b.com", "c.com"], "tags": ["web", "all"]}).json, {"added": 1, "changed": 0, "unchanged": 2})
    equal(add({"domains": ["b.com"], "interval": None}).json, {"added": 0, "changed": 1, "unchanged": 0})
    equal(add({"domains": ["c.com"], "tags": [], "interval": 90}).json, {"added": 0, "changed": 1, "unchanged": 0})
    found = rest("GET", path).json["domains"]
    equal([(d["domain"], d["interval"], d["own_interval"], d["tags"]) for d in found],
          [("a.com", 1800, True, ["all", "web"]), ("b.com", 3600, False, ["all", "web"]), ("c.com", 90, True, [])])
    equal([d["domain"] for d in rest("GET", path + "?tag=web").json["domains"]], ["a.com", "b.com"])
    equal(rest("GET", path + "/A.com.").json, found[0])
    equal(rest("GET", path + "/d.com").status, 404)
    for body in (b"", b"[]", b"{}", b"{", {"domains": []}, {"domains": "a.com"}, {"domains": [1]}, {"domains": ["x.com"] * 1001}, {"domains": ["new.com", "a..b"]}, {"domains": ["new.com"], "tags": ["A"]},
                 {"domains": ["new.com"], "tags": "web"}, {"domains": ["new.com"], "interval": "1s"}, {"domains": ["new.com"], "interval": 59}, {"domains": ["new.com"], "interval": True},
                 {"domains": ["new.com"], "tags": ["t"] * 17}, {"domains": ["new.com"], "owner": "me"}):
        equal(add(body).status, 400, body if isinstance(body, bytes) else json.dumps(body)[:80])
    equal(len(rest("GET", path).json["domains"]), 3, "what is refused changes nothing")
    equal(rest("POST", path, b"{}", Content_Type="text/plain").status, 415)
    equal(add(b"x" * 300000).status, 413)
    equal(rest("GET", path, Accept="text/html").status, 406)
    equal(rest("GET", path + "/a.com", Accept="text/html").status, 406)
    equal(rest("GET", path + "?tag=").status, 400)
    equal((rest("PUT", path).status, rest("POST", path + "/a.com", b"{}", Content_Type="application/json").status), (405, 405))
    gone = rest("DELETE", path + "/a.com")
    equal((gone.status, gone.body), (204, b""))
    equal((rest("DELETE", path + "/a.com").status, rest("DELETE", path + "/a..b").status), (404, 400))
    equal([d["domain"] for d in rest("GET", path).json["domains"]], ["b.com", "c.com"])
    for method, target in (("GET", path), ("POST", path), ("GET", path + "/b.com"), ("DELETE", path + "/b.com")):
        equal(rest(method, target, b"{}" if method == "POST" else None, X_Forwarded_For="198.51.100.1").status, 403, f"{method} by others, without keys")
    equal(rest("DELETE", path + "/b.com", Origin="https://evil.example").status, 403, "nor by pages of others")
    for method, target in (("GET", path), ("POST", path), ("GET", path + "/b.com"), ("DELETE", path + "/b.com"), ("GET", "/metrics")):
        a = rest(method, target, b'{"domains":["evil.com"]}' if method == "POST" else None, Content_Type="application/json", Origin="https://app.example")
        equal((a.status, a.json["type"]), (403, "urn:mtasts:problem:local-only"), f"{method} {target}: a page that may call is not this machine")
    for target in ("/fleet", "/fleet.csv"):
        equal(rest.server.get(target, Origin="https://app.example").status, 403, target)
        equal(rest.server.get(target, Origin=f"http://{rest.server.host()}").status, 200, f"{target} for a page of this server")
    equal([d["domain"] for d in rest("GET", path).json["domains"]], ["b.com", "c.com"])
    a = add({"domains": ["new.com", "x.internal"]})
    equal((a.status, a.json["type"], "x.internal" in a.json["detail"]), (403, "urn:mtasts:problem:refused-target", True), "names that are not checked are not watched")
    equal(len(rest("GET", path).json["domains"]), 2, "all of them, or none")


def events_of(answer):
    events = []
    for block in answer.body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def stream(rest):
    a = rest("GET", "/v1/security/mta-sts/stream?domain=ok.com&fresh=1", Accept="text/event-stream")
    equal((a.type, a["x-accel-buffering"], a["cache-control"]), ("text/event-stream", "no", "no-store"))
    events = events_of(a)
    steps = [data for kind, data in events if kind == "step"]
    holds(len(steps) >= 4 and [s["n"] for s in steps] == list(range(1, len(steps) + 1)), "numbered steps")
    equal(events[-1][0], "result")
    rest.description.validate({"$ref": "#/components/schemas/Check"}, events[-1][1])
    equal([kind for kind, _ in events_of(rest("GET", "/v1/security/mta-sts/stream?domain=ok.com"))], ["result"], "a kept result comes at once")
    equal(rest("GET", "/v1/security/mta-sts/stream?domain=a..b").status, 400)
    equal(rest("GET", "/v1/security/mta-sts/stream?domain=ok.com", Accept="application/json").status, 406)


def metrics(rest):
    a = rest("GET", "/metrics")
    equal(a["content-type"], "text/plain; version=0.0.4; charset=utf-8")
    text = a.body.decode()
    holds('mtasts_build_info{version="' in text and 'mtasts_http_requests_total{route="/v1/explain/{code}",code="404"}' in text, "what is expected is there")
    holds("ok.com" not in text, "no visitor's domain is in a label")
    promtool = shutil.which("promtool")
    holds(promtool, "promtool is there (package prometheus)")
    done = subprocess.run([promtool, "check", "metrics"], input=a.body, capture_output=True)
    equal((done.returncode, done.stdout + done.stderr), (0, b""), "promtool")
    equal(rest("GET", "/metrics", X_Forwarded_For="198.51.100.1").status, 403, "metrics for others")


def sharing(rest, dns):
    server = rest.server
    before = server.metric("mtasts_checks_started_total")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(rest("GET", "/v1/security/mta-sts?domain=slow.com"))) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal([a.status for a in answers], [200] * 20)
    equal(len({a["etag"] for a in answers}), 1, "one result for all")
    equal(server.metric("mtasts_checks_started_total") - before, 1, "checks started for 20 clients")


def cancelling(rest):
    server = rest.server
    before = server.metric("mtasts_checks_cancelled_total")
    one, two = server.dial(), server.dial()
    send_request(one, "GET", "/v1/security/mta-sts?domain=a.stall.com", server.host())
    send_request(two, "GET", "/v1/security/mta-sts/stream?domain=a.stall.com", server.host())
    wait_until(lambda: server.metric("mtasts_checks_in_flight") == 1 and server.metric("mtasts_checks_shared_total") >= 1, "both wait for one check")
    one.close()
    time.sleep(0.3)
    equal(server.metric("mtasts_checks_in_flight"), 1, "the other still waits")
    two.close()
    wait_until(lambda: server.metric("mtasts_checks_in_flight") == 0, "nobody waits, nothing runs")
    equal(server.metric("mtasts_checks_cancelled_total") - before, 1, "cancelled")
    equal(rest("GET", "/v1/security/mta-sts?domain=ok.com").status, 200, "the engine goes on")


def late_joiner(rest):
    server = rest.server
    first = server.dial()
    send_request(first, "GET", "/v1/security/mta-sts/stream?domain=half.com&fresh=1", server.host())
    buffer = bytearray()
    read_until(first, buffer, b'"n":2')
    second = server.dial()
    send_request(second, "GET", "/v1/security/mta-sts/stream?domain=half.com", server.host())
    read_until(second, bytearray(), b'"n":2')
    first.close()
    second.close()
    wait_until(lambda: server.metric("mtasts_checks_in_flight") == 0, "both gone")


def unused(rest):
    """Statuses that are described and were never seen are promises nobody kept."""
    described = {(path, int(status)) for path, item in rest.description.document["paths"].items() for op in item.values() for status in op["responses"]}
    # told elsewhere: limits, keys, stopping; a description of the protocol's own errors is in tests/mcp
    elsewhere = {401, 403, 429, 503, 421, 202}
    missing = {(p, s) for p, s in described - rest.description.seen if s not in elsewhere and p != "/mcp"}
    equal(sorted(missing), [], "described and never answered")


def all_cases(cases, program, dns, schema):
    server = Server(program, dns, "--origin", "https://app.example")
    rest = Rest(server)
    try:
        for body, args in ((results, (schema,)), (names, ()), (lint, ()), (explain, ()), (methods, ()), (browsers, ()), (bulk, ()), (history, ()), (plan, ()), (monitor, ()), (stream, ()), (sharing, (dns,)),
                           (cancelling, ()), (late_joiner, ()), (metrics, ()), (unused, ())):
            cases.run(f"REST: {body.__name__.replace('_', ' ')}", body, rest, *args)
    finally:
        cases.run("REST: the server ends in peace", lambda: equal((server.stop(), "ERROR" in server.log), (0, False), server.log))
