"""The lab's name servers: three NSD (root, top-level domains, leaves), a fourth with variants of some leaves, and Unbound."""
import os
import shutil
import traceback

from . import layout, zones
from .rows import Row


class Tree:
    """All zones of the lab as text files, from the root down."""

    def __init__(self, folder, signer):
        self.folder = folder
        self.signer = signer
        self.leaves = {}      # apex -> (lines, signed, bogus, name servers or None)
        self.variants = {}    # apex -> lines at the second server
        os.makedirs(folder, exist_ok=True)

    def add(self, apex, lines, signed=True, bogus=(), servers=None):
        apex = apex.rstrip(".") + "."
        if apex in self.leaves:
            raise ValueError(f"zone {apex} is there twice")
        self.leaves[apex] = (lines, signed, bogus, servers)

    def path(self, group, apex):
        return os.path.join(self.folder, f"{group}.{apex.rstrip('.') or 'root'}")

    def write(self, group, apex, text):
        path = self.path(group, apex)
        with open(path, "w") as out:
            out.write(text)
        return path

    def build_all(self, jobs):
        """Signing is the slow part of the start: one process for each processor shares it."""
        children = []
        count = os.cpu_count() or 1
        for part in range(count):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    for _, group, apex, lines, signed, bogus in jobs[part::count]:
                        self.write(group, apex, zones.build(apex, lines, self.signer, signed, bogus))
                    status = 0
                except Exception:
                    traceback.print_exc()
                finally:
                    os._exit(status)
            children.append(child)
        if any([os.waitpid(child, 0)[1] for child in children]):
            raise SystemExit("lab: a zone could not be made")

    def finish(self):
        """Write everything. Returns {group: [(apex, path)]}."""
        out = {"root": [], "tld": [], "leaf": [], "variant": []}
        tops = {}
        jobs = []
        for apex, (lines, signed, bogus, servers) in self.leaves.items():
            names = self.server_lines(apex, servers)
            jobs.append((out["leaf"], "leaf", apex, names + lines, signed, bogus))
            if apex in self.variants:
                jobs.append((out["variant"], "variant", apex, names + self.variants[apex], signed, bogus))
            label, _, top = apex.partition(".")
            delegation = [f"{apex} {line.partition(' ')[2]}" for line in names if " NS " in line]
            delegation += [line for line in names if " NS " not in line]
            if signed:
                delegation.append(f"{apex} DS {self.signer.ds(apex, wrong=signed == 'bad-ds')}")
            tops.setdefault(top, []).extend(delegation)
        self.build_all(jobs)
        for group, word, apex, *_ in jobs:
            group.append((apex, self.path(word, apex)))
        root = ["@ NS a.rootns.", *hosts("a.rootns.", layout.ROOT_NS)]
        for top, lines in sorted(tops.items()):
            if top == "net.":
                lines += [l for n, a in zip(layout.LEAF_NAMES, layout.LEAF_NS) for l in hosts(n, a)]
            text = zones.build(top, ["@ NS a.tldns."] + lines, self.signer)
            out["tld"].append((top, self.write("tld", top, text)))
            root += [f"{top} NS a.tldns.", f"{top} DS {self.signer.ds(top)}"]
        root += hosts("a.tldns.", layout.TLD_NS)
        out["root"].append((".", self.write("root", ".", zones.build(".", root, self.signer))))
        return out

    @staticmethod
    def server_lines(apex, servers):
        if servers is None:
            return [f"@ NS {name}" for name in layout.LEAF_NAMES]
        lines = []
        for number, addresses in enumerate(servers, 1):
            lines.append(f"@ NS ns{number}.{apex}")
            lines += [f"ns{number}.{apex} {'AAAA' if ':' in a else 'A'} {a}" for a in addresses]
        return lines


def hosts(name, addresses):
    return [f"{name} {'AAAA' if ':' in a else 'A'} {a}" for a in addresses]


def infrastructure(tree):
    """Zones every row may lean on."""
    lines = [l for n, a in zip(layout.LEAF_NAMES, layout.LEAF_NS) for l in hosts(n, a)]
    lines += ["@ MX 10 mx", *hosts("mx", [layout.postfix_address("postfix"), layout.postfix_address("postfix", 6)]),
              *hosts("rpt", [layout.web_address("rpt"), layout.web_address("rpt", 6)])]
    tree.add("labdns.net.", lines)
    # A host that mail providers' customers share.
    tree.add("mailprovider.net.", [l for n in ("mx1", "mx2", "a.deep") for l in hosts(
        n, [layout.postfix_address("postfix"), layout.postfix_address("postfix", 6)])])


CERTIFICATES = {"mx.labdns.net": "good", "rpt.labdns.net": "good", "mx1.mailprovider.net": "good",
                "mx2.mailprovider.net": "good", "a.deep.mailprovider.net": "good"}


