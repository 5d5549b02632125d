"""bench/serve/run BUILD: the server under load, beside minimal servers, in one run.

200 keep-alive clients with a cached result; the same with 500 checks under way against hosts that take connections and never
speak; a thousand listeners to one check. What is looked at is the answer time of /healthz, memory, and processor per request.
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "serve"), os.path.join(TOP, "bench", "scan")]
import measure  # noqa: E402
from world import Dns, Server, send_request, wait_until  # noqa: E402

CLIENTS = 200
STALLED = 500
CACHED = "/v1/security/mta-sts?domain=ok.com"
failed = []
first = False   # --first

MIXED = """
local paths = {%s}
local n = 0
request = function()
  n = n + 1
  local p = paths[n %% #paths + 1]
  if p == "LINT" then
    return wrk.format("POST", "/v1/lint", {["Content-Type"] = "text/plain"}, "version: STSv1\\nmode: enforce\\nmx: a.example.com\\nmax_age: 604800\\n")
  end
  return wrk.format("GET", p)
end
"""
PATHS = ["/healthz", CACHED, "LINT", "/v1/explain/policy.bom", "/openapi.json", "/", "/nowhere", "/v1/security/mta-sts?domain=a..b", "/domain/ok.com",
         "/v1/domains/ok.com/history", "/metrics"]


def enter():
    if os.environ.get("MTASTS_BENCH") != "inside":
        os.environ["MTASTS_BENCH"] = "inside"
        os.execvp("unshare", ["unshare", "-n" if os.geteuid() == 0 else "-rn", sys.executable, *sys.argv])
    for command in ("ip link set lo up", "ip route add local default dev lo"):
        if os.system(command) != 0:
            sys.exit(f"cannot prepare the namespace: {command}")


def told(good, text):
    print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)
    if not good:
        failed.append(text)


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def come_first(pid):
    """Before other work of a machine that is not the bench's alone: what is measured is the server, not the queue for a processor."""
    if first:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))


class Load:
    """One run of wrk: requests, requests/s, quantiles in ms, processor of the server per request in us."""

    def __init__(self, pid, host, target, seconds, clients=CLIENTS, script=None):
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
        before = cpu(pid)
        done = subprocess.run(command + (["-s", script] if script else []) + [f"http://{host}{target}"], capture_output=True, text=True, check=True)
        used = cpu(pid) - before
        self.requests = int(re.search(r"(\d+) requests in", done.stdout).group(1))
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
        self.p99 = milliseconds(re.search(r"99%\s+(\S+)", done.stdout).group(1))
        self.median = milliseconds(re.search(r"50%\s+(\S+)", done.stdout).group(1))
        self.errors = "; ".join(line.strip() for line in done.stdout.splitlines() if "errors" in line or "Non-2xx" in line)
        self.cpu_us = used * 1e6 / self.requests

    def __str__(self):
        return (f"{self.rate:8.0f} requests/s, {self.cpu_us:6.1f} us of the server's CPU each, median {self.median:.1f} ms, p99 {self.p99:.1f} ms"
                + (f" [{self.errors}]" if self.errors else ""))


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(\D+)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[unit]


