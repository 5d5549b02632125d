"""Wall time of one check over the delay bound of its slowest chain of dependent look-ups and round trips.

Runs inside the lab on a machine far away: every packet takes half the delay each way. The round trip is measured in the same
run (TCP connections to the resolver's port), and the bound is the number of round trips that depend on one another:

  policy   address 1, TCP 1, TLS 1, request 1                                              = 4
  mail     MX 1, address and TLSA 1, TCP 1, EHLO 1, STARTTLS 1, TLS 1, EHLO again 1         = 7, and the greeting's half trip
           after the connection stands: the server speaks when it sees the connection, so greeting and EHLO are 1 more = 8

A DNSSEC proof from cold is counted as its name's one round trip: keys can be asked for at the same time.
"""
import json
import os
import socket
import statistics
import subprocess
import sys
import time

ROUNDS = 7
CASES = (
    ("policy only (--no-smtp)", "plain", ["--no-smtp"], 4),
    ("one MX host", "plain", [], 8),
    ("five MX hosts", "five-mx", [], 8),
    ("no MTA-STS at all, unsigned", "unsigned", [], 8),
)


def round_trip():
    """Median time to set up a TCP connection to the resolver, seconds."""
    times = []
    for _ in range(15):
        start = time.monotonic()
        socket.create_connection((os.environ["MTASTS_LAB_RESOLVER"], 53), 5).close()
        times.append(time.monotonic() - start)
    return statistics.median(times)


def check(program, domain, options):
    """Wall and CPU seconds of one check, and its result."""
    command = [program, "check", domain, "--json", "--no-history", "--resolver", os.environ["MTASTS_LAB_RESOLVER"],
               "--trust-anchor", os.environ["MTASTS_LAB_TRUST_ANCHOR"], "--ca-file", os.environ["MTASTS_LAB_CA_FILE"], *options]
    start = time.monotonic()
    before = os.times()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    after = os.times()
    wall = time.monotonic() - start
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, json.loads(done.stdout)


def main():
    program = sys.argv[1]
    trip = round_trip()
    print(f"round trip measured: {trip * 1000:.1f} ms; median of {ROUNDS} checks each")
    print(f"{'case':34} {'trips':>5} {'bound ms':>9} {'wall ms':>8} {'ratio':>6} {'CPU ms':>7}  verdict")
    for title, row, options, trips in CASES:
        domain = f"{row}.org"
        check(program, domain, options)  # the resolver in the lab fills its cache
        runs = [check(program, domain, options) for _ in range(ROUNDS)]
        wall = statistics.median(r[0] for r in runs)
        cpu = statistics.median(r[1] for r in runs)
        print(f"{title:34} {trips:5} {trips * trip * 1000:9.1f} {wall * 1000:8.1f} {wall / (trips * trip):6.2f} {cpu * 1000:7.1f}"
              f"  {runs[0][2]['verdict']}")


main()
