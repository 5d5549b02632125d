"""What Debian has for the same job, each as a process of its own: rivals.py KIND NAMES. Prints {"domains", "policies", "wall_s"}.

resolver     the resolver behind mta-sts-query (package postfix-mta-sts-resolver), a hundred look-ups at a time in one loop
query        mta-sts-query itself, a process for each domain
requests     dnspython and requests, the way checkdmarc does it, sixteen threads

All stop at the policy: none of them looks at a mail host's certificate.
"""
import asyncio
import concurrent.futures
import json
import logging
import subprocess
import sys
import time


async def with_resolver(domains):
    from postfix_mta_sts_resolver.resolver import STSFetchResult, STSResolver

    logging.disable(logging.CRITICAL)
    resolver = STSResolver(timeout=10, loop=asyncio.get_running_loop())
    found = 0
    waiting = iter(domains)

    async def worker():
        nonlocal found
        for domain in waiting:
            result, _ = await resolver.resolve(domain)
            found += result == STSFetchResult.VALID

    await asyncio.gather(*(worker() for _ in range(100)))
    return found


def with_query(domains):
    return sum(b"VALID" in subprocess.run(["/usr/bin/mta-sts-query", d], capture_output=True, check=False).stdout for d in domains)


def with_requests(domains):
    import dns.resolver
    import requests

    keys = ("version", "mode", "max_age", "mx")

    def one(domain):
        try:
            answers = dns.resolver.resolve(f"_mta-sts.{domain}", "TXT", lifetime=10)
        except Exception:
            return 0
        records = [t for t in (b"".join(a.strings).decode("utf-8", "replace") for a in answers) if t.startswith("v=STSv1")]
        if len(records) != 1 or "id=" not in records[0]:
            return 0
        try:
            with requests.Session() as session:
                answer = session.get(f"https://mta-sts.{domain}/.well-known/mta-sts.txt", timeout=10)
                answer.raise_for_status()
        except Exception:
            return 0
        policy = {}
        for line in answer.text.split("\n"):
            key, _, value = line.strip().partition(":")
            if key in keys:
                policy.setdefault(key, []).append(value.strip())
        return int(policy.get("version") == ["STSv1"] and policy.get("mode", [""])[0] in ("enforce", "testing", "none"))

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return sum(pool.map(one, domains))


def main():
    kind, path = sys.argv[1:3]
    with open(path) as f:
        domains = f.read().split()
    began = time.monotonic()
    if kind == "resolver":
        found = asyncio.run(with_resolver(domains))
    else:
        found = {"query": with_query, "requests": with_requests}[kind](domains)
    print(json.dumps({"domains": len(domains), "policies": found, "wall_s": round(time.monotonic() - began, 3)}))


main()
