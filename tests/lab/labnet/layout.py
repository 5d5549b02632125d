"""Who lives where. Every address of the lab is decided here.

The main prefixes are ordinary global unicast space: the namespace has no way out, and addresses that no special-purpose
registry lists let the checker behave as it does on the real internet. Rows that need a special address write it down.
"""
import ipaddress

V4 = "45.80.0.0/16"
V6 = "2a0e:b100::/32"
UNREACHABLE = ("45.81.0.0/16", "2a0e:b101::/32")   # routers answer "unreachable"
BLACKHOLE = ("45.82.0.0/16", "2a0e:b102::/32")     # packets vanish
# Special-purpose space that is routed to the lab too, so that a refused connection differs from a connection not made.
SPECIAL = ("10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "100.64.0.0/10",
           "169.254.0.0/16", "192.168.0.0/16", "172.16.0.0/12", "2001:db8::/32", "fd00::/8")

CLIENT = ("45.80.254.2", "2a0e:b100:fe::2")        # what the lab's own machine is called
RESOLVER = "45.80.0.53"          # Unbound, validating, passes DNSSEC on
RESOLVER6 = "2a0e:b100::53"
STRIPPING = "45.80.0.54"         # a resolver that drops everything about DNSSEC
SLOW_RESOLVER = "45.80.0.56"      # takes a second for each answer
DEAF_RESOLVER = "45.80.0.57"      # drops every question that does not ask for DNSSEC
DEAD_RESOLVER = "45.82.0.53"     # never answers
REFUSING_RESOLVER = "45.80.0.55"  # answers REFUSED to everything

ROOT_NS = ("45.80.0.1", "2a0e:b100::1")
TLD_NS = ("45.80.0.2", "2a0e:b100::2")
LEAF_NS = (("45.80.0.3", "2a0e:b100::3"), ("45.80.0.4", "2a0e:b100::4"))
VARIANT_NS = "45.80.0.5"         # the same zones, some with other content: a second server that disagrees
LEAF_NAMES = ("ns1.labdns.net.", "ns2.labdns.net.")

# nginx listeners: kind -> last octet in 45.80.1.0/24 and 2a0e:b100:1::/64
WEB = {"nginx": 1, "nginx2": 2, "nginx3": 3, "tls12": 12, "tls13": 13, "tlsold": 11, "reject": 20, "plain": 21,
       "moved": 22, "moved-local": 23, "fallback": 24, "rpt": 25}
# Postfix listeners: kind -> last octet in 45.80.2.0/24 and 2a0e:b100:2::/64
POSTFIX = {"postfix": 1, "postfix2": 2, "postfix3": 3, "postfix4": 4, "postfix-tls12": 12, "postfix-tls13": 13,
           "postfix-notls": 20}
# Exim listeners: kind -> last octet in 45.80.3.0/24 and 2a0e:b100:3::/64
EXIM = {"exim": 1, "exim2": 2, "exim-notls": 20, "exim-defer": 21}

POOLS = {  # kind of server that gets an address of its own for each use
    "refused": ("45.80.9.0/24", "2a0e:b100:9::/64"),
    "unreachable": UNREACHABLE,
    "blackhole": BLACKHOLE,
    "https": ("45.80.16.0/20", "2a0e:b100:16::/64"),
    "smtp": ("45.80.32.0/20", "2a0e:b100:32::/64"),
    "dns": ("45.80.48.0/20", "2a0e:b100:48::/64"),
    "nginxmail": ("45.80.64.0/20", "2a0e:b100:64::/64"),
}


def web_address(kind, family=4):
    return f"45.80.1.{WEB[kind]}" if family == 4 else f"2a0e:b100:1::{WEB[kind]}"


def postfix_address(kind, family=4):
    return f"45.80.2.{POSTFIX[kind]}" if family == 4 else f"2a0e:b100:2::{POSTFIX[kind]}"


def exim_address(kind, family=4):
    return f"45.80.3.{EXIM[kind]}" if family == 4 else f"2a0e:b100:3::{EXIM[kind]}"


class Addresses:
    """Turns the address words of the scenario tables into addresses, and remembers which server must answer there."""

    def __init__(self):
        self.used = {}
        self.servers = {"https": {}, "smtp": {}, "dns": {}, "nginxmail": {}}

    def take(self, pool, family):
        first = ipaddress.ip_network(POOLS[pool][0 if family == 4 else 1])
        number = self.used.get((pool, family), 0) + 1
        self.used[pool, family] = number
        # .53 and the like are named elsewhere; pools start behind them
        return str(first[number + (256 if pool in ("unreachable", "blackhole") else 0)])

    def resolve(self, word, about):
        """The address that a word of the tables stands for.

        `nginx`, `tls12/6`, `refused`, `blackhole`, `https:stall`, `smtp:slow/6`, or an address as it is. `about` goes to
        the server that is to answer there: a dict.
        """
        try:
            return str(ipaddress.ip_address(word))
        except ValueError:
            pass
        family = 4
        if word.endswith("/6"):
            word, family = word[:-2], 6
        kind, _, behaviour = word.partition(":")
        if kind in WEB:
            return web_address(kind, family)
        if kind in POSTFIX:
            return postfix_address(kind, family)
        if kind in EXIM:
            return exim_address(kind, family)
        if kind not in POOLS:
            raise ValueError(f"unknown server: {word}")
        address = self.take(kind, family)
        if kind in self.servers:
            self.servers[kind][address] = dict(about, behaviour=behaviour)
        return address
