"""What must never be dialled: special-purpose addresses in every disguise. Listeners on every address of the namespace see who comes."""

import json
import tempfile

from world import Listeners, Server, equal, holds

# Forms of addresses that must not be connected to; NAT64, 6to4, Teredo and mapped forms carry an IPv4 address inside.
ADDRESSES = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.254", "100.64.0.1", "100.127.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1",
    "172.31.255.254", "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.168.0.1", "192.168.255.254", "198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:192.168.1.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::a00:1", "100::1", "100:0:0:1::1", "2001::1", "2001:0:7f00:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1",
    "ff02::1", "ff0e::1",
]
# The same as names: refused before anything is looked up.
NAMES = [
    "localhost", "a.localhost", "localhost.localdomain", "printer.local", "router.internal", "x.intranet", "x.corp", "x.home", "x.lan", "x.home.arpa", "x.onion", "x.invalid",
    "x.test", "x.example", "x.alt", "1.0.0.127.in-addr.arpa", "127.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "[::1]",
    "::1", "[::ffff:127.0.0.1]", "0", "169.254.169.254", "http://127.0.0.1/", "http://[::1]/", "user@127.0.0.1", "127.0.0.1:25",
]
TCP_PORTS = (22, 25, 80, 443, 465, 587, 2525, 8080, 8443)


def domain_of(index):
    return f"t{index}.targets.com"


def build(dns):
    """A domain for each address: its policy host, its mail host, its report endpoint and its name servers live there."""
    for i, address in enumerate(ADDRESSES):
        d = domain_of(i)
        kind = "AAAA" if ":" in address else "A"
        dns.add(f"_mta-sts.{d}", "TXT", "v=STSv1; id=1;")
        dns.add(f"_smtp._tls.{d}", "TXT", f"v=TLSRPTv1; rua=https://mta-sts.{d}/,https://mta-sts.{d}:8443/,https://[{address}]/,mailto:a@{d}")
        dns.add(d, "MX", (10, f"mx.{d}"))
        dns.add(d, "NS", f"ns.{d}")
        for host in ("mta-sts", "mx", "ns"):
            dns.add(f"{host}.{d}", kind, address)
    dns.add("_mta-sts.alias.com", "TXT", "v=STSv1; id=1;")
    dns.add("mta-sts.alias.com", "CNAME", "localhost")
    dns.add("alias.com", "MX", (10, "localhost"), (20, "mx.alias.com"), (30, "127.0.0.1"), (40, "metadata.internal"))
    dns.add("mx.alias.com", "CNAME", "localhost")
    dns.add("localhost", "A", "127.0.0.1")
    dns.add("localhost", "AAAA", "::1")
    dns.add("metadata.internal", "A", "169.254.169.254")
    # public at the first look-up, private at every later one; and both at once
    dns.add("_mta-sts.rebind.com", "TXT", "v=STSv1; id=1;")
    for host in ("mta-sts.rebind.com", "mx.rebind.com"):
        dns.add(host, "A", lambda times: "10.0.0.99" if times > 1 else "127.0.0.1")
    dns.add("rebind.com", "MX", (10, "mx.rebind.com"))
    dns.add("_mta-sts.both.com", "TXT", "v=STSv1; id=1;")
    dns.add("both.com", "MX", (10, "mta-sts.both.com"))
    dns.add("mta-sts.both.com", "A", "10.0.0.98", "127.0.0.1")
    dns.add("mta-sts.both.com", "AAAA", "fd00::98", "::1")
    dns.add("_mta-sts.ports.com", "TXT", "v=STSv1; id=1;")
    dns.add("_smtp._tls.ports.com", "TXT", "v=TLSRPTv1; rua=https://rua.ports.com:8443/,https://rua.ports.com:22/,https://rua.ports.com:25/,http://rua.ports.com/")
    dns.add("rua.ports.com", "A", "93.184.216.34")


