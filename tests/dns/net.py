"""A small signed internet on loopback for the resolver's tests: root, one top-level domain, leaf zones on NSD, faults in Python, resolvers in front."""

import pathlib
import signal
import socket
import struct
import subprocess
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

ROOT, TLD, LEAF1, LEAF2, LEAF6 = "198.41.0.4", "185.0.0.1", "185.0.1.1", "185.0.1.2", "2a0e::53"
SERVFAIL, SILENT, REFUSING, NO_TCP, OTHER, CLOSED, KEYLESS = (f"185.0.2.{i}" for i in range(1, 8))
PASSING, STRIPPING, DEAD, UNWILLING, SHUT, PLAIN, FLAKY, SLOW, LATE, OUTAGE = (f"10.0.0.{i}" for i in range(1, 11))
ODDITIES = ["wrong-id", "wrong-question", "loop", "forward", "over-end", "many", "twice", "badvers", "formerr", "tcp-long", "tcp-short", "tcp-empty",
            "tcp-none", "other-name"]
ODD = {name: f"185.0.3.{i}" for i, name in enumerate(ODDITIES, 1)}
ADDRESSES = [*ODD.values(), ROOT, TLD, LEAF1, LEAF2, SERVFAIL, SILENT, REFUSING, NO_TCP, OTHER, CLOSED, KEYLESS,
             PASSING, STRIPPING, DEAD, UNWILLING, SHUT, PLAIN, FLAKY, SLOW, LATE, OUTAGE]

CHAIN = "".join(f"c{i} CNAME c{i + 1}\n" for i in range(1, 22)) + 'c22 TXT "end of the chain"\n'
BIG = "".join(f'big TXT "{i:04d}{"x" * 200}"\n' for i in range(60))

LEAVES = {
    "signed.test": 'long TXT "v=STSv1; " "id=1;"\n_mta-sts TXT "v=STSv1; id=20260101;"\n'
                   "@ MX 10 Mx1.Signed.TEST.\n@ MX 20 mx2\nmx1 A 185.1.1.1\nmx2 AAAA 2a0e::25\nodd MX 5 a\\.b\\032c\\195.signed.test.\n"
                   "_25._tcp.mx1 TLSA 3 1 1 " + "ab" * 32 + "\n*.wild TXT \"from a wildcard\"\n"
                   "out CNAME _mta-sts.unsigned.test.\nspoilt CNAME _mta-sts.bogus.test.\nempty.nonterminal A 185.1.1.1\n"
                   "dangling CNAME nothing.signed.test.\nnodata CNAME mx1\nhop CNAME hop2\nhop2 CNAME _mta-sts\n"
                   "loopa CNAME loopb\nloopb CNAME loopa\nself CNAME self\ntodead CNAME x.silent.test.\ntoservfail CNAME x.servfail.test.\n"
                   + CHAIN + BIG,
    "unsigned.test": '_mta-sts TXT "v=STSv1; id=2;"\n@ MX 10 mx\nmx A 185.1.1.2\nback CNAME _mta-sts.signed.test.\n'
                     "loopa CNAME loopb\nloopb CNAME loopa\n*.wild TXT \"from a wildcard\"\n"
                     "nul CNAME a\\000b.c\\.d.\\200\\255.unsigned.test.\nspace CNAME a\\032\\010b.unsigned.test.\n" + CHAIN,
    "bogus.test": '_mta-sts TXT "v=STSv1; id=3;"\n@ MX 10 mx\nmx A 185.1.1.3\n',
    "expired.test": '_mta-sts TXT "v=STSv1; id=4;"\n',
    "nokey.test": '_mta-sts TXT "v=STSv1; id=5;"\n',
    "nsec3.test": '_mta-sts TXT "v=STSv1; id=6;"\n@ A 185.1.1.6\n',
    "nsec3-many.test": '_mta-sts TXT "v=STSv1; id=6;"\n@ A 185.1.1.6\n',
    "differ.test": '_mta-sts TXT "v=STSv1; id=7;"\n',
    "alias.test": "_mta-sts CNAME _mta-sts.signed.test.\n",
    "mute.test": '_mta-sts TXT "v=STSv1; id=9;"\n',
    **{f"{name}.test": '_mta-sts TXT "v=STSv1; id=odd;"\n' for name in ODDITIES},
    "deep.a.b.test": '_mta-sts TXT "v=STSv1; id=8;"\n',
}
SIGNED = {"signed.test": [], "mute.test": [], "bogus.test": [], "expired.test": ["-i", "20200101", "-e", "20200201"], "nsec3.test": ["-n"],
          "nsec3-many.test": ["-n", "-t", "500"]}  # more iterations than a validator follows: its denials count as unsigned [RFC 9276 section 3.2]
