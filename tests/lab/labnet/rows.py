"""The scenario tables: one row, one domain, one expectation. A row states only what is special about it; README.md has the list
of keys."""
import datetime
import glob
import os
import re
import tomllib

from .zones import txt

KEYS = {
    # what is published
    "name", "why", "domain", "apex", "input", "record", "ttl", "policy", "policy_hex", "mode", "max_age", "patterns", "host",
    "mx", "mx_many", "tlsrpt", "zone", "aside", "signed", "bogus", "dns", "second", "more_hosts", "pad",
    # how the check is run
    "args", "resolver", "vantage", "timeout", "hostile", "unregistered", "history",
    # what must come out
    "find", "not_tested", "may_not_test", "verdict", "status", "exit", "json", "decisions", "allow", "error",
}
HOST_KEYS = {"addresses", "cert", "reply", "file", "delay"}
MX_KEYS = {"host", "pref", "addresses", "cert", "tlsa", "tlsa_at"}
# What {EARLIER} in arguments stands for: a day on which the "expired" certificates were good.
EARLIER = (datetime.datetime.utcnow() - datetime.timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
# What {+76d} stands for is the time so many days from now; a good certificate lasts a moment longer than 90 days.
NOW = datetime.datetime.utcnow()
SEVERITIES = {"error", "warning", "notice", "info"}


def day(distance):
    return (NOW + datetime.timedelta(days=distance)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Expected:
    """One expected finding: "code [severity] [cause=WORD] [subject=TEXT] [report=TYPE]"."""

    def __init__(self, text):
        self.text = text
        self.code, *rest = text.split()
        self.severity = self.cause = self.subject = self.report = None
        for word in rest:
            key, is_pair, value = word.partition("=")
            if word in SEVERITIES:
                self.severity = word
            elif is_pair and key in ("cause", "subject", "report"):
                setattr(self, key, value)
            else:
                raise ValueError(f"cannot read the finding {text!r}")


class Row:
    def __init__(self, table, spec, tld):
        unknown = set(spec) - KEYS
        if unknown:
            raise ValueError(f"{table}: {spec.get('name')}: unknown key {sorted(unknown)}")
        self.table = table
        self.spec = spec
        self.name = spec["name"]
        self.why = spec.get("why", "")
        self.domain = spec.get("domain", f"{self.name}.{tld}")
        self.apex = spec.get("apex", self.domain)
        self.input = spec.get("input", self.domain)
        self.find = [Expected(text) for text in spec.get("find", [])]
        self.not_tested = spec.get("not_tested", [])
        self.verdict = spec.get("verdict", {"enforce": "enforced"}.get(self.mode, self.mode))
        self.hostile = spec.get("hostile", False)
        self.timeout = spec.get("timeout", 40)
        self.args = spec.get("args", [])
        self.resolver = spec.get("resolver", "lab")
        self.vantage = spec.get("vantage", "lab")
        self.decisions = spec.get("decisions", {})
        self.json = spec.get("json", {})
        self.allow = [Expected(text) for text in spec.get("allow", [])]
        self.may_not_test = set(spec.get("may_not_test", []))
        self.unregistered = spec.get("unregistered", False)

    @property
    def mode(self):
        return self.spec.get("mode", "enforce")

    def mx(self):
        """The MX hosts wanted: a list of dicts with host (absolute, no final dot), pref, addresses, cert, tlsa."""
        out = []
        wanted = self.spec.get("mx", ["mx1"])
        if "mx_many" in self.spec:
            many = dict(self.spec["mx_many"])
            wanted = [dict(many, host=f"m{n:02}", pref=10) for n in range(many.pop("count"))]
        for position, item in enumerate(wanted):
            item = {"host": item} if isinstance(item, str) else dict(item)
            if set(item) - MX_KEYS:
                raise ValueError(f"{self.name}: unknown mx key {sorted(set(item) - MX_KEYS)}")
            label = item["host"]
            item["absolute"] = label[:-1] if label.endswith(".") else f"{label}.{self.domain}" if label != "@" else self.domain
            item["own"] = not label.endswith(".")
            item.setdefault("pref", 10 * (position + 1))
            item.setdefault("addresses", ["postfix", "postfix/6"] if item["own"] else [])
            item.setdefault("cert", "good")
            out.append(item)
        return out

    def host(self):
        """The policy host wanted."""
        host = dict(self.spec.get("host", {}))
        if set(host) - HOST_KEYS:
            raise ValueError(f"{self.name}: unknown host key {sorted(set(host) - HOST_KEYS)}")
        if "reply" in host:
            host.setdefault("addresses", ["https:reply", "https:reply/6"])
        host.setdefault("addresses", ["nginx", "nginx/6"])
        host.setdefault("cert", "good")
        return host

    def policy(self):
        """Octets of the policy file, or None for no file."""
        spec = self.spec
        if "policy_hex" in spec:
            return bytes.fromhex(spec["policy_hex"])
        if "policy" in spec:
            return self.fill(spec["policy"]).encode() if spec["policy"] is not False else None
        patterns = spec.get("patterns", [mx["absolute"] for mx in self.mx()])
        lines = ["version: STSv1", f"mode: {self.mode}"] + ["mx: " + self.fill(p) for p in patterns]
        lines += [f"max_age: {spec.get('max_age', 604800)}"]
        lines += [f"x-note{n}: " + "0" * 90 for n in range(spec.get("pad", 0) // 100)]
        return "\n".join(lines + [""]).encode()

    def fill(self, text):
        text = text.replace("{D}", self.domain).replace("{EARLIER}", EARLIER)
        return re.sub(r"\{([+-]\d+)d\}", lambda m: day(int(m.group(1))), text)

    def relative(self, name):
        """A name under the domain as a master file of the apex writes it."""
        return f"{name}.{self.domain}." if name != "@" else self.domain + "."

    def zone_lines(self, addresses, shop):
        """Master file lines of the row's own zone. Takes addresses, so it is called once per row."""
        about = {"row": self.name, "domain": self.domain}
        policy = self.policy()
        lines = []
        host_name = f"mta-sts.{self.domain}"
        host = self.host()
        for word in host["addresses"]:
            ip = addresses.resolve(word, dict(about, host=host_name, cert=host["cert"], reply=host.get("reply"),
                                              policy=(policy or b"").hex(), delay=host.get("delay", 0)))
            lines.append(f"{host_name}. {'AAAA' if ':' in ip else 'A'} {ip}")
        for record in self.records():
            lines.append(f"_mta-sts.{self.domain}. {self.spec.get('ttl', 3600)} TXT {self.txt(record)}")
        for record in self.spec.get("tlsrpt", ["v=TLSRPTv1; rua=mailto:tlsrpt@{D}"]):
            lines.append(f"_smtp._tls.{self.domain}. TXT {self.txt(record)}")
        for mx in self.mx():
            lines.append(f"{self.domain}. MX {mx['pref']} {mx['absolute']}.")
            for word in mx["addresses"]:
                ip = addresses.resolve(word, dict(about, host=mx["absolute"], cert=mx["cert"]))
                lines.append(f"{mx['absolute']}. {'AAAA' if ':' in ip else 'A'} {ip}")
            for form in mx.get("tlsa", []):
                lines.append(f"_25._tcp.{mx.get('tlsa_at', mx['absolute'])}. TLSA {shop.tlsa(mx['absolute'], mx['cert'], form)}")
        lines += [self.zone_line(line, addresses, about) for line in self.spec.get("zone", [])]
        return lines

    def records(self):
        """The TXT records; {60K} is one long text, {400x} are many."""
        for record in self.spec.get("record", ["v=STSv1; id=20260101T000000"]):
            if record == "{60K}":
                yield "x" * 59000
            elif record == "{400x}":
                yield from (f"filler-{n:03} " + "y" * 80 for n in range(400))
            else:
                yield record

    def txt(self, record):
        if isinstance(record, dict):  # {hex = "..."}
            return txt([bytes.fromhex(record["hex"])])
        return txt(self.fill(record)) if isinstance(record, str) else txt([self.fill(part) for part in record])

    def zone_line(self, line, addresses, about):
        """A line as the row writes it; the owner is relative to the domain, {word} is an address of that server."""
        line = self.fill(line)
        line = re.sub(r"\{([a-z0-9:/-]+)\}", lambda m: addresses.resolve(m.group(1), about), line)
        owner, _, rest = line.partition(" ")
        return f"{owner if owner.endswith('.') else self.relative(owner)} {rest}"

    def certificates(self):
        """(host, kind) for every name that must be served by SNI."""
        yield f"mta-sts.{self.domain}", self.host()["cert"]
        for mx in self.mx():
            if mx["own"] or mx["addresses"]:
                yield mx["absolute"], mx["cert"]
        for name, kind in self.spec.get("more_hosts", {}).items():
            yield self.fill(name), kind


def load(folder):
    """All rows, in order of the files."""
    rows, seen = [], {}
    for path in sorted(glob.glob(os.path.join(folder, "*.toml"))):
        with open(path, "rb") as source:
            table = tomllib.load(source)
        for spec in table.get("row", []):
            row = Row(os.path.basename(path), spec, table.get("tld", "test"))
            if row.name in seen:
                raise ValueError(f"{path}: a second row is called {row.name}")
            seen[row.name] = row
            rows.append(row)
    return rows
