"""Wall time of one check over the delay bound: its slowest chain of dependent look-ups and round trips.

Runs inside the lab on a machine far away: every packet takes half the delay each way. The bound is the bare chain (bare.py),
walked in the same run against the same servers, with no DNSSEC, no judgement and nothing beside it; the check proves every
answer from cold caches, asks every authoritative server, and looks at every address of every host.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import bare

ROUNDS = 7
CASES = (
    ("policy only (--no-smtp)", "plain", ["--no-smtp", "--no-authoritative"], bare.policy_chain),
    ("one MX host", "plain", [], bare.mail_chain),
    ("five MX hosts", "five-mx", [], bare.mail_chain),
    ("one MX host, unsigned zone", "unsigned", [], bare.mail_chain),
)


def check(program, domain, options):
    """Wall and CPU seconds of one check, and its result."""
    command = [program, "check", domain, "--json", "--no-history", "--resolver", os.environ["MTASTS_LAB_RESOLVER"],
               "--trust-anchor", os.environ["MTASTS_LAB_TRUST_ANCHOR"], "--ca-file", os.environ["MTASTS_LAB_CA_FILE"], *options]
    before = os.times()
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    wall = time.monotonic() - start
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, json.loads(done.stdout)


def main():
    program = sys.argv[1]
    print(f"every round trip takes {os.environ['MTASTS_LAB_DELAY_MS']} ms; medians of {ROUNDS}")
    print(f"{'case':28} {'bare ms':>8} {'check ms':>9} {'ratio':>6} {'CPU ms':>7}  verdict")
    worst = 0.0
    for title, row, options, chain in CASES:
        domain = f"{row}.org"
        check(program, domain, options)  # the lab's resolver fills its cache
        bound, wall, cpu = [], [], []
        for _ in range(ROUNDS):
            bound.append(chain(domain))
            one = check(program, domain, options)
            wall.append(one[0])
            cpu.append(one[1])
        bound, wall, cpu = (statistics.median(x) for x in (bound, wall, cpu))
        worst = max(worst, wall / bound)
        print(f"{title:28} {bound * 1000:8.1f} {wall * 1000:9.1f} {wall / bound:6.2f} {cpu * 1000:7.1f}  {one[2]['verdict']}",
              flush=True)
    print(f"worst ratio {worst:.2f}")


main()