HAS_DS = [*SIGNED, "nokey.test"]
NSES = {  # names of a leaf's servers when they are not the usual two
    "differ.test": ["ns1.hosts.test.", "other.hosts.test.", "refusing.hosts.test.", "silent.hosts.test.", "six.hosts.test.",
                    "nowhere.hosts.test."],
    "mute.test": ["keyless.hosts.test."],
    **{f"{name}.test": [f"{name}.hosts.test."] for name in ODDITIES},
}
FAULTY = {"servfail.test": "servfail", "silent.test": "silent", "lame.test": "refusing", "notcp.test": "notcp", "closed.test": "closed"}


class Net:
    def __init__(self, folder, run):
        self.dir = pathlib.Path(folder)
        self.run = run
        self.processes = []
        self.ds = {}

    def start(self):
        for address in ADDRESSES:
            self.run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
        self.run(["ip", "-6", "address", "add", f"{LEAF6}/128", "dev", "lo", "nodad"])
        self.write_zones()
        for name, addresses, zones in (("root", [ROOT], ["."]), ("tld", [TLD], ["test", "hosts.test"]),
                                       ("leaf", [LEAF1, LEAF2, LEAF6], LEAVES)):
            self.nsd(name, addresses, zones)
        for address, how in ((SERVFAIL, fail_with("SERVFAIL")), (REFUSING, fail_with("REFUSED")), (NO_TCP, truncate), (OTHER, other_record), (KEYLESS, keyless),
                             (SILENT, silent), (DEAD, silent), (UNWILLING, fail_with("REFUSED")), (STRIPPING, strip), ("127.0.0.153", strip), (FLAKY, flaky), (SLOW, slow),
                             (LATE, out_for(5)), (OUTAGE, out_for(5, 2))):
            serve(address, how)
        for name, address in ODD.items():
            serve(address, odd(name))
        self.unbound("passing", PASSING, "validator iterator")
        self.unbound("plain", PLAIN, "iterator")
        self.wait_for(PASSING)
        self.wait_for(PLAIN)

    # -- zones --

    def sign(self, zone, options=()):
        """Sign the zone file in place; its DS goes up."""
        base = subprocess.run(["ldns-keygen", "-r", "/dev/urandom", "-a", "ECDSAP256SHA256", "-k", zone], cwd=self.dir, check=True,
                              capture_output=True, text=True).stdout.strip()
        file = self.zone_file(zone)
        self.run(["ldns-signzone", *options, "-o", zone, "-f", file.name, file.name, base], cwd=self.dir)
        self.ds[zone] = (self.dir / f"{base}.ds").read_text()

    def zone_file(self, zone):
        return self.dir / ("root.zone" if zone == "." else f"{zone}.zone")

    def write(self, zone, text, ns):
        origin = zone.rstrip(".") + "."
        head = f"$ORIGIN {origin}\n$TTL 300\n@ SOA ns.invalid. x.invalid. 1 3600 600 86400 60\n" + "".join(f"@ NS {n}\n" for n in ns)
        self.zone_file(zone).write_text(head + text)

    def write_zones(self):
        for zone, text in LEAVES.items():
            self.write(zone, text, NSES.get(zone, ["ns1.hosts.test.", "ns2.hosts.test."]))
        for zone, options in SIGNED.items():
            self.sign(zone, options)
        file = self.zone_file("bogus.test")
        file.write_text(file.read_text().replace("v=STSv1; id=3;", "v=STSv1; id=forged;"))
        self.write("nokey.test", LEAVES["nokey.test"], ["ns1.hosts.test."])
        self.ds["nokey.test"] = self.ds["signed.test"].replace("signed.test.", "nokey.test.")
        hosts = "".join(f"{n} A {a}\n" for n, a in (("ns1", LEAF1), ("ns2", LEAF2), ("servfail", SERVFAIL), ("silent", SILENT),
                        ("refusing", REFUSING), ("notcp", NO_TCP), ("other", OTHER), ("closed", CLOSED), ("keyless", KEYLESS), *ODD.items()))
        self.write("hosts.test", hosts + f"six AAAA {LEAF6}\nsix AAAA 2a0f::1\nns A {TLD}\n", ["ns"])
        self.sign("hosts.test")
        tld = "".join(f"{z}. NS {n}\n" for z in LEAVES for n in NSES.get(z, ["ns1.hosts.test.", "ns2.hosts.test."]))
        tld += "".join(f"{z}. NS {h}.hosts.test.\n" for z, h in FAULTY.items()) + f"hosts NS ns.hosts\nns.hosts A {TLD}\n"
        self.write("test", tld + "".join(self.ds[z] for z in [*HAS_DS, "hosts.test"]), ["ns.hosts.test."])
        self.sign("test")
        self.write(".", f"ns.root. A {ROOT}\ntest. NS ns.hosts.test.\nns.hosts.test. A {TLD}\n" + self.ds["test"], ["ns.root."])
        self.sign(".")
        (self.dir / "anchor").write_text(self.ds["."])
        (self.dir / "anchor-test").write_text("; the top-level domain's\n" + self.ds["test"])
        (self.dir / "hints").write_text(f". 3600000 NS ns.root.\nns.root. 3600000 A {ROOT}\n")
        (self.dir / "silent-hints").write_text(f". 3600000 NS ns.root.\nns.root. 3600000 A {SILENT}\n")

    # -- servers --

    def spawn(self, command):
        log = open(self.dir / (pathlib.Path(command[0]).name + ".log"), "a", encoding="utf-8")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.dir))

    def nsd(self, name, addresses, zones):
        lines = ["server:", ' username: ""', ' chroot: ""', " server-count: 1", ' pidfile: ""', f' database: ""', f" zonesdir: {self.dir}",
                 f" xfrdfile: {self.dir}/{name}.xfrd", f" zonelistfile: {self.dir}/{name}.list", " rrl-ratelimit: 0",
                 *[f" ip-address: {a}" for a in addresses], "remote-control:", " control-enable: no"]
        for zone in zones:
            lines += ["zone:", f' name: "{zone}"', f" zonefile: {self.zone_file(zone).name}"]
        (self.dir / f"{name}.conf").write_text("\n".join(lines) + "\n")
        self.spawn(["/usr/sbin/nsd", "-d", "-c", str(self.dir / f"{name}.conf")])

    def unbound(self, name, address, modules):
        (self.dir / f"{name}.conf").write_text(f"""server:
 interface: {address}
 access-control: 0.0.0.0/0 allow
 username: ""
 chroot: ""
 pidfile: ""
 use-syslog: no
 num-threads: 1
 do-ip6: no
 module-config: "{modules}"
 root-hints: "{self.dir}/hints"
 trust-anchor-file: "{self.dir}/anchor"
 trust-anchor-signaling: no
 infra-host-ttl: 5
 local-zone: "test." nodefault
 do-not-query-localhost: no
remote-control:
 control-enable: no
""")
        self.spawn(["/usr/sbin/unbound", "-d", "-c", str(self.dir / f"{name}.conf")])

    def wait_for(self, address):
        query = dns.message.make_query("_mta-sts.signed.test", "TXT").to_wire()
        for _ in range(100):
            if ask(address, query, 0.3) is not None:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{address} does not answer")

    def stop(self):
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
        for p in self.processes:
            try:
                p.wait(3)
            except subprocess.TimeoutExpired:
                p.kill()