def verdict_of(server, domain):
    a = server.get(f"/v1/security/mta-sts?domain={domain}")
    equal(a.status, 200, domain)
    return a.json


def refused_addresses(server, listeners):
    for i, address in enumerate(ADDRESSES):
        result = verdict_of(server, domain_of(i))
        holds(result["verdict"] != "enforced", f"{address}: {result['verdict']}")
        for fetch in result["policy_fetch"]:
            holds(fetch["reached"] == "dns", f"{address}: the policy host was reached as far as {fetch['reached']}")
        equal(listeners.seen, [], f"connections for {address}")


def refused_names(server, listeners):
    for name in NAMES:
        a = server.get(f"/v1/security/mta-sts?domain={name.replace('[', '%5B').replace(']', '%5D')}")
        holds(a.status in (400, 403), f"{name}: {a.status}")
    equal(listeners.seen, [], "connections")


def aliases_and_rebinding(server, listeners):
    for domain in ("alias.com", "rebind.com", "both.com", "rebind.com"):
        server.get(f"/v1/security/mta-sts?domain={domain}&fresh=1")
    equal(listeners.seen, [], "connections")


def recursion(program, dns, listeners):
    """Name servers are chosen by strangers, too. The root itself stands at such an address here, so that no root has to be played."""
    with tempfile.NamedTemporaryFile("w", suffix=".hints") as hints:
        hints.write(". 3600 IN NS root.invalid.\nroot.invalid. 3600 IN A 10.11.12.13\n")
        hints.flush()
        for allow in (True, False):
            server = Server(program, dns, "--root-hints", hints.name, "--timeout", "12", *(["--allow-private"] if allow else []), recursion=True)
            listeners.seen.clear()
            try:
                equal(server.get("/v1/security/mta-sts?domain=somewhere.com").status, 200)
            finally:
                equal(server.stop(), 0)
            equal(("udp", "10.11.12.13", 53) in listeners.seen, allow, f"the name server is asked where private addresses are {'allowed' if allow else 'denied'}")
    listeners.seen.clear()


def other_ports(server, listeners):
    verdict_of(server, "ports.com")
    equal([seen for seen in listeners.seen if seen[2] not in (25, 443)], [], "connections to ports that are nobody's business")


def listeners_see(program, dns, listeners):
    """Without the guard the same domains do reach the listeners: otherwise the cases above would prove nothing."""
    server = Server(program, dns, "--allow-private", "--timeout", "3")
    try:
        domains = json.dumps({"domains": [domain_of(i) for i in range(len(ADDRESSES))]}).encode()
        a = server.request("POST", "/v1/checks", domains, {"Content-Type": "application/json"}, timeout=120)
        equal(a.body.count(b"\n"), len(ADDRESSES), "results")
        reached = {address for _, address, port in listeners.seen if port in (25, 443)}
        holds(len(reached) > len(ADDRESSES) * 2 // 3, f"{len(reached)} addresses of {len(ADDRESSES)} were reached")
    finally:
        equal(server.stop(), 0)
    listeners.seen.clear()


def all_cases(cases, program, dns):
    build(dns)
    listeners = Listeners(TCP_PORTS, (53,))
    cases.run("SSRF: the listeners see connections where nothing is refused", listeners_see, program, dns, listeners)
    server = Server(program, dns)
    try:
        cases.run(f"SSRF: none of {len(ADDRESSES)} special-purpose addresses is dialled", refused_addresses, server, listeners)
        cases.run(f"SSRF: none of {len(NAMES)} special names and spellings is looked into", refused_names, server, listeners)
        cases.run("SSRF: nor behind aliases, nor by answers that change", aliases_and_rebinding, server, listeners)
        cases.run("SSRF: nor name servers at such addresses, in recursion", recursion, program, dns, listeners)
        cases.run("SSRF: only ports 25 and 443 are dialled", other_ports, server, listeners)
    finally:
        cases.run("SSRF: the server ends in peace", lambda: equal((server.stop(), "ERROR" in server.log), (0, False), server.log))
