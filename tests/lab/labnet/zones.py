"""Zones as text in, signed zones as text out.  [RFC 4034, RFC 4035]

One key (ECDSA P-256) serves every zone of the lab as key and zone signing key in one.
"""
import struct
import time

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rdtypes.ANY.RRSIG
import dns.zone
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

IN = dns.rdataclass.IN
T = dns.rdatatype
DAY = 86400


def windows(types):
    """The type bitmap of an NSEC record.  [RFC 4034 section 4.1.2]"""
    maps = {}
    for rdtype in types:
        bits = maps.setdefault(rdtype >> 8, bytearray(32))
        bits[(rdtype & 255) >> 3] |= 0x80 >> (rdtype & 7)
    return [(window, bytes(bits).rstrip(b"\0")) for window, bits in sorted(maps.items())]


class Signer:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.dnskey = dns.dnssec.make_dnskey(self.key.public_key(), "ECDSAP256SHA256", flags=257)
        self.tag = dns.dnssec.key_id(self.dnskey)
        self.wrong = dns.dnssec.make_dnskey(ec.generate_private_key(ec.SECP256R1()).public_key(), "ECDSAP256SHA256", flags=257)

    def ds(self, apex, wrong=False):
        """DS data of a zone signed by the lab; wrong: of a key that the zone does not have."""
        return dns.dnssec.make_ds(apex, self.wrong if wrong else self.dnskey, "SHA256").to_text()

    def anchor(self):
        return f". IN DS {self.ds('.')}\n"

    def signature(self, owner, rdataset, apex, begin, end):
        """The RRSIG of one RRset.  [RFC 4034 section 3.1.8.1] (dnspython 2.3 counts the labels of a wildcard wrongly.)"""
        labels = len(owner) - 1 - owner.is_wild()
        rrsig = dns.rdtypes.ANY.RRSIG.RRSIG(IN, T.RRSIG, rdataset.rdtype, self.dnskey.algorithm, labels, rdataset.ttl, end, begin,
                                            self.tag, apex, b"")
        name = owner.canonicalize().to_wire()
        data = rrsig.to_wire(origin=apex)
        for rdata in sorted(r.to_digestable() for r in rdataset):
            data += name + struct.pack("!HHIH", rdataset.rdtype, IN, rdataset.ttl, len(rdata)) + rdata
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return rrsig.replace(signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def sign(self, zone, lapsed=False):
        """Add DNSKEY, NSEC and RRSIG to a dns.zone.Zone in place. lapsed: signatures that ran out a week ago."""
        apex = zone.origin
        now = int(time.time())
        begin, end = (now - 40 * DAY, now - 7 * DAY) if lapsed else (now - DAY, now + 30 * DAY)
        ttl = 3600
        zone.find_rdataset(apex, T.DNSKEY, create=True).add(self.dnskey, ttl)
        cuts = {n for n in zone.nodes if n != apex and zone.get_rdataset(n, T.NS)}
        glue = {n for n in zone.nodes if n != apex and n.parent() in cuts} if cuts else set()
        own = sorted(n for n in zone.nodes if n not in glue)
        for position, owner in enumerate(own):
            types = sorted({s.rdtype for s in zone.nodes[owner].rdatasets} | {T.RRSIG, T.NSEC})
            if owner in cuts:
                types = [t for t in types if t in (T.NS, T.DS, T.RRSIG, T.NSEC)]
            follower = own[(position + 1) % len(own)]
            nsec = dns.rdtypes.ANY.NSEC.NSEC(IN, T.NSEC, follower, windows(types))
            zone.find_rdataset(owner, T.NSEC, create=True).add(nsec, ttl)
            for rdataset in list(zone.nodes[owner].rdatasets):
                if owner in cuts and rdataset.rdtype not in (T.DS, T.NSEC):
                    continue
                rrsig = self.signature(owner, rdataset, apex, begin, end)
                zone.find_rdataset(owner, T.RRSIG, covers=rdataset.rdtype, create=True).add(rrsig, rdataset.ttl)


def corrupt(zone, spec):
    """Break the signature over one RRset. spec: "name TYPE", relative to the zone; or NSEC for a denial."""
    owner, rdtype = spec.split()
    owner = dns.name.from_text(owner, zone.origin)
    rdtype = T.from_text(rdtype)
    rdataset = zone.find_rdataset(owner, T.RRSIG, covers=rdtype)
    good = rdataset[0]
    signature = bytes([good.signature[0] ^ 0x55]) + good.signature[1:]
    rdataset.clear()
    rdataset.add(good.replace(signature=signature), zone.find_rdataset(owner, rdtype).ttl)


def build(apex, lines, signer, signed=True, bogus=()):
    """Text of a zone from its lines (master file form, names relative to apex). signed: True, False, "lapsed" or "bad-ds"."""
    head = f"$ORIGIN {apex}\n$TTL 3600\n@ SOA ns1.labdns.net. hostmaster.labdns.net. 1 7200 900 1209600 300\n"
    zone = dns.zone.from_text(head + "\n".join(lines) + "\n", origin=apex, relativize=False, check_origin=False)
    if signed:
        signer.sign(zone, lapsed=signed == "lapsed")
        for spec in bogus:
            corrupt(zone, spec)
    return zone.to_text(relativize=False, sorted=False)


def txt(strings):
    """TXT data in master file form from one string or a list of strings; octets above 0x7E and controls become \\DDD."""
    if isinstance(strings, str):
        raw = strings.encode()
        strings = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    out = []
    for part in strings:
        part = part.encode() if isinstance(part, str) else part
        out.append('"' + "".join(chr(o) if 0x20 <= o < 0x7F and o not in b'"\\' else f"\\{o:03}" for o in part) + '"')
    return " ".join(out)
