"""The whole lab: everything started once, in the right order."""
import os
import shutil
import sys
import time

from . import dnsserve, exim, faultserve, layout, mail, pki, rows, space, web, zones
from .layout import Addresses
from .procs import Procs, wait_port

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"


def real_root():
    """Root outside of a user namespace too: Postfix needs several users."""
    with open("/proc/self/uid_map") as source:
        return source.read().split()[:3] == ["0", "0", "4294967295"]


class Lab:
    def __init__(self, work, scenarios, only=None):
        self.work = work
        self.procs = Procs(work)
        self.rows = rows.load(scenarios)
        self.wanted = [r for r in self.rows if only is None or only.search(r.name)]
        self.neighbour = None
        self.with_postfix = real_root() and os.path.exists("/usr/sbin/postfix")
        self.exim = real_root() and os.environ.get("MTASTS_LAB_EXIM")  # `run` knows where it is

    def start(self):
        begun = time.monotonic()
        space.build(self.work)
        self.neighbour = space.Neighbour()
        addresses = Addresses()
        shop = pki.Shop(os.path.join(self.work, "certs"))
        tree = dnsserve.Tree(os.path.join(self.work, "zones"), zones.Signer())
        dnsserve.infrastructure(tree)
        # Rows that are not wanted need no servers; the demonstration's domains always stand.
        for row in self.wanted:
            dnsserve.add_row(tree, row, addresses, shop)
        paths = dnsserve.start(self.work, tree, self.procs)
        self.ca_file, self.anchor, self.hints = shop.ca_file, paths["anchor"], paths["hints"]
        self.delv_anchor = paths["delv_anchor"]
        web.start(self.work, self.wanted, addresses, shop, self.procs)
        if self.with_postfix:
            mail.start(self.work, self.wanted, shop, self.procs)
        else:
            addresses.servers["smtp"].update(mail.stand_ins(self.work, self.wanted, shop))
        self.start_exim(addresses, shop)
        self.start_faults(addresses, shop)
        self.wait()
        self.start_seconds = time.monotonic() - begun

    def start_exim(self, addresses, shop):
        if self.exim:
            exim.start(self.exim, self.work, self.wanted, shop, self.procs)
        else:
            print("lab: Exim skipped: servers of mailfault.py stand at its addresses", file=sys.stderr)
            addresses.servers["smtp"].update(exim.stand_ins(self.work, self.wanted, shop))

    def start_faults(self, addresses, shop):
        names = addresses.servers["dns"]
        for about in names.values():
            about["backend"] = layout.LEAF_NS[0][0]
        names[layout.STRIPPING] = {"row": "lab", "behaviour": "strip", "backend": layout.RESOLVER}
        names[layout.REFUSING_RESOLVER] = {"row": "lab", "behaviour": "refuse", "backend": layout.RESOLVER}
        names[layout.SLOW_RESOLVER] = {"row": "lab", "behaviour": "slow", "backend": layout.RESOLVER}
        names[layout.DEAF_RESOLVER] = {"row": "lab", "behaviour": "deaf", "backend": layout.RESOLVER}
        for script, servers in (("dnsfault", names), ("webfault", addresses.servers["https"]),
                                ("mailfault", addresses.servers["smtp"])):
            table = faultserve.write_table(self.work, script, servers, shop)
            self.procs.start(script, [PYTHON, os.path.join(HERE, script + ".py"), table])
        self.fault_ports = [(list(s)[-1], port) for s, port in ((names, 53), (addresses.servers["https"], 443),
                                                                 (addresses.servers["smtp"], 25)) if s]

    def wait(self):
        ports = [(layout.RESOLVER, 53), (layout.LEAF_NS[0][0], 53), (layout.VARIANT_NS, 53), (layout.web_address("nginx"), 443),
                 *self.fault_ports]
        if self.with_postfix:
            ports.append((layout.postfix_address("postfix"), 25))
        if self.exim:
            ports.append((layout.exim_address("exim"), 25))
        for address, port in ports:
            try:
                wait_port(address, port)
            except TimeoutError as late:
                raise SystemExit(f"lab: {late}; not running: {self.procs.last_words()}")

    def environment(self):
        """What programs inside the lab need to know."""
        return dict(os.environ, MTASTS_LAB_RESOLVER=layout.RESOLVER, MTASTS_LAB_TRUST_ANCHOR=self.anchor,
                    MTASTS_LAB_CA_FILE=self.ca_file, MTASTS_LAB_ROOT_HINTS=self.hints, MTASTS_LAB_WORK=self.work)

    def options(self, resolver="lab"):
        """The options with which mtasts finds its way here."""
        options = ["--trust-anchor", self.anchor, "--ca-file", self.ca_file]
        at = {"lab": layout.RESOLVER, "strip": layout.STRIPPING, "dead": layout.DEAD_RESOLVER,
              "refuse": layout.REFUSING_RESOLVER, "slow": layout.SLOW_RESOLVER, "deaf": layout.DEAF_RESOLVER, "lab6": f"[{layout.RESOLVER6}]:53"}.get(resolver)
        if at:
            options += ["--resolver", at]
        else:
            options += ["--root-hints", self.hints]  # resolver = "system": /etc/resolv.conf names the stripping one
        return options

    def stop(self, keep=False):
        self.procs.stop()
        if self.neighbour:
            self.neighbour.stop()
        if keep:
            os.unlink(os.path.join(self.work, "lock"))  # so that no later lab sweeps it away
            print(f"lab: kept {self.work}", file=sys.stderr)
        else:
            shutil.rmtree(self.work, ignore_errors=True)
