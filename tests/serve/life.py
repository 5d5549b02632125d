"""Limits, keys, lists, stopping, TLS, and what a service manager sees."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from rest import Rest
from world import Server, equal, holds, read_answer, send_request, wait_until


def limits(program, dns):
    server = Server(program, dns, "--rate-checks", "3", "--rate-requests", "40", "--rate-domain", "2", limits=True)
    rest = Rest(server)
    try:
        a = rest("GET", "/v1/security/mta-sts?domain=a.one.com")
        holds(re.fullmatch(r'"requests";r=\d+;t=\d+, "checks";r=2;t=\d+', a["ratelimit"]), a["ratelimit"])
        equal(a["ratelimit-policy"], '"requests";q=40;w=60, "checks";q=3;w=60')
        equal(rest("GET", "/v1/security/mta-sts?domain=b.one.com").status, 200)
        third = rest("GET", "/v1/security/mta-sts?domain=c.one.com")
        equal((third.status, third.json["violated-policies"], third.json["domain"]), (429, ["domain"], "c.one.com"), "third of one registrable domain")
        equal(int(third["retry-after"]), third.json["retry_after_s"])
        holds(20 <= int(third["retry-after"]) <= 30, third["retry-after"])
        fourth = rest("GET", "/v1/security/mta-sts?domain=two.com")
        equal((fourth.status, fourth.json["violated-policies"]), (429, ["checks"]))
        equal(fourth.json["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded")
        equal(rest("GET", "/v1/security/mta-sts?domain=a.one.com").status, 200, "what is kept is still to be had")
        equal(rest("GET", "/v1/security/mta-sts?domain=a.one.com&fresh=1").status, 429)
        tool = rest("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "dossier_mta_sts", "arguments": {"domain": "three.com"}}}).encode(),
                    Content_Type="application/json").json["result"]
        holds(tool["isError"] and "seconds" in tool["content"][0]["text"], f"a tool error that says when: {tool}")
        for _ in range(60):
            last = rest("GET", "/v1/explain/policy.bom")
        equal((last.status, last.json["violated-policies"]), (429, ["requests"]))
        holds(int(last["retry-after"]) >= 1, "when to come back")
        equal(rest("GET", "/healthz").status, 200, "health is not counted")
    finally:
        equal(server.stop(), 0)


def keys(program, dns):
    with tempfile.NamedTemporaryFile("w", suffix=".keys") as f:
        made = {}
        for name, scopes in (("alice", "check,monitor"), ("bob", "check"), ("carol", "reports")):
            done = subprocess.run([program, "serve", "--new-key", name, "--scopes", scopes, "--keys", f.name], capture_output=True, text=True, check=True)
            made[name] = done.stdout.strip()
            holds(re.fullmatch(r"mtasts_[A-Za-z0-9]{43}", made[name]), made[name])
        text = open(f.name).read()
        equal(len(text.splitlines()), 3)
        holds(not any(key in text for key in made.values()), "no key stands in the file")
        server = Server(program, dns, "--keys", f.name, limits=True)
        rest = Rest(server)
        check = "/v1/security/mta-sts?domain=ok.com"
        bearer = {name: f"Bearer {key}" for name, key in made.items()}
        try:
            a = rest("GET", check)
            equal((a.status, a["www-authenticate"]), (401, 'Bearer realm="mtasts"'), "without a key no error code")
            a = rest("GET", check, Authorization="Bearer nonsense")
            equal((a.status, a["www-authenticate"]), (401, 'Bearer realm="mtasts", error="invalid_token"'))
            equal(rest("GET", check, Authorization="Basic YTpi").status, 401)
            equal(rest("GET", check, Authorization=bearer["bob"][:-1]).status, 401)
            a = rest("GET", check, Authorization=bearer["carol"])
            equal((a.status, 'insufficient_scope' in a["www-authenticate"]), (403, True))
            a = rest("GET", check, Authorization=bearer["bob"].replace("Bearer", "bEARER"))
            equal(a.status, 200)
            holds('"checks";q=600;w=60' in a["ratelimit-policy"], f"a key may ask for more: {a['ratelimit-policy']}")
            equal(rest("POST", "/mcp", b"{}", Content_Type="application/json").status, 401)
            equal(rest("GET", "/metrics", Authorization=bearer["alice"], X_Forwarded_For="198.51.100.1").status, 200)
            equal(rest("GET", "/metrics", Authorization=bearer["bob"], X_Forwarded_For="198.51.100.1").status, 403)
            equal(rest("GET", "/metrics", X_Forwarded_For="198.51.100.1").status, 401)
            for name, status in (("alice", 200), ("bob", 403), ("carol", 403)):
                equal(rest("GET", "/v1/monitor/domains", Authorization=bearer[name], X_Forwarded_For="198.51.100.1").status, status, f"watched domains for {name}")
            equal(rest("DELETE", "/v1/monitor/domains/ok.com", X_Forwarded_For="198.51.100.1").status, 401)
            equal(rest("GET", "/v1/explain/policy.bom").status, 200, "explanations are for everybody")
            slow = server.dial()
            send_request(slow, "GET", "/v1/security/mta-sts?domain=slow.com", server.host(), headers={"Authorization": bearer["bob"]})
            wait_until(lambda: server.metric("mtasts_checks_in_flight") == 1, "bob's check runs")
            with open(f.name, "w") as out:
                out.writelines(line for line in text.splitlines(True) if not line.startswith("bob"))
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: rest("GET", check, Authorization=bearer["bob"]).status == 401, "bob is revoked")
            equal(read_answer(slow).status, 200, "what he asked for before is answered")
            equal(rest("GET", check, Authorization=bearer["alice"]).status, 200)
            with open(f.name, "a") as out:
                out.write("nonsense\n")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "line 3" in server.log, "the fault is told with its line")
            equal(rest("GET", check, Authorization=bearer["alice"]).status, 200, "the keys of before stay in force")
            holds(not any(key in server.log for key in made.values()), "no key in the log")
        finally:
            equal(server.stop(), 0)
        server = Server(program, dns, "--keys", f.name, "--anonymous") if not open(f.name, "w").write(text.splitlines(True)[0]) == 0 else None
        try:
            equal(server.get(check).status, 200, "with --anonymous checks are for everybody")
        finally:
            equal(server.stop(), 0)


def listed(program, dns):
    with tempfile.NamedTemporaryFile("w", suffix=".list") as f:
        f.write("# leave them alone\nok.com\n")
        f.flush()
        server = Server(program, dns, "--do-not-check", f.name)
        try:
            a = server.get("/v1/security/mta-sts?domain=sub.OK.com")
            equal((a.status, a.json["type"]), (403, "urn:mtasts:problem:refused-target"))
            watch = lambda name: server.request("POST", "/v1/monitor/domains", json.dumps({"domains": ["fine.com", name]}).encode(), {"Content-Type": "application/json"})  # noqa: E731
            a = watch("sub.ok.com")
            equal((a.status, a.json["type"]), (403, "urn:mtasts:problem:refused-target"), "nor watched")
            equal(server.get("/v1/monitor/domains").json["domains"], [])
            equal(watch("other.com").status, 200)
            f.write("other.com\n")
            f.flush()
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.get("/v1/security/mta-sts?domain=other.com").status == 403, "the list is read again")
            equal(server.metric('mtasts_refused_targets_total{reason="do-not-check"}') >= 2, True)
        finally:
            equal(server.stop(), 0)


def overload(program, dns):
    server = Server(program, dns, "--max-checks", "2")
    rest = Rest(server)
    held = []
    try:
        for n in range(2):
            s = server.dial()
            send_request(s, "GET", f"/v1/security/mta-sts?domain=n{n}.stall.com", server.host())
            held.append(s)
        wait_until(lambda: server.metric("mtasts_checks_in_flight") == 2, "two checks run")
        a = rest("GET", "/v1/security/mta-sts?domain=ok.com")
        equal((a.status, a.json["type"]), (503, "urn:mtasts:problem:overloaded"))
        holds(int(a["retry-after"]) >= 1, "when to come back")
        equal(rest("GET", "/readyz").status, 503)
        equal(rest("GET", "/healthz").status, 200)
        for s in held:
            s.close()
        wait_until(lambda: rest("GET", "/readyz").status == 200, "ready again")
        equal(rest("GET", "/v1/security/mta-sts?domain=ok.com").status, 200)
    finally:
        equal(server.stop(), 0)


def crowd(program, dns):
    """One client network may hold so many connections; others are not touched."""
    server = Server(program, dns, "--max-connections-per-client", "5", "--host", "10.1.1.1", listen="10.1.1.1:0")

    def dial(source):
        s = socket.create_connection(server.address, timeout=5, source_address=(source, 0))
        send_request(s, "GET", "/healthz", server.host())
        try:
            return s if read_answer(s).status == 200 else None
        except (EOFError, OSError):
            return None

    try:
        mine = [dial("10.2.2.2") for _ in range(8)]
        equal(sum(s is not None for s in mine), 5, "connections of one client")
        holds(dial("10.2.2.3") is not None, "another client gets in")
        for s in mine:
            if s is not None:
                s.close()
        wait_until(lambda: dial("10.2.2.2") is not None, "room again")
        a = server.request("GET", "/metrics")
        equal(a.status, 403, "metrics are not for the network")
    finally:
        equal(server.stop(), 0)


def forwarded(program, dns):
    server = Server(program, dns, "--trusted-proxy", "127.0.0.1", "--rate-requests", "2", limits=True)
    try:
        for _ in range(2):
            equal(server.get("/v1/explain/policy.bom", X_Forwarded_For="198.51.100.1").status, 200)
        equal(server.get("/v1/explain/policy.bom", X_Forwarded_For="198.51.100.1").status, 429)
        equal(server.get("/v1/explain/policy.bom", X_Forwarded_For="198.51.100.2").status, 200, "another client behind the proxy")
        equal(server.get("/v1/explain/policy.bom", X_Forwarded_For="198.51.100.2, 198.51.100.1").status, 429, "what stands left of the client is not believed")
        a = server.get("/metrics")
        equal((a.status, a.json["type"]), (403, "urn:mtasts:problem:local-only"), "a proxy that does not say for whom it asks is nobody on this machine")
        equal(server.request("POST", "/v1/monitor/domains", b'{"domains":["a.com"]}', {"Content-Type": "application/json"}).status, 403)
    finally:
        equal(server.stop(), 0)


def drain(program, dns):
    server = Server(program, dns, "--drain", "20")
    idle, busy, stream = server.dial(), server.dial(), server.dial()
    send_request(idle, "GET", "/healthz", server.host())
    equal(read_answer(idle).status, 200)
    send_request(busy, "GET", "/v1/security/mta-sts?domain=slow.com", server.host())
    send_request(stream, "GET", "/v1/security/mta-sts/stream?domain=slow.com", server.host())
    listen = server.dial()
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {"_meta": meta, "notifications": {}}}).encode()
    send_request(listen, "POST", "/mcp", server.host(), body, {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                                                                "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"})
    wait_until(lambda: server.metric("mtasts_checks_in_flight") == 1, "the check runs")
    server.process.send_signal(signal.SIGTERM)
    equal(idle.recv(100), b"", "an idle connection is closed")
    try:
        socket.create_connection(server.address, timeout=2).close()
        raise AssertionError("a new connection is taken while stopping")
    except OSError:
        pass
    answer = read_answer(busy)
    equal((answer.status, answer["connection"]), (200, "close"), "the answer under way")
    holds(b"event: result" in read_answer(stream).body, "the stream under way")
    holds(b"acknowledged" in read_answer(listen).body, "the subscription is ended")
    equal(server.stop(), 0)
    holds("ERROR" not in server.log, server.log)


def stop_now(program, dns):
    for title, options in (("a second signal", ["--drain", "60"]), ("the end of its patience", ["--drain", "1"])):
        server = Server(program, dns, *options)
        s = server.dial()
        send_request(s, "GET", "/v1/security/mta-sts?domain=x.stall.com", server.host())
        wait_until(lambda: server.metric("mtasts_checks_in_flight") == 1, "the check runs")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        if title == "a second signal":
            time.sleep(0.3)
            server.process.send_signal(signal.SIGINT)
        equal(server.process.wait(10), 0, title)
        holds(time.monotonic() - began < 5, f"it took {time.monotonic() - began:.1f} s")
        server.stop()
        holds("ERROR" not in server.log, server.log)


def make_certificate(folder, name):
    cert, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return cert, key


def tls(program, dns):
    with tempfile.TemporaryDirectory() as folder:
        cert, key = make_certificate(folder, "localhost")
        server = Server(program, dns, "--tls-cert", cert, "--tls-key", key)

        def talk(target="/healthz", minimum=None, maximum=None, cafile=cert):
            context = ssl.create_default_context(cafile=cafile)
            context.set_alpn_protocols(["h2", "http/1.1"])
            if maximum:
                context.minimum_version = minimum
                context.maximum_version = maximum
            with socket.create_connection(server.address, timeout=10) as plain, context.wrap_socket(plain, server_hostname="localhost") as s:
                send_request(s, "GET", target, f"localhost:{server.address[1]}")
                return read_answer(s), s.version(), s.selected_alpn_protocol()

        try:
            answer, version, alpn = talk()
            equal((answer.status, version, alpn), (200, "TLSv1.3", "http/1.1"))
            holds(answer["strict-transport-security"], "HSTS")
            equal(talk(maximum=ssl.TLSVersion.TLSv1_2, minimum=ssl.TLSVersion.TLSv1_2)[1], "TLSv1.2")
            try:
                talk(maximum=ssl.TLSVersion.TLSv1_1, minimum=ssl.TLSVersion.TLSv1)
                raise AssertionError("TLS 1.1 is spoken")
            except (ssl.SSLError, OSError, ValueError):
                pass
            holds(len(talk("/v1/explain")[0].body) > 50000, "a long answer comes whole")
            got, closed = server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            holds(closed and b"200" not in got, "clear text gets nothing")
            with socket.create_connection(server.address, timeout=20) as silent:
                began = time.monotonic()
                equal(silent.recv(10), b"", "a client that never shakes hands")
                holds(8 < time.monotonic() - began < 13, "is closed after ten seconds")
            newer, _ = make_certificate(folder, "newer")
            os.replace(newer, cert)
            os.replace(os.path.join(folder, "newer.key"), key)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "read again" in server.log, "the certificate is read again")
            context = ssl.create_default_context(cafile=cert)
            with socket.create_connection(server.address, timeout=10) as plain, context.wrap_socket(plain, server_hostname="newer") as s:
                equal(s.version(), "TLSv1.3")
            open(key, "w").write("broken")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "stays in force" in server.log, "a broken key is told")
        finally:
            equal(server.stop(), 0)
        holds("ERROR" not in server.log, server.log)


def service_manager(program, dns):
    """Sockets handed over, and word when it is ready, reloads and stops."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(20)
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        # the descriptor has to be 3, and LISTEN_PID the server's own
        script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET={path} exec "$@"'
        config = os.path.join(folder, "conf")
        open(config, "w").close()
        process = subprocess.Popen(["bash", "-c", script, "bash", program, "serve", "--config", config, "--resolver", dns.address, "--no-history"], pass_fds=(listener.fileno(),),
                                   stderr=subprocess.PIPE, text=True)
        try:
            equal(notify.recv(100), b"READY=1")
            listener.close()
            with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                send_request(s, "GET", "/healthz", f"127.0.0.1:{port}")
                equal(read_answer(s).status, 200)
            process.send_signal(signal.SIGHUP)
            equal((notify.recv(100), notify.recv(100)), (b"RELOADING=1", b"READY=1"))
            process.send_signal(signal.SIGTERM)
            equal(notify.recv(100), b"STOPPING=1")
            equal(process.wait(20), 0)
        finally:
            process.kill()
            log = process.stderr.read()
        holds(f"127.0.0.1:{port}" in log and "8461" not in log, log)


