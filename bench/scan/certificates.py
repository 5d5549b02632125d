"""Certificates by the ten thousand: a root, an intermediate, and a leaf for each name, all with the same key of P-256."""
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Issuer:
    def __init__(self, title, above=None):
        now = datetime.datetime.utcnow()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = named(title)
        self.usage = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.subject).issuer_name((above or self).subject).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - 400 * DAY).not_valid_after(now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign((above or self).key, hashes.SHA256()))


class Shop:
    def __init__(self):
        self.root = Issuer("Bench Root")
        self.intermediate = Issuer("Bench Intermediate", self.root)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.key.public_key()
        self.secret = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.chain = pem(self.intermediate.certificate)
        self.now = datetime.datetime.utcnow()

    def leaf(self, name, kind):
        """Key, leaf and chain as PEM. kind: good, wrong-name, expired, self-signed."""
        end = self.now + (-10 if kind == "expired" else 80) * DAY
        told = "other.invalid" if kind == "wrong-name" else name
        alone = kind == "self-signed"
        certificate = (
            x509.CertificateBuilder().subject_name(named(told)).issuer_name(named(told) if alone else self.intermediate.subject)
            .public_key(self.public).serial_number(x509.random_serial_number())
            .not_valid_before(self.now - 20 * DAY).not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(told)]), critical=False)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(self.intermediate.usage, critical=False)
            .sign(self.key if alone else self.intermediate.key, hashes.SHA256()))
        return self.secret + pem(certificate) + (b"" if alone else self.chain)


def issue(folder, root_file, wanted):
    """wanted: {name: kind}. Writes folder/NAME.pem, "default.pem" for any other name, and the root."""
    shop = Shop()
    os.makedirs(folder)
    with open(root_file, "wb") as out:
        out.write(pem(shop.root.certificate))
    common = os.path.join(folder, "default.pem")
    with open(common, "wb") as out:
        out.write(shop.leaf("default", "wrong-name"))
    for name, kind in wanted.items():
        path = os.path.join(folder, name + ".pem")
        if kind == "wrong-name":
            os.link(common, path)
            continue
        with open(path, "wb") as out:
            out.write(shop.leaf(name, kind))