# -- servers that do wrong: each takes a query and gives the reply's octets, or None --

def ask(address, wire, timeout=3.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((address, 53))
        try:
            s.send(wire)
            return s.recv(65535)
        except OSError:
            return None


def fail_with(rcode):
    def reply(query, _tcp):
        r = dns.message.make_response(query)
        r.set_rcode(dns.rcode.from_text(rcode))
        return r.to_wire()
    return reply


def silent(_query, _tcp):
    return None


def truncate(query, tcp):
    if tcp:
        return None
    r = dns.message.make_response(query)
    r.flags |= dns.flags.TC | dns.flags.AA
    return r.to_wire()


def other_record(query, _tcp):
    """One of the zone's servers that still has the old record."""
    if query.question[0].rdtype != dns.rdatatype.TXT:
        return ask(LEAF1, query.to_wire())
    r = dns.message.make_response(query)
    r.flags |= dns.flags.AA
    r.answer.append(dns.rrset.from_text(query.question[0].name, 300, "IN", "TXT", '"v=STSv1; id=old;"'))
    return r.to_wire()


def keyless(query, _tcp):
    """Answers everything but the question for the zone's keys."""
    return None if query.question[0].rdtype == dns.rdatatype.DNSKEY else ask(LEAF1, query.to_wire())


def strip(query, _tcp):
    """A forwarder that knows nothing of DNSSEC."""
    plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype)
    wire = ask(PASSING, plain.to_wire())
    if wire is None:
        return None
    answer = dns.message.from_wire(wire)
    if answer.flags & dns.flags.TC:
        answer = dns.query.tcp(plain, PASSING, timeout=3)
    answer.id = query.id
    return answer.to_wire(max_size=65535)


