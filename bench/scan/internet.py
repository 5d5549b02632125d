"""A small internet as files: names, zones, certificates, policies, and what a scan of it has to ask.

Names stand in four top-level domains; a share of them has MTA-STS, with the errors and the shared hosts of the study that
the field report cites (IMC 2025: 68,030 domains, 29.6 % of them with an error). Everything follows from the seed.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "lab"))
from labnet import zones  # noqa: E402

TOPS = (("com", 0.80), ("org", 0.11), ("net", 0.08), ("se", 0.01))
RESOLVER = "45.80.0.53"
LOCAL = "45.80.0.0/12"            # everything below is loopback
UNREACHABLE = "45.95.0.0/16"
WEB_SHARED = "45.80.1.{}"         # policy hosts of providers
MAIL_SHARED = "45.80.2.{}"        # mail hosts of providers
STALLING_WEB = "45.91.9.1"        # takes connections on port 443 and never speaks
MOODS = {"no-starttls": 1, "busy": 2, "silent": 3}   # third octet of 45.91.0.0/16, see mailserver.c
POLICY_PROVIDERS, MAIL_PROVIDERS = 8, 8
# Shares of the study's last snapshot. Self-managed policy hosts 25,344 of 53,935; self-managed mail about 23,800 of 63,500.
SELF_HOST, SELF_MAIL = 0.47, 0.37
RECORD_FAULTS = 331 / 68030
HOST_FAULTS = {  # kind -> share with (self-managed, provider)
    "no-address": (42 / 25344, 0.0),
    "unreachable": (193 / 25344, 34 / 28591),
    "wrong-name": (8385 / 25344, 1000 / 28591),
    "self-signed": (300 / 25344, 60 / 28591),
    "expired": (186 / 25344, 53 / 28591),
    "not-found": (250 / 25344, 137 / 28591),
    "forbidden": (127 / 25344, 78 / 28591),
    "syntax": (55 / 25344, 81 / 28591),
}
MAIL_FAULTS = {"wrong-name": 0.026, "self-signed": 0.011, "expired": 0.007, "no-starttls": 0.002}  # 4.4 % of self-managed
MISMATCHES = {"typo": 63 / 68030, "label": 730 / 68030, "other": 1023 / 68030, "split": 640 / 68030}


def address(first, number):
    """The address that lies so many behind the first of a /14."""
    a, b = first.split(".")[:2]
    return f"{a}.{int(b) + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def pick(dice, table):
    """A key by its probability, or None for what is left."""
    at = dice.random()
    for key, share in table.items():
        if at < share:
            return key
        at -= share
    return None


class Internet:
    """folder receives everything; build() makes it."""

    def __init__(self, folder, names, share, seed=1, stalling=0.0, busy=0.0):
        self.folder, self.names, self.share = folder, names, share
        self.stalling, self.busy = stalling, busy  # share of policy domains behind one stalling policy host, a busy mail host
        self.dice = random.Random(f"{seed}/{names}/{share}")
        self.zone = {top: [] for top, _ in TOPS}
        self.certificates = {}   # name -> kind
        self.policies = {}       # host -> text
        self.statuses = {}       # host -> HTTP status other than 200
        self.questions = {"record": [], "policy": [], "full": []}
        self.fetches, self.probes = [], {}
        self.mail_hosts = set()
        self.count = {"names": names, "policies": 0, "usable": 0}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- shared hosts

    def providers(self):
        for top, _ in TOPS:
            zone = self.zone[top]
            for i in range(POLICY_PROVIDERS):
                zone.append(f"*.sts{i} A {WEB_SHARED.format(i + 1)}")
            for i in range(MAIL_PROVIDERS):
                for n in (1, 2):
                    host = f"mx{n}.mail{i}.{top}"
                    zone.append(f"mx{n}.mail{i} A {MAIL_SHARED.format(i * 2 + n)}")
                    self.certificates[host] = "self-signed" if i == MAIL_PROVIDERS - 1 else "good"
            zone.append(f"*.stalling A {STALLING_WEB}")
            zone.append(f"mx1.busy A 45.91.{MOODS['busy']}.1")
            zone.append(f"mx2.busy A 45.91.{MOODS['busy']}.2")

    # ---- one domain

    def record(self, label, domain):
        number = self.dice.randrange(20200101, 20261101)
        text = f"v=STSv1; id={number}T000000;"
        if self.dice.random() < RECORD_FAULTS:
            text = self.dice.choices([f"v=STSv1; id={number}-1;", "v=STSv1;", f"v=STSv2; id={number};",
                                      f"v=STSv1; id={number}; mode: enforce"], [203, 65, 52, 11])[0]
        self.zone_of(domain).append(f'_mta-sts.{label} TXT "{text}"')
        if self.dice.random() < 0.7:
            self.zone_of(domain).append(f'_smtp._tls.{label} TXT "v=TLSRPTv1; rua=mailto:tlsrpt@{domain}"')
        return text.startswith("v=STSv1; id=") and text.endswith("T000000;")

    def zone_of(self, domain):
        return self.zone[domain.rpartition(".")[2]]

    def mail(self, label, domain, number):
        """MX hosts of the domain."""
        zone, top = self.zone_of(domain), domain.rpartition(".")[2]
        if self.dice.random() < self.busy:
            hosts = {f"mx{n}.busy.{top}": f"45.91.{MOODS['busy']}.{n}" for n in (1, 2)}
        elif self.dice.random() < SELF_MAIL:
            hosts = {}
            for n in range(1, 3 if self.dice.random() < 0.2 else 2):
                host, fault = f"mx{n}.{domain}", pick(self.dice, MAIL_FAULTS)
                at = address("45.88", number * 2 + n) if fault != "no-starttls" else f"45.91.{MOODS['no-starttls']}.{number % 250 + 1}"
                zone.append(f"mx{n}.{label} A {at}")
                hosts[host] = at
                if fault != "no-starttls":
                    self.certificates[host] = fault or "good"
        else:
            # the last provider has a bad certificate: 1 % of the customers are its
            i = MAIL_PROVIDERS - 1 if self.dice.random() < 0.01 else min(int(self.dice.expovariate(0.8)), MAIL_PROVIDERS - 2)
            hosts = {f"mx{n}.mail{i}.{top}": MAIL_SHARED.format(i * 2 + n) for n in (1, 2)}
        for n, host in enumerate(hosts, 1):
            zone.append(f"{label} MX {n}0 {host}.")
        return hosts

    def policy(self, domain, hosts, fault):
        patterns = list(hosts)
        wrong = pick(self.dice, MISMATCHES)
        if wrong == "typo":
            patterns[0] = patterns[0].replace(".", "x.", 1)
        elif wrong == "label":
            patterns = [f"mta-sts.{domain}"]
        elif wrong == "other":
            patterns = ["mx.former-provider.com"]
        elif wrong == "split":
            patterns = patterns[:-1] + ["*.mail6.net"]
        mode = self.dice.choices(["enforce", "testing", "none"], [55, 40, 5])[0]
        if fault == "syntax":
            patterns = [self.dice.choice([f"postmaster@{domain}", patterns[0] + ".", ""])]
        lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {p}" for p in patterns), f"max_age: {self.dice.choice([86400, 604800, 2419200])}"]
        return "\r\n".join(lines) + "\r\n"

    def policy_host(self, label, domain, number, hosts):
        """The policy host of a domain: its address, or None when nothing can be fetched there."""
        zone, host, top = self.zone_of(domain), f"mta-sts.{domain}", domain.rpartition(".")[2]
        own = self.dice.random() < SELF_HOST
        fault = pick(self.dice, {kind: shares[0 if own else 1] for kind, shares in HOST_FAULTS.items()})
        if self.dice.random() < self.stalling:
            zone.append(f"mta-sts.{label} CNAME x{number}.stalling.{top}.")
            return None
        if fault == "no-address":
            return None
        if fault == "unreachable":
            zone.append(f"mta-sts.{label} A {address('45.95', number % 65536)}")
            return None
        if own:
            at = address("45.84", number)
            zone.append(f"mta-sts.{label} A {at}")
        else:
            i = min(int(self.dice.expovariate(0.5)), POLICY_PROVIDERS - 1)
            at = WEB_SHARED.format(i + 1)
            zone.append(f"mta-sts.{label} CNAME x{number}.sts{i}.{top}.")
        self.certificates[host] = fault if fault in ("wrong-name", "self-signed", "expired") else "good"
        if fault in ("not-found", "forbidden"):
            self.statuses[host] = 404 if fault == "not-found" else 403
        else:
            self.policies[host] = self.policy(domain, hosts, fault)
        return at

    def domain(self, number):
        top = self.dice.choices([t for t, _ in TOPS], [w for _, w in TOPS])[0]
        label = f"d{number:07}"
        domain = f"{label}.{top}"
        self.questions["record"].append(f"_mta-sts.{domain} TXT")
        if self.dice.random() >= self.share:
            i = number % (MAIL_PROVIDERS - 1)
            self.zone[top].append(f"{label} MX 10 mx1.mail{i}.{top}.")
            if self.dice.random() < 0.005:
                self.zone[top].append(f'*.{label} TXT "v=spf1 -all"')
            return domain
        self.count["policies"] += 1
        usable = self.record(label, domain)
        own = self.count["policies"]  # addresses of its own: by this number, or those of long lists would run into one another's
        hosts = self.mail(label, domain, own)
        at = self.policy_host(label, domain, own, hosts)
        if not usable:
            return domain
        host = f"mta-sts.{domain}"
        self.questions["policy"] += [f"{host} A", f"{host} AAAA"]
        if at is not None:
            self.fetches.append(f"{at} {host}")
        self.count["usable"] += host in self.policies and self.certificates[host] == "good"
        self.questions["full"] += [f"{domain} MX", f"_smtp._tls.{domain} TXT"]
        for name, where in hosts.items():
            if name not in self.mail_hosts:
                self.mail_hosts.add(name)
                self.questions["full"] += [f"{name} A", f"{name} AAAA"]
                self.probes[where] = name
        return domain

    # ---- files

    def write(self, name, lines):
        with open(self.path(name), "w") as out:
            out.write("\n".join(lines) + "\n")

    def write_zones(self):
        signer = zones.Signer()
        root = ["@ NS a.nic.net.", f"a.nic.net. A {RESOLVER}"]
        for top, _ in TOPS:
            root += [f"{top}. NS a.nic.net."]
            head = [f"$ORIGIN {top}.", "$TTL 3600", "@ SOA a.nic.net. hostmaster.nic.net. 1 7200 900 1209600 300", "@ NS a.nic.net."]
            glue = [f"a.nic A {RESOLVER}"] if top == "net" else []
            self.write(f"zone.{top}", head + glue + self.zone[top])
        with open(self.path("zone.root"), "w") as out:
            out.write(zones.build(".", root, signer))
        self.write("anchor", [signer.anchor()])

    def write_web(self):
        for host, text in self.policies.items():
            os.makedirs(self.path("web", host[-6:-4], host))
            with open(self.path("web", host[-6:-4], host, "policy"), "w", newline="") as out:
                out.write(text)
        for host, status in self.statuses.items():
            os.makedirs(self.path("web", host[-6:-4], host))
            if status == 403:
                os.makedirs(self.path("web", host[-6:-4], host, "forbidden"))

    def write_certificates(self):
        import certificates
        certificates.issue(self.path("certs"), self.path("ca.pem"), self.certificates)

    def build(self):
        os.makedirs(self.folder)
        self.providers()
        self.write("names", [self.domain(n) for n in range(1, self.names + 1)])
        for depth, lines in self.questions.items():
            self.write(f"questions.{depth}", lines)
        self.write("fetches", self.fetches)
        self.write("probes", [f"{at} {name}" for at, name in self.probes.items()])
        self.write_zones()
        self.write_web()
        self.write_certificates()
        self.count.update({"fetches": len(self.fetches), "probes": len(self.probes)},
                          **{f"questions_{depth}": len(lines) for depth, lines in self.questions.items()})
        return self.count
