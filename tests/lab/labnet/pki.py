"""Certificates, made anew at every start: a root, an intermediate, an unknown root, and whatever the rows ask for.

A kind is a word, or several joined by "+": "good", "expired", "mismatch+expired", "rsa", ...
"""
import datetime
import hashlib
import os
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
warnings.filterwarnings("ignore", message="SHA1")  # a weak certificate is just what some rows want


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    def __init__(self, common_name, issuer=None, signs_from=None, days=(-400, 3650)):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = name(common_name)
        now = datetime.datetime.utcnow()
        signer = issuer or self
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.subject).issuer_name(signer.subject)
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
            .sign(signer.key, hashes.SHA256()))


class Shop:
    """Issues certificates for names. `folder` receives one PEM file (key, leaf, chain) per request."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.root = Authority("Lab Root")
        self.intermediate = Authority("Lab Intermediate", self.root)
        self.lapsed = Authority("Lab Lapsed Intermediate", self.root, days=(-400, -3))
        self.stranger = Authority("Stranger Root")
        self.stranger_intermediate = Authority("Stranger Intermediate", self.stranger)
        self.keys = {"ec": ec.generate_private_key(ec.SECP256R1())}
        self.made = {}
        with open(os.path.join(folder, "root.pem"), "wb") as out:
            out.write(pem(self.root.certificate))

    @property
    def ca_file(self):
        return os.path.join(self.folder, "root.pem")

    def key(self, kind):
        if kind not in self.keys:
            self.keys[kind] = (ec.generate_private_key(ec.SECP384R1()) if kind == "p384" else
                               rsa.generate_private_key(65537, {"rsa": 2048, "rsa1024": 1024}[kind]))
        return self.keys[kind]

    def issue(self, host, kind="good"):
        """The chain for a host, leaf first, and its key. The same request gives the same certificate."""
        if (host, kind) not in self.made:
            self.made[host, kind] = self.make(host, kind)
        return self.made[host, kind]

    def make(self, host, kind):
        words = set(kind.split("+"))
        known = {"good", "expired", "not-yet-valid", "self-signed", "unknown-root", "unknown-root-sent", "no-intermediate",
                 "mismatch", "cn-only", "wildcard", "wildcard-deep", "rsa", "p384", "rsa1024", "sha1", "expires-10d",
                 "expires-5d", "expires-60d", "year", "many-names", "lapsed-intermediate", "upper-case", "extra-names", "client-only",
                 "root-sent", "provider", "ip-only", "anchor-sent", "hostile-names"}
        if words - known:
            raise ValueError(f"unknown certificate kind {kind}")
        now = datetime.datetime.utcnow()
        begin, end = now - 30 * DAY, now + 90 * DAY
        if "expired" in words:
            begin, end = now - 100 * DAY, now - 9 * DAY
        if "not-yet-valid" in words:
            begin, end = now + 20 * DAY, now + 110 * DAY
        if "expires-10d" in words:
            end = now + 10 * DAY + datetime.timedelta(hours=3)
        if "expires-5d" in words:
            end = now + 5 * DAY + datetime.timedelta(hours=3)
        if "expires-60d" in words:
            end = now + 60 * DAY
        if "year" in words:
            end = now + 400 * DAY
        names = [host]
        if "mismatch" in words:
            names = ["www.elsewhere.org", "elsewhere.org"]
        if "provider" in words:
            names = ["*.policyhost.net", "policyhost.net"]
        if "wildcard" in words:
            names = ["*." + host.partition(".")[2]]
        if "wildcard-deep" in words:
            names = ["*." + host.partition(".")[2].partition(".")[2]]
        if "upper-case" in words:
            names = [host.upper()]
        if "extra-names" in words:
            names = ["autoconfig." + host, host, "www." + host]
        if "many-names" in words:
            names = [f"customer{n:04}.elsewhere.org" for n in range(3000)] + names
        if "hostile-names" in words:
            names = ["\x1b[2J.elsewhere.org", "<script>alert(1)</script>.org"]
        common_name = names[0]
        if "cn-only" in words:
            common_name, names = host, []
        key = self.key("rsa1024" if "rsa1024" in words else "rsa" if "rsa" in words else "p384" if "p384" in words else "ec")
        issuer = self.intermediate
        chain = [self.intermediate.certificate]
        if "lapsed-intermediate" in words:
            issuer, chain = self.lapsed, [self.lapsed.certificate]
        if words & {"unknown-root", "unknown-root-sent"}:
            issuer, chain = self.stranger_intermediate, [self.stranger_intermediate.certificate]
        if "unknown-root-sent" in words:
            chain = chain + [self.stranger.certificate]
        if words & {"root-sent", "anchor-sent"}:
            chain = chain + [self.root.certificate]
        if "no-intermediate" in words:
            chain = []
        builder = (x509.CertificateBuilder().subject_name(name(common_name))
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(begin).not_valid_after(end)
                   .add_extension(x509.BasicConstraints(False, None), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if "client-only" in words else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        alternatives = [x509.DNSName(n) for n in names]
        if "ip-only" in words:
            import ipaddress
            alternatives = [x509.IPAddress(ipaddress.ip_address("45.80.1.1"))]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        if "self-signed" in words:
            builder, signer, chain = builder.issuer_name(name(common_name)), key, []
        else:
            builder = builder.issuer_name(issuer.subject).add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
            builder = builder.add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(
                x509.oid.AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier("http://ca.labdns.net/intermediate.der"))]), critical=False)
            signer = issuer.key
        leaf = builder.sign(signer, hashes.SHA1() if "sha1" in words else hashes.SHA256())
        return [leaf] + chain, key

    def text(self, host, kind="good"):
        chain, key = self.issue(host, kind)
        return key_pem(key) + b"".join(pem(c) for c in chain)

    def file(self, host, kind="good"):
        """Path of a PEM file with the key first, then the chain."""
        digest = hashlib.sha256(f"{host} {kind}".encode()).hexdigest()[:24]
        path = os.path.join(self.folder, digest + ".pem")
        if not os.path.exists(path):
            with open(path, "wb") as out:
                out.write(self.text(host, kind))
            if kind == "expires-60d":
                self.file(host, "year")  # what it is renewed with
        return path

    def tlsa(self, host, kind, form):
        """TLSA data such as "3 1 1 <hex>" for a form "3 1 1", "2 0 1", "3 0 0", or with "bad" behind for one that fits nothing."""
        usage, selector, matching, *rest = form.split()
        chain, _ = self.issue(host, kind)
        certificate = chain[0] if usage in "13" else chain[-1]
        if selector == "0":
            data = certificate.public_bytes(serialization.Encoding.DER)
        else:
            data = certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                         serialization.PublicFormat.SubjectPublicKeyInfo)
        if rest == ["bad"]:
            data = b"something else" + data
        value = {"0": data.hex, "1": hashlib.sha256(data).hexdigest, "2": hashlib.sha512(data).hexdigest}.get(
            matching, data[:20].hex)()
        return f"{usage} {selector} {matching} {value}"
