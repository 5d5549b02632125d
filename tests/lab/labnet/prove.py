"""The lab's own proof: ordinary tools (dig, delv, curl, openssl) must see what the rows publish. `run prove`."""
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from . import layout

POLICY = "/.well-known/mta-sts.txt"


def dig(question, *options):
    return ["dig", f"@{layout.RESOLVER}", "+tries=1", "+time=8", *question.split(), *options]


def direct(address, question):
    return ["dig", f"@{address}", "+tries=1", "+time=2", "+norecurse", *question.split()]


def curl(lab, domain, *options):
    return ["curl", "-sS", "-i", "-m", "6", "--cacert", lab.ca_file, f"https://mta-sts.{domain}{POLICY}", *options]


def smtp(lab, host, address, *options):
    return ["timeout", "8", "openssl", "s_client", "-starttls", "smtp", "-connect", f"{address}:25", "-servername", host,
            "-verify_hostname", host, "-CAfile", lab.ca_file, "-brief", *options]


def address_of(name):
    return subprocess.run([*dig(name + " A"), "+short"], capture_output=True, text=True).stdout.split()[-1]


def table(lab):
    """(what, command, pattern its output must fit)"""
    mx2 = {name: address_of(f"mx2.{name}.test") for name in (
        "mx-greeting-421", "mx-ehlo-refused", "mx-starttls-454", "mx-tls-alert", "mx-tls-old", "mx-cert-expired", "mx-cert-nginx",
        "mx-starttls-missing", "mx-tls-close", "mx-cert-self-signed", "mx-cert-untrusted", "mx-cert-chain-incomplete",
        "mx-cert-name-mismatch", "mx-cert-weak")}
    yield "root to leaf is secure", ["delv", f"@{layout.RESOLVER}", "-a", lab.delv_anchor, "+root=.", "_mta-sts.plain.org", "TXT"], "; fully validated"
    yield "denial is secure", ["delv", f"@{layout.RESOLVER}", "-a", lab.delv_anchor, "+root=.", "_mta-sts.record-absent.test", "TXT"], "negative response, fully validated"
    yield "AD", dig("_mta-sts.plain.org TXT", "+dnssec"), r"flags: qr rd ra ad"
    yield "unsigned is insecure", dig("_mta-sts.unsigned.org TXT", "+dnssec"), r"flags: qr rd ra;[\s\S]*v=STSv1"
    yield "bogus record", dig("_mta-sts.record-bogus.test TXT"), "SERVFAIL"
    yield "bogus record is there", dig("_mta-sts.record-bogus.test TXT", "+cd"), "v=STSv1"
    yield "bogus zone", dig("zone-bogus.test MX"), "SERVFAIL"
    yield "lapsed zone", dig("zone-lapsed.test MX"), "SERVFAIL"
    yield "NXDOMAIN", dig("_mta-sts.record-absent.test TXT"), "NXDOMAIN"
    yield "NODATA", dig("_mta-sts.record-absent-nodata.test TXT"), r"NOERROR[\s\S]*ANSWER: 0"
    yield "CNAME loop", dig("_mta-sts.record-cname-loop.test TXT"), "SERVFAIL|CNAME"
    yield "CNAME to nothing", dig("_mta-sts.record-cname-nowhere.test TXT"), "NXDOMAIN"
    yield "wildcard", dig("_mta-sts.record-wildcard.test TXT", "+dnssec"), r"TXT 13 2 3600"
    yield "long TTL survives", dig("_mta-sts.record-ttl-long.test TXT"), r"172800\s+IN\s+TXT"
    yield "SERVFAIL", dig("_mta-sts.record-servfail.test TXT"), "SERVFAIL"
    yield "the rest of that zone works", dig("record-servfail.test MX"), r"NOERROR"
    yield "silence", direct(address_of("ns1.record-dropped.test"), "_mta-sts.record-dropped.test TXT"), "timed out|no servers"
    yield "leaf server is authoritative", direct(layout.LEAF_NS[0][0], "plain.org SOA"), "flags: qr aa"
    yield "60 KB over TCP", dig("_mta-sts.hostile-record-huge.test TXT", "+bufsize=1232"), r"SIZE\s+rcvd: (59|60)\d{3}"
    yield "second server differs", direct(layout.VARIANT_NS, "_mta-sts.servers-differ.test TXT"), "id=other"
    yield "first server", direct(layout.LEAF_NS[0][0], "_mta-sts.servers-differ.test TXT"), "id=20260101"
    yield "stripping resolver", ["dig", f"@{layout.STRIPPING}", "+dnssec", "plain.org", "MX"], r"flags: qr rd ra;(?![\s\S]*RRSIG)[\s\S]*mx1.plain.org"
    yield "dead resolver", ["dig", f"@{layout.DEAD_RESOLVER}", "+tries=1", "+time=1", "plain.org"], "timed out|no servers"
    yield "policy", curl(lab, "plain.org"), r"200 OK[\s\S]*text/plain[\s\S]*mode: enforce"
    yield "policy, IPv6", curl(lab, "plain.org", "-6"), "mode: enforce"
    yield "RSA", curl(lab, "rsa-certificates.org", "-v"), "mode: enforce"
    yield "3000 names", curl(lab, "certificate-of-thousands.org"), "mode: enforce"
    yield "TLS 1.2 only", curl(lab, "tls12-only.org", "--tlsv1.3"), "alert|protocol version"
    yield "TLS 1.2", curl(lab, "tls12-only.org", "-v"), "TLSv1.2"
    yield "TLS 1.3 only", curl(lab, "tls13-only.org", "--tls-max", "1.2"), "alert|protocol"
    yield "old TLS", curl(lab, "host-tls-old.test", "--tlsv1.2"), "alert|protocol|legacy sigalg"
    yield "old TLS works", curl(lab, "host-tls-old.test", "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0"), "200 OK"
    yield "expired", curl(lab, "host-cert-expired.test"), "certificate has expired"
    yield "not yet valid", curl(lab, "host-cert-not-yet-valid.test"), "not yet valid"
    yield "self-signed", curl(lab, "host-cert-self-signed.test"), "self.signed certificate"
    yield "unknown root", curl(lab, "host-cert-unknown-root.test"), "unable to get (local )?issuer"
    yield "unknown root sent", curl(lab, "host-cert-unknown-root-sent.test"), "self.signed certificate in certificate chain"
    yield "no intermediate", curl(lab, "host-cert-no-intermediate.test"), "unable to get local issuer"
    yield "mismatch", curl(lab, "host-cert-mismatch.test"), "no alternative certificate subject name matches"
    yield "lapsed intermediate", curl(lab, "host-cert-lapsed-intermediate.test"), "certificate has expired"
    yield "client only", curl(lab, "host-cert-client-only.test"), "(un)?suitable certificate purpose|unsupported certificate purpose"
    yield "weak key", curl(lab, "host-cert-weak-key.test"), "key too (small|weak)"
    yield "weak hash", curl(lab, "host-cert-weak-hash.test"), "digest algorithm too weak"
    yield "unrecognized_name", curl(lab, "host-alert.test"), "unrecognized name"
    yield "refused", curl(lab, "host-refused.test"), "refused|Couldn't connect"
    yield "unreachable", curl(lab, "host-unreachable.test"), "No route to host|Couldn't connect"
    yield "blackhole", curl(lab, "host-blackhole.test"), "timed out"
    yield "plain HTTP", curl(lab, "host-plain-http.test"), "wrong version number"
    yield "stall", curl(lab, "host-tls-stall.test"), "SSL connection timeout|timed out"
    yield "404", curl(lab, "http-404.test"), "404 Not Found"
    yield "301", curl(lab, "http-301.test"), "301 Moved[\\s\\S]*elsewhere.org"
    yield "chunked", curl(lab, "chunked.org"), "mode: enforce"
    yield "HTTP/1.0", curl(lab, "http10.org"), "HTTP/1.0 200[\\s\\S]*mode: enforce"
    yield "early hints", curl(lab, "early-hints.org"), "103 Early[\\s\\S]*mode: enforce"
    yield "short body", curl(lab, "http-short.test"), r"transfer closed|end of response"
    yield "bad chunk", curl(lab, "http-bad-chunk.test"), "(?i)chunk"
    yield "full size", curl(lab, "http-exactly-full.test"), "Content-Length: 65536"
    yield "one too many", curl(lab, "http-too-large.test"), "Content-Length: 65537"
    yield "no close_notify", curl(lab, "no-close-notify.org"), "mode: enforce"
    yield "Postfix", smtp(lab, "mx1.plain.org", address_of("mx1.plain.org")), "Verified peername: mx1.plain.org"
    yield "Postfix expired", smtp(lab, "mx2.mx-cert-expired.test", mx2["mx-cert-expired"]), "certificate has expired"
    yield "Postfix self-signed", smtp(lab, "mx2.mx-cert-self-signed.test", mx2["mx-cert-self-signed"]), "self.signed certificate"
    yield "Postfix stranger", smtp(lab, "mx2.mx-cert-untrusted.test", mx2["mx-cert-untrusted"]), "unable to get local issuer"
    yield "Postfix incomplete", smtp(lab, "mx2.mx-cert-chain-incomplete.test", mx2["mx-cert-chain-incomplete"]), "unable to get local issuer"
    yield "Postfix mismatch", smtp(lab, "mx2.mx-cert-name-mismatch.test", mx2["mx-cert-name-mismatch"]), "ostname mismatch"
    yield "weak mail host", smtp(lab, "mx2.mx-cert-weak.test", mx2["mx-cert-weak"], "-cipher", "DEFAULT:@SECLEVEL=0"), "CONNECTION ESTABLISHED"
    yield "Postfix without TLS", smtp(lab, "mx2.mx-starttls-missing.test", mx2["mx-starttls-missing"]), "[Dd]idn't find STARTTLS"
    yield "nginx mail expired", smtp(lab, "mx2.mx-cert-nginx.test", mx2["mx-cert-nginx"]), "certificate has expired"
    yield "421", ["bash", "-c", f"timeout 2 cat < /dev/tcp/{mx2['mx-greeting-421']}/25"], "^421 "
    yield "454", ["bash", "-c", f"exec 3<>/dev/tcp/{mx2['mx-starttls-454']}/25; printf 'EHLO x\\r\\nSTARTTLS\\r\\n' >&3; timeout 2 cat <&3"], "454 4.7.0"
    yield "alert in SMTP", smtp(lab, "mx2.mx-tls-alert.test", mx2["mx-tls-alert"]), "unrecognized name"
    yield "old TLS in SMTP", smtp(lab, "mx2.mx-tls-old.test", mx2["mx-tls-old"], "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"), "Protocol version: TLSv1.1"
    yield "DANE 3 1 1", dane(lab, "dane-3-1-1"), "Verified peername|Verification: OK"
    yield "DANE 2 0 1", dane(lab, "dane-2-0-1"), "Verified peername|Verification: OK"
    yield "DANE mismatch", dane(lab, "dane-mismatch-testing"), "(?i)no matching DANE TLSA"
    yield "DANE past expiry", dane(lab, "dane-passes-pkix-fails"), "Verification: OK"


def dane(lab, name):
    host = f"mx1.{name}.test"
    records = subprocess.run([*dig(f"_25._tcp.{host} TLSA"), "+short"], capture_output=True, text=True).stdout.splitlines()
    options = []
    for record in records:
        words = record.split()
        options += ["-dane_tlsa_rrdata", " ".join(words[:3] + ["".join(words[3:])])]
    return ["timeout", "8", "openssl", "s_client", "-starttls", "smtp", "-connect", f"{address_of(host)}:25", "-CAfile",
            lab.ca_file, "-brief", "-dane_tlsa_domain", host, *options]


def show(lab):
    rows = list(table(lab))

    def one(row):
        what, command, pattern = row
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
        text = (done.stdout + done.stderr).decode("utf-8", "replace")
        return what, command, pattern, text, re.search(pattern, text) is not None

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, rows))
    for what, command, pattern, text, good in results:
        if not good:
            print(f"FAILED {what}: no {pattern!r} from {' '.join(command)}\n    " + text[-600:].replace("\n", "\n    "))
    failed = sum(not r[-1] for r in results)
    print(f"prove: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0
