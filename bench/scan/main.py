"""bench/scan/run [options] BUILD: a scan against its bounds and its rivals, on an internet of the bench's own."""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import checks  # noqa: E402
import internet  # noqa: E402
import measure  # noqa: E402
import servers  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTHS = ("record", "policy", "full")
IN_FLIGHT_DNS, IN_FLIGHT_TLS = 1000, 64


class Bench:
    """One internet, its servers, and the programs that are let loose on it."""

    def __init__(self, args, names, share, **more):
        self.args = args
        self.work = os.path.join(args.work, f"{names}-{share:g}" + "".join(f"-{k}" for k in more))
        begun = time.monotonic()
        if os.path.exists(self.work):
            shutil.rmtree(self.work)
        self.net = internet.Internet(self.work, names, share, **more)
        self.count = self.net.build()
        self.servers = servers.Servers(self.work, os.path.join(self.work, "run"), os.path.join(args.build, "bench", "scan-mailserver"))
        self.servers.start_all()
        self.bounds_program = os.path.join(args.build, "bench", "scan-bounds")
        print(f"\n# {names} names, {self.count['policies']} with policies ({self.count['fetches']} policy hosts, {self.count['probes']} mail hosts); "
              f"made in {time.monotonic() - begun:.0f} s", flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.servers.stop()
        if not self.args.keep:
            shutil.rmtree(self.work)

    def path(self, name):
        return os.path.join(self.work, name)

    def scan(self, depth, names=None, out=None, options=(), **more):
        """mtasts scan to its end."""
        return measure.run(self.command(depth, names, options), out or self.path("out"), self.path("err"), **more)

    def command(self, depth, names=None, options=()):
        return [self.args.mtasts, "scan", "--config", "/dev/null", *self.common(), "--depth", depth, *self.args.option, *options, names or self.path("names")]

    def common(self):
        return ["--resolver", internet.RESOLVER, "--trust-anchor", self.path("anchor"), "--ca-file", self.path("ca.pem"), "--helo", "bench.example"]

    # ---- bounds

    def bounds(self):
        """Microseconds of processor for each kind of thing, in this run."""
        program, out = self.bounds_program, {}
        questions = self.path("questions.all")
        with open(questions, "w") as f:
            for depth in DEPTHS:
                with open(self.path(f"questions.{depth}")) as part:
                    shutil.copyfileobj(part, f)
        out["dns"] = measure.bound(program, "dns-bare", internet.RESOLVER, questions, IN_FLIGHT_DNS)
        out["cares"] = measure.bound(program, "dns-cares", internet.RESOLVER, questions, IN_FLIGHT_DNS)
        if self.count["fetches"]:
            out["https"] = measure.bound(program, "https", self.path("ca.pem"), self.path("fetches"), IN_FLIGHT_TLS)
            out["starttls"] = measure.bound(program, "starttls", self.path("ca.pem"), self.path("probes"), IN_FLIGHT_TLS)
        out["crypto"] = measure.bound(program, "crypto", 2000)
        for name, b in out.items():
            print(f"bound {name:9} {b['count']:8} done, {b['good']:8} well, {b['lost']:5} asked again or given up; "
                  f"{b['cpu_us_each']:9.2f} us of CPU each, {b['count'] / max(b['wall_s'], 1e-3):9.0f}/s", flush=True)
            if b["good"] * 2 < b["count"]:
                sys.exit(f"bound {name}: only {b['good']} of {b['count']} done well: what it costs to fail is no bound; look at {self.path('run')} with --keep")
        return out

    def bound_of(self, depth, bounds):
        """CPU seconds that the bare loops need for a scan of this depth."""
        questions = sum(self.count[f"questions_{d}"] for d in DEPTHS[:DEPTHS.index(depth) + 1])
        total = questions * bounds["dns"]["cpu_us_each"]
        if depth != "record" and "https" in bounds:
            total += self.count["fetches"] * bounds["https"]["cpu_us_each"]
        if depth == "full" and "starttls" in bounds:
            total += self.count["probes"] * bounds["starttls"]["cpu_us_each"]
        return total / 1e6


def questions_sent():
    """UDP datagrams received in this namespace so far: half of them by the name server, half by clients. (One that the kernel cuts up counts as
    one where it is sent.)"""
    with open("/proc/net/snmp") as f:
        titles, values = [line.split() for line in f if line.startswith("Udp:")]
    return int(values[titles.index("InDatagrams")]) // 2


def each(cpu, names):
    return cpu * 1e6 / names


def speed(args):
    """CPU per domain over the sum of the bounds, on both lists."""
    for names, share in ((args.names, args.share), (args.all_names, 1.0)):
        if names == 0:
            continue
        with Bench(args, names, share) as bench:
            rounds = []
            for _ in range(args.rounds):
                bounds = bench.bounds()
                rounds.append({})
                for depth in args.depth:
                    before, asked = bench.servers.cpu(), questions_sent()
                    spent = bench.scan(depth)
                    served = sum(bench.servers.cpu().values()) - sum(before.values())
                    bound = bench.bound_of(depth, bounds)
                    rounds[-1][depth] = spent.cpu / bound
                    print(f"scan --depth {depth:6} {names / spent.wall:9.0f} domains/s, {each(spent.cpu, names):8.2f} us of CPU a domain "
                          f"(bounds {each(bound, names):8.2f}: {spent.cpu / bound:.2f} x), peak {spent.peak_mb:.0f} MB, "
                          f"after a minute {spent.memory_at(60) or 0:.0f}, at the end {spent.memory_end():.0f}; "
                          f"{(questions_sent() - asked) / names:.2f} questions a domain, wall {spent.wall:.1f} s, servers' CPU {served:.1f} s, exit {spent.status}", flush=True)
                    if spent.status not in (0, 1, 3):
                        checks.verdict(False, f"exit {spent.status}: {tail(bench.path('err'))}")
            for depth in args.depth:
                over = statistics.median(r[depth] for r in rounds)
                checks.verdict(over <= 1.35, f"median over the bounds, {depth}: {over:.2f} x (at most 1.35)")


def growth(args):
    """Memory and CPU from ten thousand to a million names."""
    rows = []
    for names in (10_000, 100_000, args.names_max):
        with Bench(args, names, 0.02) as bench:
            spent = bench.scan("record")
            rows.append((names, spent))
            print(f"{names:8} names: {each(spent.cpu, names):6.2f} us of CPU each, {names / spent.wall:8.0f}/s, "
                  f"memory {spent.memory_end():.1f} MB at the end, peak {spent.peak_mb:.1f}", flush=True)
            checks.whole(bench.path("names"), bench.path("out"))
    print(f"CPU per name, last over first: {each(rows[-1][1].cpu, rows[-1][0]) / each(rows[0][1].cpu, rows[0][0]):.2f}")
    grown = rows[-1][1].peak_mb / rows[1][1].peak_mb
    checks.verdict(grown <= 1.1, f"peak memory at {rows[-1][0]} over {rows[1][0]}: {grown:.2f} (at most 1.1)")


def rivals(args):
    """CPU of the whole process per domain, the policy fetched by all; a scan also judges and writes."""
    for names, share, few in ((args.rival_names, 0.02, 20), (args.rival_names // 5, 1.0, 20)):
        with Bench(args, names, share) as bench:
            env = dict(os.environ, SSL_CERT_FILE=bench.path("ca.pem"), REQUESTS_CA_BUNDLE=bench.path("ca.pem"))
            with open(bench.path("names")) as f, open(bench.path("few"), "w") as out:
                out.writelines(f.readlines()[:few])
            costs = {}
            for kind, path, count in (("resolver", "names", names), ("requests", "names", names), ("query", "few", few)):
                spent = measure.run(["/usr/bin/python3", os.path.join(HERE, "rivals.py"), kind, bench.path(path)], bench.path("out"), bench.path("err"), env=env)
                cpu = spent.cpu
                with open(bench.path("out")) as f:
                    text = f.read()
                if not text:
                    print(f"{kind}: nothing ({tail(bench.path('err'))})")
                    continue
                said = json.loads(text)
                if kind != "query" and said["policies"] < bench.count["usable"] * 0.9:
                    checks.verdict(False, f"{kind} found {said['policies']} of {bench.count['usable']} usable policies: no measure of anything")
                    continue
                costs[kind] = each(cpu, count)
                print(f"{kind:9} {count:7} domains, {said['policies']:6} policies: {costs[kind]:10.1f} us of CPU each, {count / spent.wall:8.0f}/s", flush=True)
            spent = bench.scan("policy")
            own = each(spent.cpu, names)
            print(f"{'scan':9} {names:7} domains: {own:10.1f} us of CPU each, {names / spent.wall:8.0f}/s")
            if costs:
                aim = 10 if share < 1 else 2.5
                ahead = min(costs.values()) / own
                checks.verdict(ahead >= aim, f"ahead of the best by {ahead:.1f} x per CPU second (aim: {aim})")


def tail(path):
    with open(path, errors="replace") as f:
        return f.read()[-800:]


TASKS = {"speed": speed, "growth": growth, "rivals": rivals, "exact": checks.exact, "outage": checks.outage, "stall": checks.stall,
         "busy": checks.busy, "engines": checks.engines}


def main():
    parser = argparse.ArgumentParser(prog="bench/scan/run", description=__doc__)
    parser.add_argument("build", help="build folder with mtasts, bench/scan-bounds, bench/scan-mailserver")
    parser.add_argument("--mtasts", help="another program to measure")
    parser.add_argument("--names", type=int, default=100_000, help="names of the list with few policies")
    parser.add_argument("--share", type=float, default=0.02, help="share of policies in it (default: 0.02)")
    parser.add_argument("--all-names", type=int, default=5_000, help="names of the list with policies only")
    parser.add_argument("--names-max", type=int, default=1_000_000, help="names of the longest list")
    parser.add_argument("--rival-names", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--depth", action="append", choices=DEPTHS)
    parser.add_argument("--only", default="speed,growth,rivals,exact,outage,stall,busy,engines")
    parser.add_argument("--option", action="append", default=[], help="an option for every scan (repeatable)")
    parser.add_argument("--work", help="folder for the internet (default: a temporary one)")
    parser.add_argument("--keep", action="store_true", help="leave its files there")
    args = parser.parse_args()
    servers.enter(os.path.abspath(__file__), sys.argv[1:])
    args.build = os.path.abspath(args.build)
    args.mtasts = os.path.abspath(args.mtasts or os.path.join(args.build, "mtasts"))
    args.depth = args.depth or DEPTHS
    if args.work is None:
        args.work = tempfile.mkdtemp(prefix="mtasts-bench-")
        os.chmod(args.work, 0o755)  # as root, nginx reads it as somebody else
    os.makedirs(args.work, exist_ok=True)
    servers.prepare(args.work)
    checks.Bench = Bench
    for task in args.only.split(","):
        print(f"\n## {task}", flush=True)
        TASKS[task](args)
    sys.exit(1 if checks.failed else 0)


main()
