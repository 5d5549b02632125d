"""What a scan must not do under any of this: lose a name, write one twice, or judge otherwise than a check."""
import collections
import json
import os
import random
import subprocess
import time

Bench = None   # set by main.py
failed = []


def verdict(good, text):
    print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)
    if not good:
        failed.append(text)


def results(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def whole(names_path, out_path):
    """Every name once."""
    with open(names_path) as f:
        want = set(f.read().split())
    got = collections.Counter(r["domain"] for r in results(out_path))
    lost, more = len(want - got.keys()), sum(got.values()) - len(got)
    strange = len(got.keys() - want)
    verdict(lost == 0 and more == 0 and strange == 0, f"{len(want)} names: {lost} lost, {more} written again, {strange} that were not asked for")


def told(result, scanned):
    """What must be equal in a scan and in a check: of a name without a record the scan says itself that reports were not looked at."""
    codes = {i["code"] for i in result["issues"]}
    if any(n["what"] == "TLSRPT record" and n["reason"] == "switched-off" for n in scanned["not_tested"]):
        codes = {c for c in codes if not c.startswith("rpt.")}
    return result["verdict"], result["status"], sorted(codes)


def exact(args):
    """The whole list at full depth, and a sample against check."""
    with Bench(args, args.names, 0.02) as bench:
        spent = bench.scan("full")
        print(f"{args.names} names at full depth in {spent.wall:.0f} s, exit {spent.status}")
        whole(bench.path("names"), bench.path("out"))
        found = {r["domain"]: r for r in results(bench.path("out"))}
        compare(bench, found, 500)


def compare(bench, found, size):
    """A random sample, half of it from domains that have something."""
    dice = random.Random(7)
    rich = [d for d, r in sorted(found.items()) if r["verdict"] != "absent"]
    poor = [d for d, r in sorted(found.items()) if r["verdict"] == "absent"]
    sample = dice.sample(rich, min(len(rich), size * 4 // 5))
    sample += dice.sample(poor, min(len(poor), size - len(sample)))
    different = []
    for domain in sample:
        done = subprocess.run([bench.args.mtasts, "check", "--config", "/dev/null", "--json", "--no-history", *bench.common(), domain], capture_output=True, check=False)
        want = json.loads(done.stdout)
        got = found[domain]
        if told(got, got) != told(want, got):
            different.append((domain, told(got, got), told(want, got)))
    for domain, scanned, checked in different[:10]:
        print(f"  {domain}: scan {scanned}\n    check {checked}")
    verdict(not different, f"{len(sample)} domains, {len(rich)} of the list with something published: {len(different)} differ from check")


def verdicts(path):
    return collections.Counter(r["verdict"] for r in results(path))


def outage(args):
    """The resolver hears nothing for thirty seconds in mid-run, then goes on."""
    with Bench(args, args.names, 0.02) as bench:
        before = bench.scan("record")
        calm = verdicts(bench.path("out"))

        def meanwhile(pid):
            time.sleep(before.wall / 3)
            bench.servers.pause("nsd", 30)

        spent = bench.scan("record", meanwhile=meanwhile)
        stormy = verdicts(bench.path("out"))
        whole(bench.path("names"), bench.path("out"))
        verdict(spent.wall > before.wall + 15, f"the outage was felt: {spent.wall - before.wall:.0f} s longer")
        verdict(calm == stormy, f"30 s without resolver: {before.wall:.0f} s became {spent.wall:.0f}; verdicts {dict(stormy)}, in peace {dict(calm)}")
        print(summary(bench))


def stall(args):
    """One policy host that takes connections and never speaks, for ten thousand domains: complete at the end; how long it takes is told, not judged."""
    with Bench(args, 10_000, 1.0, stalling=1.0) as bench:
        spent = bench.scan("policy", seconds=1800)
        whole(bench.path("names"), bench.path("out"))
        print(f"a stalling policy host for {bench.count['policies']} domains: {spent.wall:.0f} s, peak {spent.peak_mb:.0f} MB, exit {spent.status}; {dict(verdicts(bench.path('out')))}")
        print(summary(bench))


def busy(args):
    """Mail hosts that answer 421, for half of the domains."""
    with Bench(args, 2_000, 1.0, busy=0.5) as bench:
        spent = bench.scan("full")
        whole(bench.path("names"), bench.path("out"))
        found = {r["domain"]: r for r in results(bench.path("out"))}
        print(f"421 from the mail hosts of half of the domains: {spent.wall:.0f} s, exit {spent.status}; {dict(verdicts(bench.path('out')))}")
        compare(bench, found, 50)
        print(summary(bench))


def summary(bench):
    with open(bench.path("err"), errors="replace") as f:
        return f.read()[-2500:]


def engines(args):
    """Two engines against one: domains a second, and CPU a domain."""
    for names, share, depth in ((args.names, 0.02, "record"), (args.all_names, 1.0, "policy")):
        with Bench(args, names, share) as bench:
            rates = []
            for n in (1, 2):
                before = sum(bench.servers.cpu().values())
                spent = bench.scan(depth, options=["--threads", str(n)])
                served = sum(bench.servers.cpu().values()) - before
                busy_cores = (spent.cpu + served) / spent.wall
                rates.append((names / spent.wall, spent.cpu * 1e6 / names))
                print(f"{depth}: {n} engine{'s'[:n - 1]}: {names / spent.wall:.0f}/s, {spent.cpu * 1e6 / names:.1f} us of CPU a domain; "
                      f"client {spent.cpu / spent.wall:.2f} cores, servers {served / spent.wall:.2f}, of {os.cpu_count()}: {busy_cores:.2f} busy", flush=True)
            print(f"two over one: {rates[1][0] / rates[0][0]:.2f} x domains a second, {rates[1][1] / rates[0][1]:.2f} x CPU a domain")