def add_row(tree, row: Row, addresses, shop):
    """Put a row's zones into the tree."""
    if row.unregistered:
        return
    about = {"row": row.name, "domain": row.domain}
    lines = row.zone_lines(addresses, shop)
    servers = None
    faults = row.spec.get("dns", [])
    second = row.spec.get("second")
    if faults or second:
        rules = [dict(f, name=row.fill(f["name"]) if f["name"] == "*" or f["name"].endswith(".") else row.relative(f["name"]))
                 for f in faults]
        at = [[r for r in rules if r.get("at", n) == n] for n in (1, 2)]
        first = addresses.resolve("dns:faults", dict(about, rules=at[0])) if at[0] else layout.LEAF_NS[0][0]
        if second:
            other = layout.VARIANT_NS
        elif any("server" in r for r in at[1]):
            other = addresses.resolve(next(r["server"] for r in at[1] if "server" in r), about)
        else:
            other = addresses.resolve("dns:faults", dict(about, rules=at[1])) if at[1] else layout.LEAF_NS[1][0]
        servers = [[first], [other]]
    tree.add(row.apex, lines, row.spec.get("signed", True), row.spec.get("bogus", ()), servers)
    if second:
        replaced = {line.split()[0] for line in (row.zone_line(l, addresses, about) for l in second)}
        kept = [l for l in lines if l.split()[0] not in replaced or " TXT " not in l]
        tree.variants[row.apex + "."] = kept + [row.zone_line(l, addresses, about) for l in second if not l.endswith(" -")]
    for apex, more in row.spec.get("aside", {}).items():
        options = {"signed": True}
        if isinstance(more, dict):
            options.update({k: v for k, v in more.items() if k != "lines"})
            more = more["lines"]
        tree.add(row.fill(apex), [row.zone_line(l, addresses, about) if l.split()[0].endswith(".") else
                                  row.zone_line(aside_owner(l, row.fill(apex)), addresses, about) for l in more], **options)


def aside_owner(line, apex):
    owner, _, rest = line.partition(" ")
    return f"{apex}. {rest}" if owner == "@" else f"{owner}.{apex}. {rest}"


def nsd_conf(work, group, addresses, zone_files):
    folder = os.path.join(work, "nsd-" + group)
    os.makedirs(folder, exist_ok=True)
    conf = ["server:", '  username: ""', '  chroot: ""', '  database: ""', f'  zonesdir: "{folder}"',
            f'  pidfile: "{folder}/pid"', f'  xfrdfile: "{folder}/xfrd"', f'  zonelistfile: "{folder}/zones"',
            f'  xfrdir: "{folder}"', "  server-count: 1", "  ip-transparent: yes", "  hide-version: yes", "  tcp-count: 200",
            "  rrl-ratelimit: 0", "  minimal-responses: no", "  log-only-syslog: no"]
    conf += [f"  ip-address: {a}" for a in addresses]
    conf += ["remote-control:", "  control-enable: no"]
    for apex, path in zone_files:
        conf += ["zone:", f'  name: "{apex}"', f'  zonefile: "{path}"']
    path = os.path.join(folder, "nsd.conf")
    with open(path, "w") as out:
        out.write("\n".join(conf) + "\n")
    return path


UNBOUND = """server:
  interface: {address}
  interface: {address6}
  interface: 127.0.0.1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: "{folder}/log"
  verbosity: 1
  val-log-level: 2
  root-hints: "{hints}"
  trust-anchor-file: "{anchor}"
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: "test." nodefault
  num-threads: 1
  incoming-num-tcp: 300
  outgoing-range: 2000
  num-queries-per-thread: 1000
  infra-cache-numhosts: 20000
  cache-max-ttl: 604800
  msg-cache-size: 16m
  rrset-cache-size: 32m
  do-ip6: yes
  ip-ratelimit: 0
  ratelimit: 0
remote-control:
  control-enable: no
"""


def start(work, tree, procs):
    """Write the files, start the servers. Returns the paths that clients of the lab need."""
    anchor, hints = os.path.join(work, "root.key"), os.path.join(work, "root.hints")
    with open(anchor, "w") as out:
        out.write(tree.signer.anchor())
    with open(hints, "w") as out:
        out.write(". 3600000 NS a.rootns.\n" + "".join(
            f"a.rootns. 3600000 {'AAAA' if ':' in a else 'A'} {a}\n" for a in layout.ROOT_NS))
    groups = tree.finish()
    listen = {"root": layout.ROOT_NS, "tld": layout.TLD_NS, "leaf": [a for pair in layout.LEAF_NS for a in pair],
              "variant": [layout.VARIANT_NS]}
    for group, files in groups.items():
        conf = nsd_conf(work, group, listen[group], files)
        procs.start("nsd-" + group, [shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", conf])
    folder = os.path.join(work, "unbound")
    os.makedirs(folder, exist_ok=True)
    conf = os.path.join(folder, "unbound.conf")
    with open(conf, "w") as out:
        out.write(UNBOUND.format(address=layout.RESOLVER, address6=layout.RESOLVER6, folder=folder, hints=hints, anchor=anchor))
    procs.start("unbound", [shutil.which("unbound") or "/usr/sbin/unbound", "-d", "-c", conf])
    delv_anchor = os.path.join(work, "root.delv")  # BIND writes anchors its own way
    with open(delv_anchor, "w") as out:
        tag, algorithm, kind, digest = tree.signer.ds(".").split()
        out.write(f'trust-anchors {{ . static-ds {tag} {algorithm} {kind} "{digest}"; }};\n')
    return {"anchor": anchor, "hints": hints, "delv_anchor": delv_anchor}