def forgetful(program, dns):
    server = Server(program, dns, "--no-history")
    try:
        a = Rest(server)("GET", "/v1/domains/ok.com/history")
        equal((a.status, a.json["type"]), (404, "urn:mtasts:problem:no-history"))
    finally:
        equal(server.stop(), 0)


def memory(program, dns):
    """What was asked for right before the end is kept, and known after a new start."""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "kept.db")
        for n in range(2):
            server = Server(program, dns, "--history", place)
            try:
                codes = {i["code"] for i in server.get("/v1/security/mta-sts?domain=ok.com").json["issues"]}
            finally:
                equal(server.stop(), 0)
            holds("ERROR" not in server.log, server.log)
            time.sleep(1.1)
        server = Server(program, dns, "--history", place)
        try:
            equal(server.get("/v1/domains/ok.com/history").json["observations"], 2)
        finally:
            equal(server.stop(), 0)
        open(place, "wb").write(b"this is no database" * 100)
        done = subprocess.run([program, "serve", "--config", "/dev/null", "--listen", "127.0.0.1:0", "--history", place], capture_output=True, text=True, timeout=20)
        holds(done.returncode != 0 and place in done.stderr, f"a spoilt history ends the start: {done.returncode} {done.stderr}")


def usage(program, dns):
    for options, words in ((["--listen", "nonsense"], "ADDRESS:PORT"), (["--tls-cert", "/nonexistent"], "nonexistent"), (["--tls-key", "x"], "--tls-cert"),
                           (["--trusted-proxy", "x"], "ADDRESS"), (["--threads", "0"], "at least 1"), (["--keys", "/nonexistent"], "nonexistent"), (["operand"], "operands"),
                           (["--rate-checks", "-1"], "whole number"), (["--resolver", "nonsense"], "a resolver is written"), (["--new-key", "a b"], "name"), (["--new-key", "a", "--scopes", "x"], "scopes")):
        done = subprocess.run([program, "serve", "--config", "/dev/null", "--no-history", "--listen", "127.0.0.1:0"] + options, capture_output=True, text=True, timeout=20)
        holds(done.returncode in (2, 3) and words in done.stderr, f"{options}: {done.returncode} {done.stderr}")


def all_cases(cases, program, dns):
    for body in (limits, keys, listed, overload, crowd, forwarded, drain, stop_now, tls, service_manager, forgetful, memory, usage):
        cases.run(f"life: {body.__name__.replace('_', ' ')}", body, program, dns)
