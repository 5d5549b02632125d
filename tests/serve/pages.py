"""Pages as a browser without scripting gets them: status, headers, structure, what strangers wrote, and the way through the forms."""

import html.parser
import json
import re
import subprocess
import tempfile
import urllib.parse

from world import Server, equal, holds, wait_until

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
VOID = {"meta", "link", "br", "input"}
LEARN = ("", "/modes", "/set-up", "/mistakes", "/limits", "/faq", "/glossary", "/programs", "/about")


class Structure(html.parser.HTMLParser):
    """Tags nest, ids are unique, headings descend by one, what is referred to is there, nothing is inline."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.refs, self.headings, self.links, self.loads, self.labels, self.inputs = [], [], [], [], [], [], [], []
        self.title, self.text = "", ""
        self.feed(text)
        self.close()
        equal(self.open, [], "left open")
        equal(len(set(self.ids)), len(self.ids), f"ids are unique: {sorted(self.ids)}")
        holds(set(self.refs) <= set(self.ids), f"references lead somewhere: {set(self.refs) - set(self.ids)}")
        holds(set(self.inputs) <= set(self.labels), f"every field has its label: {set(self.inputs) - set(self.labels)}")
        equal(self.headings.count(1), 1, "one h1")
        for before, after in zip(self.headings, self.headings[1:]):
            holds(after <= before + 1, f"headings descend by one: {self.headings}")

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        equal(len(given), len(attributes), f"attributes of {tag} once each")
        holds(tag not in ("style", "iframe", "object", "img", "base") and (tag != "script" or "src" in given), f"<{tag}> is not used inline")
        for name in given:
            holds(name != "style" and not name.startswith("on"), f"{name} of {tag}")
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
            self.refs += given.get(name, "").split()
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append(given["href"])
        if tag in ("script", "link") and given.get("rel") != "canonical":
            self.loads.append(given.get("src") or given["href"])
        if tag == "label" and "for" in given:
            self.labels.append(given["for"])
        if tag in ("input", "textarea") and "id" in given:
            self.inputs.append(given["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        holds(self.open and "svg" in self.open, f"<{tag}/> only in a drawing")

    def handle_endtag(self, tag):
        holds(self.open and self.open.pop() == tag, f"</{tag}> after {self.open[-3:]}")

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data


class Pages:
    def __init__(self, server):
        self.server = server

    def __call__(self, method, target, body=None, status=200, **headers):
        fields = {"Accept": HTML, **{k.replace("_", "-"): v for k, v in headers.items()}}
        answer = self.server.request(method, target, body, fields)
        equal(answer.status, status, f"{method} {target}")
        if answer.status in (303, 304) or method == "HEAD":
            return answer
        equal(answer["content-type"], "text/html; charset=utf-8", target)
        policy = answer["content-security-policy"]
        holds(policy.startswith("default-src 'none';") and "unsafe" not in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy, policy)
        equal((answer["x-content-type-options"], answer["referrer-policy"]), ("nosniff", "same-origin"), "headers of a page")
        answer.page = Structure(answer.body.decode())
        holds(answer.page.title, "a title")
        for load in answer.page.loads:
            holds(load.startswith("/assets/"), f"loads {load}")
        return answer


def texts(pages):
    for target in ["/", "/lint", "/explain"] + [f"/learn{topic}" for topic in LEARN]:
        a = pages("GET", target)
        holds("{{" not in a.page.text and "}}" not in a.page.text, f"{target}: every placeholder is filled")
        holds('name="description"' in a.body.decode(), f"{target}: a description")
        equal(pages("GET", target, status=304, If_None_Match=a["etag"]).body, b"")
        equal(int(pages("HEAD", target)["content-length"]), len(a.body))
    for entry in pages.server.get("/v1/explain").json:
        a = pages("GET", f"/explain/{entry['code']}")
        for member in ("title", "what", "why", "fix"):
            holds(entry[member] in a.page.text, f"{entry['code']}: {member}")


def links(pages):
    """Every link of every page of texts leads somewhere."""
    seen, todo = set(), ["/", "/lint", "/learn", "/explain"]
    while todo:
        target = todo.pop()
        for link in pages("GET", target).page.links if target not in seen else []:
            path, _, fragment = link.partition("#")
            holds(link[0] in "/#", f"{target} leads to {link}")
            if fragment:
                holds(f'id="{fragment}"' in pages("GET", path or target).body.decode(), f"{link} is there")
            if path.startswith(("/learn", "/explain", "/lint")) and path not in seen:
                todo.append(path)
            elif path not in ("", "/fleet") and not path.startswith(("/learn", "/explain", "/lint")):
                equal(pages.server.get(path).status, 200, path)
        seen.add(target)
    holds(len(seen) > 120, f"{len(seen)} pages were seen")


def assets(pages):
    for load in pages("GET", "/").page.loads:
        a = pages.server.get(load)
        equal((a.status, a["cache-control"]), (200, "public, max-age=31536000, immutable"), load)
        equal(pages.server.get(load, If_None_Match=a["etag"]).status, 304)
        equal(pages.server.get(load.split("?")[0])["cache-control"], "public, no-cache")
        if a.type != "image/svg+xml":
            holds(b"http://" not in a.body and b"https://" not in a.body, f"{load} loads nothing from elsewhere")
    equal(pages.server.get("/assets/none.css").status, 404)
    holds(b"Disallow: /domain" in pages.server.get("/robots.txt").body, "robots stay away from checks")


def form(pages):
    equal(pages("GET", "/domain?domain=OK.com.", status=303)["location"], "/domain/ok.com")
    to = pages("GET", "/domain?domain=" + urllib.parse.quote("https://someone@ok.com/x?y", safe=""), status=303)["location"]
    a = pages("GET", to)
    holds(a.page.text.count("ok.com") > 3 and 'class="note"' in a.body.decode(), "what was stripped is said")
    for typed in ("a..b", "192.0.2.1", "<script>alert(1)</script>", '"onfocus="alert(1)', ""):
        a = pages("GET", "/domain?domain=" + urllib.parse.quote(typed), status=400)
        body = a.body.decode()
        holds('aria-invalid="true"' in body and 'id="domain-error"' in body and "<script>alert" not in body, typed)
    pages("GET", "/domain", status=400)
    pages("GET", "/domain?domain=a.com&domain=b.com", status=400)
    pages("GET", "/domain/a..b", status=400)
    pages("GET", "/domain/x.localhost", status=403)


def result(pages):
    a = pages("GET", "/domain/ok.com")
    holds("ok.com: " in a.page.title and 'content="noindex, nofollow"' in a.body.decode(), "title, and no search engine")
    for word in ("Parts", "Findings", "What senders do", "What was seen", "TLS reports", "History", "v=STSv1; id=20260101;"):
        holds(word in a.page.text, word)
    for title in ("DNS record", "Policy host", "TLS reports"):
        holds(title in a.page.text, title)
    equal(pages("GET", "/domain/ok.com", status=304, If_None_Match=a["etag"]).body, b"")
    before = pages.server.metric("mtasts_checks_started_total")
    pages("GET", "/domain/ok.com")
    equal(pages.server.metric("mtasts_checks_started_total"), before, "a kept result is no new check")
    equal(pages("POST", "/domain/ok.com", b"", status=303, Content_Type="application/x-www-form-urlencoded")["location"], "/domain/ok.com")
    equal(pages.server.metric("mtasts_checks_started_total"), before + 1, "a check asked for anew")
    equal(pages("POST", "/domain/ok.com", b"", status=303, Origin=f"http://{pages.server.host()}")["location"], "/domain/ok.com")
    pages("POST", "/domain/ok.com", b"", status=403, Origin="https://evil.example")
    pages("POST", "/domain/ok.com", b"", status=403, Origin="null")


def steps(pages):
    a = pages.server.get("/domain/ok.com/steps?fresh=1", Accept="text/event-stream")
    equal((a.status, a.type), (200, "text/event-stream"))
    events = [dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in a.body.decode().split("\n\n") if block]
    steps_seen = [json.loads(e["data"]) for e in events if e["event"] == "step"]
    holds(len(steps_seen) >= 4 and [s["n"] for s in steps_seen] == list(range(1, len(steps_seen) + 1)), "numbered steps")
    last = json.loads(events[-1]["data"])
    equal((events[-1]["event"], last["path"]), ("result", "/domain/ok.com"))
    whole = pages("GET", "/domain/ok.com").body.decode()
    holds(last["html"].split("<div class=\"actions\">")[0] in whole, "the same fragment as in the page")
    equal(pages.server.get("/domain/a..b/steps", Accept="text/event-stream").status, 400)
    one = pages.server.dial()
    one.sendall(f"GET /domain/b.stall.com/steps HTTP/1.1\r\nHost: {pages.server.host()}\r\n\r\n".encode())
    wait_until(lambda: pages.server.metric("mtasts_checks_in_flight") == 1, "a check is under way")
    one.close()
    wait_until(lambda: pages.server.metric("mtasts_checks_in_flight") == 0, "nobody waits, nothing runs")


def history(pages):
    pages("GET", "/domain/ok.com")
    a = pages("GET", "/domain/ok.com/history")
    holds('<svg class="timeline"' in a.body.decode() and "first seen" in a.page.text, "drawn and told")
    pages("GET", "/domain/never-seen.com/history", status=404)
    pages("GET", "/domain/a..b/history", status=400)


def lint(pages):
    def judge(**fields):
        return pages("POST", "/lint", urllib.parse.urlencode(fields).encode(), Content_Type="application/x-www-form-urlencoded")

    good = judge(kind="policy", text="version: STSv1\r\nmode: enforce\r\nmx: *.ok.com\r\nmax_age: 604800\r\n", mx="mx.ok.com, other.com")
    holds("is covered by *.ok.com" in re.sub(r"\s+", " ", good.page.text) and "matches no mx pattern" in good.page.text, "hosts")
    holds(">usable<" in good.body.decode(), "usable")
    bad = judge(kind="policy", text="version: STSv1\nmode: <img src=x onerror=alert(1)>\n</textarea><script>alert(1)</script>")
    holds("policy.mode-invalid" in bad.page.text and "<script>alert" not in bad.body.decode() and "<img" not in bad.body.decode(), "text stays text")
    holds("record.id-invalid" in judge(kind="record", text="v=STSv1; id=2026-01-01;").page.text, "a record")
    holds("rpt.rua-scheme" in judge(kind="tlsrpt", text="v=TLSRPTv1; rua=ftp://x.com").page.text, "a TLSRPT record")
    pages("POST", "/lint", b"kind=policy", status=400, Content_Type="application/x-www-form-urlencoded")
    pages("POST", "/lint", b"text=%ff", status=400, Content_Type="application/x-www-form-urlencoded")
    pages("POST", "/lint", b"text=x", status=415, Content_Type="text/plain")
    pages("POST", "/lint", b"text=" + b"x" * 500000, status=413, Content_Type="application/x-www-form-urlencoded")


def problems(pages):
    for target in ("/nothing", "/learn/nothing", "/explain/no.such", "/assets"):
        a = pages("GET", target, status=404)
        equal(a.page.headings[0], 1, target)
        equal(pages.server.get(target).type, "application/problem+json", f"{target} for programs")
    holds("record.absent" in pages("GET", "/explain/record.absend", status=404).page.text, "did you mean")
    pages("DELETE", "/", status=405)
    equal(pages.server.get("/v1/explain/no.such", Accept=HTML).type, "application/problem+json", "the API answers programs")


def fleet(pages):
    holds("mtasts monitor add" in pages("GET", "/fleet").page.text, "how to begin")
    body = json.dumps({"domains": ["ok.com", "b.com"], "tags": ["web"]}).encode()
    equal(pages.server.request("POST", "/v1/monitor/domains", body, {"Content-Type": "application/json"}).status, 200)
    a = pages("GET", "/fleet")
    holds("2 watched domains" in a.page.text and "not looked at" in a.page.text and "/fleet?tag=web" in a.page.links, a.page.text)
    holds("0 watched domains" in pages("GET", "/fleet?tag=none").page.text, "a tag that none has")
    csv = pages.server.get("/fleet.csv?tag=web")
    equal((csv.type, csv.body.decode().split("\r\n")[0].split(",")[0], csv.body.decode().count("\r\n")), ("text/csv", "domain", 3))
    for query in ("tag=%3Cb%3E", "state=a&state=b", "page=0", "page=x", "tag=" + "a" * 33):
        pages("GET", f"/fleet?{query}", status=400)
    pages("GET", "/fleet", status=403, X_Forwarded_For="198.51.100.1")
    pages("GET", "/fleet.csv", status=403, X_Forwarded_For="198.51.100.1")
    for target in ("/", "/learn", "/nothing"):
        status = 404 if target == "/nothing" else 200
        holds("/fleet" in pages("GET", target, status=status).page.links, f"{target} offers the fleet to this machine")
        holds("/fleet" not in pages("GET", target, status=status, X_Forwarded_For="198.51.100.1").page.links, f"{target} does not offer it to others")


def strangers(pages, dns):
    nasty = "v=STSv1; id=1;<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\x07"
    dns.add("_mta-sts.nasty.com", "TXT", nasty)
    dns.add("nasty.com", "MX", (10, "mx.ok.com"))
    dns.add("_smtp._tls.nasty.com", "TXT", 'v=TLSRPTv1; rua=mailto:"><script>alert(1)</script>@x.com')
    for target in ("/domain/nasty.com", "/domain/nasty.com/history"):
        a = pages("GET", target)
        holds("<script>alert" not in a.body.decode() and "<img" not in a.body.decode() and b"\x1b" not in a.body and b"\x07" not in a.body, target)
        holds("<script>alert(1)</script>" in a.page.text, f"{target} shows it as text")


def limits(program, dns):
    server = Server(program, dns, "--rate-checks", "1", "--rate-requests", "0", "--rate-domain", "0", limits=True)
    try:
        pages = Pages(server)
        pages("GET", "/domain/ok.com")
        a = pages("GET", "/domain/other.com", status=429)
        holds(int(a["retry-after"]) > 0 and "new checks" in a.page.text, "says when to come back")
        pages("GET", "/domain/ok.com")
    finally:
        server.stop()


def keys(program, dns):
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as f:
        made = [
            "Bearer " + subprocess.run([program, "serve", "--new-key", scope, "--scopes", scope, "--keys", f.name], capture_output=True, text=True, check=True).stdout.strip()
            for scope in ("check", "monitor")
        ]
        server = Server(program, dns, "--keys", f.name)
        try:
            pages = Pages(server)
            for target in ("/", "/learn", "/explain/record.absent"):
                pages("GET", target)
            for target in ("/domain/ok.com", "/domain/ok.com/history", "/lint"):
                holds("wants a key" in pages("GET", target, status=401).page.text, target)
            pages("GET", "/domain/ok.com", Authorization=made[0])
            pages("GET", "/fleet", status=403, Authorization=made[0], X_Forwarded_For="198.51.100.1")
            pages("GET", "/fleet", Authorization=made[1], X_Forwarded_For="198.51.100.1")
            for bearer, offered in ((made[0], False), (made[1], True)):
                equal("/fleet" in pages("GET", "/", Authorization=bearer, X_Forwarded_For="198.51.100.1").page.links, offered, "the fleet is offered to whom it is open")
        finally:
            server.stop()


def no_history(program, dns):
    server = Server(program, dns, "--no-history", "--cache", "0")
    try:
        pages = Pages(server)
        holds('id="history"' not in pages("GET", "/domain/ok.com").body.decode(), "no history, no word about it")
        holds("ok.com: " in pages("POST", "/domain/ok.com", b"").page.title, "without a cache the result comes at once")
        pages("GET", "/domain/ok.com/history", status=404)
        pages("GET", "/fleet", status=503)
        holds("/fleet" not in pages("GET", "/").page.links, "no history, no fleet")
    finally:
        server.stop()


def all_cases(cases, program, dns):
    server = Server(program, dns)
    pages = Pages(server)
    for case in (texts, links, assets, form, result, steps, history, lint, problems, fleet):
        cases.run(f"pages: {case.__name__}", case, pages)
    cases.run("pages: strangers", strangers, pages, dns)
    cases.run("pages: the server ends well", lambda: equal(server.stop(), 0, "status"))
    cases.run("pages: limits", limits, program, dns)
    cases.run("pages: keys", keys, program, dns)
    cases.run("pages: no history", no_history, program, dns)