class Pulse:
    """Asks /healthz on a connection of its own, two hundred times a second, and remembers how long each answer took."""

    def __init__(self, address):
        self.address, self.times, self.over, self.broken = address, [], threading.Event(), None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            self.beat()
        except (OSError, RuntimeError) as why:
            self.broken = why

    def beat(self):
        if first:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        s = socket.create_connection(self.address, 30)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = f"GET /healthz HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n\r\n".encode()
        while not self.over.wait(0.005):
            began = time.perf_counter()
            s.sendall(request)
            got = s.recv(4096)
            if not got.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"/healthz: {got[:100]!r}")
            self.times.append((time.perf_counter() - began) * 1e3)
        s.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *why):
        self.over.set()
        self.thread.join()

    def p99(self):
        return sorted(self.times)[len(self.times) * 99 // 100]

    def __str__(self):
        times = sorted(self.times)
        return f"/healthz {len(times)} times, median {times[len(times) // 2]:.2f} ms, p99 {self.p99():.2f} ms, longest {times[-1]:.1f} ms"

    def judge(self, when):
        if self.broken is not None or not self.times:
            told(False, f"{when}: /healthz: {self.broken or 'never asked'}")
        else:
            told(self.p99() < 20, f"{when}: {self} (p99 under 20)")


class Stalling:
    """Hosts that take connections on ports 25 and 443 of every address and never speak."""

    def __init__(self):
        self.sockets = []
        for port in (25, 443):
            s = socket.create_server(("0.0.0.0", port), backlog=8192)
            self.sockets.append(s)


def build(dns):
    dns.add("_mta-sts.ok.com", "TXT", "v=STSv1; id=20260101;")
    dns.add("ok.com", "MX", (10, "mx.ok.com"))
    for i in range(STALLED):
        d = f"s{i}.org"
        dns.add(f"_mta-sts.{d}", "TXT", "v=STSv1; id=1;")
        dns.add(d, "MX", (10, f"mx.{d}"))
        for host in ("mta-sts", "mx"):
            dns.add(f"{host}.{d}", "A", f"93.184.{216 + i // 250}.{i % 250 + 1}")
    dns.add("_mta-sts.heard.org", "TXT", "v=STSv1; id=1;")
    dns.add("mta-sts.heard.org", "A", "93.184.220.1")


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def minimal(args, body, target):
    """The same answer from the least that can give it."""
    loads = {}
    for name in ("serve-minimal", "serve-mhd"):
        program = os.path.join(args.build, "bench", name)
        if not os.path.exists(program):
            continue
        process = subprocess.Popen([program, "8999", body])
        try:
            wait_until(lambda: answers(8999), name)
            come_first(process.pid)
            with Pulse(("127.0.0.1", 8999)) as pulse:
                loads[name] = Load(process.pid, "127.0.0.1:8999", target, args.seconds)
            print(f"     {name:14} {loads[name]}\n                    beside it {pulse}", flush=True)
        finally:
            process.kill()
            process.wait()
    return loads


def cached(args, dns):
    server = Server(args.program, dns)
    pid = server.process.pid
    come_first(pid)
    try:
        answer = server.get(CACHED)
        with tempfile.NamedTemporaryFile() as body:
            body.write(answer.body)
            body.flush()
            print(f"a cached result of {len(answer.body)} octets to {CLIENTS} keep-alive clients")
            with Pulse(server.address) as pulse:
                load = Load(pid, server.host(), CACHED, args.seconds)
            print(f"     {'mtasts serve':14} {load}", flush=True)
            loads = minimal(args, body.name, CACHED)
        for name, other in loads.items():
            print(f"     CPU a request over {name}: {load.cpu_us / other.cpu_us:.2f}")
        pulse.judge(f"{CLIENTS} clients with cached results")
        told(not load.errors and load.rate >= 10_000 * min(1, args.tolerance),
             f"{load.rate:.0f} requests/s from memory (at least 10,000 on a core){load.errors and f' [{load.errors}]'}")
        print(f"     /healthz itself {Load(pid, server.host(), '/healthz', args.seconds)}")
        steady(args, server)
    finally:
        told(server.stop() == 0, "the server ends in peace")


def steady(args, server):
    """Memory over requests of every kind."""
    pid = server.process.pid
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(MIXED % ", ".join(json.dumps(p) for p in PATHS))
        script.flush()
        seen, count = [], 0
        while count < args.requests:
            load = Load(pid, server.host(), "/", max(2, args.seconds // 3), script=script.name)
            count += load.requests
            seen.append((count, measure.resident(pid)))
    print("     memory over requests of all kinds: " + ", ".join(f"{n}: {mb:.1f} MB" for n, mb in seen))
    first = next(mb for n, mb in seen if n >= min(seen[0][0], 10_000))
    told(seen[-1][1] <= first * 1.05 + 1, f"after {seen[-1][0]} requests of all kinds {seen[-1][1]:.1f} MB, after the first {seen[0][0]} {first:.1f} MB")


def stalled(args, dns):
    """500 checks under way, and the same clients as before."""
    server = Server(args.program, dns, "--timeout", "60")
    pid = server.process.pid
    come_first(pid)
    held = []
    try:
        server.get(CACHED)
        idle = measure.resident(pid)
        for i in range(STALLED):
            s = server.dial(120)
            send_request(s, "GET", f"/v1/security/mta-sts?domain=s{i}.org", server.host())
            held.append(s)
        wait_until(lambda: server.metric("mtasts_checks_in_flight") == STALLED, f"{STALLED} checks are under way")
        with Pulse(server.address) as pulse:
            time.sleep(3)
        pulse.judge(f"{STALLED} checks under way, nothing else")
        with Pulse(server.address) as pulse:
            load = Load(pid, server.host(), CACHED, args.seconds)
        print(f"     cached result  {load}")
        told(not load.errors, "every one of them is answered")
        under_way = server.metric("mtasts_checks_in_flight")
        pulse.judge(f"{STALLED} checks under way and {CLIENTS} clients with cached results")
        told(under_way == STALLED, f"{under_way:.0f} checks still under way at the end of it")
        print(f"     memory: idle {idle:.1f} MB, with {STALLED} checks under way {measure.resident(pid):.1f} MB")
        for s in held:
            s.close()
        wait_until(lambda: server.metric("mtasts_checks_in_flight") == 0, "checks that nobody waits for end", 20)
        told(True, "checks that nobody waits for any more end")
    finally:
        told(server.stop() == 0, "the server ends in peace")


def listeners(args, dns):
    """A thousand streams of one check."""
    server = Server(args.program, dns, "--max-connections", "2000")
    held = []
    try:
        server.get(CACHED)
        idle = measure.resident(server.process.pid)
        for _ in range(1000):
            s = server.dial(120)
            send_request(s, "GET", "/v1/security/mta-sts/stream?domain=heard.org", server.host())
            held.append(s)
        wait_until(lambda: server.metric("mtasts_http_connections") == 1001, "a thousand connections")
        for s in held:
            if not s.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("no stream")
        more = measure.resident(server.process.pid) - idle
        told(more <= 25, f"1,000 listeners to one check: {more:.1f} MB more than idle (at most 25)")
        for s in held:
            s.close()
    finally:
        told(server.stop() == 0, "the server ends in peace")


def main():
    global first
    parser = argparse.ArgumentParser(prog="bench/serve/run", description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--program", help="another program to put under load")
    parser.add_argument("--seconds", type=int, default=10, help="of each load")
    parser.add_argument("--requests", type=int, default=100_000, help="of all kinds, for memory")
    parser.add_argument("--tolerance", type=float, default=1.0, help="share of the least rate that is asked for, for sanitizer builds")
    parser.add_argument("--first", action="store_true", help="servers and the one that asks for /healthz come before other work of the machine (root)")
    parser.add_argument("--only", default="cached,stalled,listeners")
    args = parser.parse_args()
    enter()
    first = args.first
    args.build = os.path.abspath(args.build)
    args.program = os.path.abspath(args.program or os.path.join(args.build, "mtasts"))
    dns = Dns()
    build(dns)
    held = Stalling()
    for name in args.only.split(","):
        print(f"\n## {name}", flush=True)
        {"cached": cached, "stalled": stalled, "listeners": listeners}[name](args, dns)
    for s in held.sockets:
        s.close()
    sys.stdout.flush()
    os._exit(1 if failed else 0)


main()