def flaky(query, tcp):
    """Loses every third question."""
    flaky.count = getattr(flaky, "count", 0) + 1
    return None if flaky.count % 3 == 0 else relay(query, tcp)


def out_for(seconds, relief=float("inf")):
    """Silent for so long, from the first question or, with relief, from then on after having answered so long."""
    began = None

    def reply(query, tcp):
        nonlocal began
        began = began or time.monotonic()
        since = time.monotonic() - began
        if relief == float("inf"):
            return None if since < seconds else relay(query, tcp)
        return None if relief < since < relief + seconds else relay(query, tcp)
    return reply


# -- octets that no server should send: a leaf's server that answers everything well but questions for TXT --

def record(text, owner=b"\xc0\x0c"):
    """A TXT record; its owner by default the name asked for, by a pointer."""
    return owner + struct.pack("!HHIHB", 16, 1, 300, len(text) + 1, len(text)) + text


def message(query, records, rcode=0):
    """A reply by hand: the question as it came, then the records."""
    question = query.to_wire()[12:].split(b"\0\0\x10\0\x01", 1)[0] + b"\0\0\x10\0\x01"
    return struct.pack("!HHHHHH", query.id, 0x8400 | rcode, 1, len(records), 0, 0) + question + b"".join(records)


def odd(how):
    good = b"v=STSv1; id=odd;"

    def spoil(query, tcp):
        if how == "wrong-id":
            query.id ^= 0x5555
            return message(query, [record(good)])
        if how == "wrong-question":
            return message(dns.message.make_query("_mta-sts.else.test", "TXT", id=query.id), [record(good)])
        if how == "other-name":
            return message(query, [record(good, b"\x04else\x04test\0")])
        if how == "loop":
            own = len(message(query, []))
            return message(query, [record(good, struct.pack("!H", 0xc000 | own))])
        if how == "forward":
            own = len(message(query, []))
            return message(query, [record(good, struct.pack("!H", 0xc000 | own + 30)), record(good, b"\x04else\x04test\0")])
        if how == "over-end":
            return message(query, [record(good)[:-17] + b"\xff" + good])
        if how == "many":
            return message(query, [record(b"%d" % i) for i in range(3000)] + [record(good)]) if tcp else truncate(query, False)
        if how == "twice":
            return message(query, [record(good)] * 3)
        if how in ("badvers", "formerr"):
            if query.edns < 0:
                return message(query, [record(good)])
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.from_text(how))
            return reply.to_wire() if how == "badvers" else message(query, [], 1)
        if how == "tcp-none" or not tcp:
            return b"" if tcp else truncate(query, False)
        whole = message(query, [record(good)])
        return {"tcp-long": (len(whole) + 50, whole), "tcp-short": (len(whole) - 5, whole), "tcp-empty": (0, whole)}[how]

    def reply(query, tcp):
        if query.question[0].rdtype == dns.rdatatype.TXT:
            return spoil(query, tcp)
        return dns.query.tcp(query, LEAF1, timeout=3).to_wire() if tcp else ask(LEAF1, query.to_wire())
    return reply


def slow(query, tcp):
    time.sleep(0.02)
    return relay(query, tcp)


def relay(query, tcp):
    return dns.query.tcp(query, PASSING, timeout=3).to_wire() if tcp else ask(PASSING, query.to_wire())


def serve(address, how):
    def answer(wire, tcp):
        try:
            return how(dns.message.from_wire(wire), tcp)
        except Exception:  # whatever the test sends, the server stays
            return None

    def one(udp, wire, peer):
        reply = answer(wire, False)
        if reply is not None:
            udp.sendto(reply, peer)

    def datagrams():
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, 53))
        started.set()
        while True:
            wire, peer = udp.recvfrom(65535)
            threading.Thread(target=one, args=(udp, wire, peer), daemon=True).start()

    def stream(connection):
        with connection:
            head = connection.recv(2)
            if len(head) == 2:
                reply = answer(connection.recv(struct.unpack("!H", head)[0]), True)
                if reply:
                    said, octets = reply if isinstance(reply, tuple) else (len(reply), reply)
                    connection.sendall(struct.pack("!H", said) + octets)

    def connections():
        tcp = socket.create_server((address, 53))
        while True:
            threading.Thread(target=stream, args=(tcp.accept()[0],), daemon=True).start()

    started = threading.Event()
    threading.Thread(target=datagrams, daemon=True).start()
    if how is not truncate:
        threading.Thread(target=connections, daemon=True).start()
    started.wait(2)
