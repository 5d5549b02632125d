"""What is asked, and what must come back."""

import re

from net import DEAD, FLAKY, LATE, LEAF1, LEAF2, LEAF6, NO_TCP, OTHER, OUTAGE, PASSING, PLAIN, REFUSING, SERVFAIL, SHUT, SILENT, SLOW, STRIPPING, UNWILLING

VIA = f"--resolver {PASSING} --trust-anchor DIR/anchor"
SECURE = {"state": "OK", "dnssec": "SECURE", "why": None}
TXT1 = {"rrs": [{"data": "v=STSv1; id=20260101;"}]}
VALIDATED = {"path": "VALIDATED", "path_why": None}
SYSTEM = "--trust-anchor DIR/anchor --root-hints DIR/hints"


def some(pattern):
    return re.compile(pattern)


def case(name, args, want, path=None, **more):
    return {"name": name, "args": args, "want": want, "path": path or {}, "system": DEAD, **more}


CASES = [
    case("secure", f"{VIA} _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {**SECURE, **TXT1, "signer": "signed.test", "wildcard": False, "ttl": lambda s: 0 < s <= 300, "cname": []}}, VALIDATED),
    case("name as typed", f"{VIA} _MTA-STS.Signed.Test. TXT", {"_mta-sts.signed.test TXT": {**SECURE, **TXT1}}),
    case("types", f"{VIA} signed.test MX mx1.signed.test A mx2.signed.test AAAA signed.test NS _25._tcp.mx1.signed.test TLSA "
         "odd.signed.test MX long.signed.test TXT big.signed.test TXT",
         {"signed.test MX": {**SECURE, "rrs": lambda rrs: sorted((r["preference"], r["host"]) for r in rrs) ==
                             [(10, "mx1.signed.test"), (20, "mx2.signed.test")]},
          "mx1.signed.test A": {**SECURE, "rrs": [{"data": "b9010101"}]},
          "mx2.signed.test AAAA": {**SECURE, "rrs": [{"data": "2a0e0000000000000000000000000025"}]},
          "signed.test NS": {**SECURE, "rrs": lambda rrs: sorted(r["host"] for r in rrs) == ["ns1.hosts.test", "ns2.hosts.test"]},
          "_25._tcp.mx1.signed.test TLSA": {**SECURE, "rrs": [{"data": "030101" + "ab" * 32}]},
          "odd.signed.test MX": {**SECURE, "rrs": [{"host": "a\\.b\\032c\\195.signed.test"}]},
          "long.signed.test TXT": {**SECURE, "rrs": [{"data": "v=STSv1; id=1;", "strings": 2}]},
          "big.signed.test TXT": {**SECURE, "rrs": lambda rrs: len(rrs) == 60}}),
    case("absent", f"{VIA} nothing.signed.test TXT mx1.signed.test TXT nonterminal.signed.test A nothing.test A nothing.nsec3.test TXT nsec3.test TXT",
         {"nothing.signed.test TXT": {"state": "NXDOMAIN", "dnssec": "SECURE", "signer": "signed.test", "rrs": [], "ttl": lambda s: 0 < s <= 60},
          "mx1.signed.test TXT": {"state": "NODATA", "dnssec": "SECURE", "signer": "signed.test", "rrs": []},
          "nonterminal.signed.test A": {"state": "NODATA", "dnssec": "SECURE"},
          "nothing.test A": {"state": "NXDOMAIN", "dnssec": "SECURE", "signer": "test"},
          "nothing.nsec3.test TXT": {"state": "NXDOMAIN", "dnssec": "SECURE"},
          "nsec3.test TXT": {"state": "NODATA", "dnssec": "SECURE"}}),
    case("unsigned", f"{VIA} _mta-sts.unsigned.test TXT nothing.unsigned.test A mx.unsigned.test AAAA unsigned.test MX",
         {"_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE", "signer": None, "why": None, "rrs": [{"data": "v=STSv1; id=2;"}]},
          "nothing.unsigned.test A": {"state": "NXDOMAIN", "dnssec": "INSECURE"},
          "mx.unsigned.test AAAA": {"state": "NODATA", "dnssec": "INSECURE"},
          "unsigned.test MX": {"state": "OK", "dnssec": "INSECURE"}}, VALIDATED),
    case("bogus", f"{VIA} _mta-sts.bogus.test TXT _mta-sts.expired.test TXT _mta-sts.nokey.test TXT spoilt.signed.test TXT",
         {"_mta-sts.bogus.test TXT": {"state": "BOGUS", "dnssec": "BOGUS", "why": some("signature"), "rrs": [{"data": "v=STSv1; id=forged;"}]},
          "_mta-sts.expired.test TXT": {"state": "BOGUS", "dnssec": "BOGUS", "why": some("expired")},
          "_mta-sts.nokey.test TXT": {"state": "BOGUS", "dnssec": "BOGUS", "why": some("(?i)dnskey|signatures")},
          "spoilt.signed.test TXT": {"state": "BOGUS", "dnssec": "BOGUS", "cname": ["_mta-sts.bogus.test"]}}, VALIDATED),
    case("bogus through a resolver that does not validate", f"--resolver {PLAIN} --trust-anchor DIR/anchor _mta-sts.bogus.test TXT _mta-sts.signed.test TXT",
         {"_mta-sts.bogus.test TXT": {"state": "BOGUS", "dnssec": "BOGUS"}, "_mta-sts.signed.test TXT": SECURE}, VALIDATED),
    case("aliases", f"{VIA} hop.signed.test TXT out.signed.test TXT back.unsigned.test TXT dangling.signed.test TXT nodata.signed.test TXT c8.signed.test TXT c6.signed.test TXT",
         {"hop.signed.test TXT": {**SECURE, **TXT1, "cname": ["hop2.signed.test", "_mta-sts.signed.test"]},
          "out.signed.test TXT": {"state": "OK", "dnssec": "INSECURE", "cname": ["_mta-sts.unsigned.test"]},
          "back.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE", "cname": ["_mta-sts.signed.test"], **TXT1},
          "dangling.signed.test TXT": {"state": "NXDOMAIN", "dnssec": "SECURE", "cname": ["nothing.signed.test"]},
          "nodata.signed.test TXT": {"state": "NODATA", "dnssec": "SECURE", "cname": ["mx1.signed.test"]},
          "c8.signed.test TXT": {"state": "OK", "dnssec": "SECURE", "cname": lambda c: len(c) == 14 and c[-1] == "c22.signed.test"},
          "c6.signed.test TXT": {"state": "OK", "dnssec": "SECURE", "cname": lambda c: len(c) == 16}}),
    case("aliases that lead nowhere", f"{VIA} loopa.signed.test TXT self.signed.test TXT loopa.unsigned.test TXT c1.signed.test TXT c5.signed.test TXT",
         {"loopa.signed.test TXT": {"state": "CNAME_LOOP", "cname": ["loopb.signed.test", "loopa.signed.test"]},
          "self.signed.test TXT": {"state": "CNAME_LOOP", "cname": ["self.signed.test"]},
          "loopa.unsigned.test TXT": {"state": "CNAME_LOOP"},
          "c5.signed.test TXT": {"state": "CNAME_LONG"},
          "c1.signed.test TXT": {"state": "CNAME_LONG"}}),
    case("aliases to broken zones", f"{VIA} --wait 8000 toservfail.signed.test TXT",
         {"toservfail.signed.test TXT": {"state": "SERVFAIL", "cname": ["x.servfail.test"], "dnssec": "UNKNOWN"}}),
    case("wildcard", f"{VIA} any.wild.signed.test TXT any.wild.unsigned.test TXT",
         {"any.wild.signed.test TXT": {**SECURE, "wildcard": True}, "any.wild.unsigned.test TXT": {"state": "OK", "wildcard": False}}),
    case("broken zones", f"{VIA} --wait 15000 x.servfail.test TXT x.lame.test TXT x.closed.test TXT",
         {"x.servfail.test TXT": {"state": "SERVFAIL", "why": some(PASSING)}, "x.lame.test TXT": {"state": "SERVFAIL"},
          "x.closed.test TXT": {"state": some("SERVFAIL|TIMEOUT")}}),
    case("keys that do not arrive are not bogus", f"{VIA} --wait 20000 _mta-sts.mute.test TXT",
         {"_mta-sts.mute.test TXT": {"state": some("SERVFAIL|TIMEOUT"), "dnssec": "UNKNOWN", "rrs": []}}, VALIDATED),
    case("keys that do not arrive, by recursion", f"{SYSTEM} --wait 20000 _mta-sts.mute.test TXT",
         {"_mta-sts.mute.test TXT": {"state": some("SERVFAIL|TIMEOUT"), "dnssec": "UNKNOWN", "rrs": []}}, {"path": "RECURSION"}, system=None),
    case("our deadline", f"--resolver {DEAD} --trust-anchor DIR/anchor --wait 700 x.test TXT", {"x.test TXT": {"state": "TIMEOUT", "ms": lambda ms: 690 <= ms < 900}}, alone=True),
    case("names that cannot be", f"{VIA} {'a' * 64}.test TXT a..b.test TXT",
         {f"{'a' * 64}.test TXT": {"state": "MALFORMED", "why": some("name")}, "a..b.test TXT": {"state": "MALFORMED"}}),
    case("dead resolver", f"--resolver {DEAD} --trust-anchor DIR/anchor --wait 3000 _mta-sts.signed.test TXT nothing.signed.test A",
         {"_mta-sts.signed.test TXT": {"state": "TIMEOUT", "dnssec": "UNKNOWN", "rrs": []}, "nothing.signed.test A": {"state": "TIMEOUT"}},
         {"resolver": DEAD, "path": "VALIDATED"}),
    case("dead resolver, long wait", f"--resolver {DEAD} --trust-anchor DIR/anchor --wait 30000 _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "TIMEOUT", "why": some("no reply"), "ms": lambda ms: ms < 20000}}, {"path": "VALIDATED"}, alone=True),
    case("resolver whose port is closed", f"--resolver {SHUT} --trust-anchor DIR/anchor --wait 25000 _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "TIMEOUT", "why": some("port closed")}}, {"path": "VALIDATED"}),
    case("resolver that refuses", f"--resolver {UNWILLING} --trust-anchor DIR/anchor --wait 10000 _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "REFUSED", "why": some(UNWILLING)}}, {"path": "VALIDATED"}),
    case("one dead resolver of two", f"--resolver {DEAD} --resolver {PASSING} --trust-anchor DIR/anchor _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT _mta-sts.bogus.test TXT",
         {"_mta-sts.signed.test TXT": SECURE, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"}, "_mta-sts.bogus.test TXT": {"state": "BOGUS"}},
         {"resolver": PASSING, "path": "VALIDATED", "path_why": f"left out: {DEAD} does not answer"}),
    case("one dead resolver of two, quick answer", f"--resolver {DEAD} --resolver {PASSING} --trust-anchor DIR/anchor _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": SECURE}, {"path": "VALIDATED"}),
    case("flaky resolver", f"--resolver {FLAKY} --trust-anchor DIR/anchor --prefetch _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT nothing.signed.test A",
         {"_mta-sts.signed.test TXT": SECURE, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"}, "nothing.signed.test A": {"state": "NXDOMAIN"}},
         VALIDATED),
    case("stripping resolver named by the user", f"--resolver {STRIPPING} --trust-anchor DIR/anchor "
         "_mta-sts.signed.test TXT _mta-sts.unsigned.test TXT nothing.signed.test A out.signed.test TXT loopa.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "OK", "dnssec": "UNKNOWN", "why": some("DNSSEC"), **TXT1},
          "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "UNKNOWN", "why": some("DNSSEC")},
          "nothing.signed.test A": {"state": "NXDOMAIN", "dnssec": "UNKNOWN"},
          "out.signed.test TXT": {"state": "OK", "dnssec": "UNKNOWN", "cname": ["_mta-sts.unsigned.test"]},
          "loopa.signed.test TXT": {"state": "CNAME_LOOP"}},
         {"resolver": STRIPPING, "path": "UNVALIDATED", "path_why": some(f"{STRIPPING}.*DNSSEC")}),
    case("wrong trust anchor", f"--resolver {PASSING} _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "OK", "dnssec": "UNKNOWN"}, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "UNKNOWN"}},
         {"path": "UNVALIDATED"}),
    case("trust anchor below the root", f"--resolver {PASSING} --trust-anchor DIR/anchor-test _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT root NS",
         {"_mta-sts.signed.test TXT": SECURE, "_mta-sts.unsigned.test TXT": {"dnssec": "INSECURE"}, "root NS": {"dnssec": "UNKNOWN"}}, VALIDATED),
    case("system resolver", f"{SYSTEM} _mta-sts.signed.test TXT", {"_mta-sts.signed.test TXT": SECURE}, {"resolver": PASSING, **VALIDATED}, system=PASSING),
    case("system resolver strips: recursion", f"{SYSTEM} --prefetch _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT _mta-sts.bogus.test TXT nothing.signed.test TXT loopa.signed.test A",
         {"_mta-sts.signed.test TXT": {**SECURE, **TXT1}, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"},
          "_mta-sts.bogus.test TXT": {"state": "BOGUS"}, "nothing.signed.test TXT": {"state": "NXDOMAIN", "dnssec": "SECURE"},
          "loopa.signed.test A": {"state": "CNAME_LOOP"}},
         {"resolver": "recursion", "path": "RECURSION", "path_why": some(f"system's resolver {STRIPPING} does not pass DNSSEC")}, system=STRIPPING),
    case("system resolver dead: recursion", f"{SYSTEM} _mta-sts.signed.test TXT _mta-sts.unsigned.test TXT",
         {"_mta-sts.signed.test TXT": SECURE, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"}},
         {"path": "RECURSION", "path_why": some("does not answer")}, system=DEAD),
    case("no system resolver: recursion", f"{SYSTEM} _mta-sts.signed.test TXT x.servfail.test TXT",
         {"_mta-sts.signed.test TXT": SECURE, "x.servfail.test TXT": {"state": "SERVFAIL"}}, {"path": "RECURSION", "path_why": None}, system=None),
    case("system resolver strips, no way to the root", "--trust-anchor DIR/anchor --root-hints DIR/silent-hints _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "OK", "dnssec": "UNKNOWN", "why": some("DNSSEC")}},
         {"path": "UNVALIDATED", "resolver": STRIPPING, "path_why": some("recursion")}, system=STRIPPING),
    case("nothing answers", "--trust-anchor DIR/anchor --root-hints DIR/silent-hints --wait 12000 _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "TIMEOUT", "dnssec": "UNKNOWN", "rrs": []}}, {"path": "VALIDATED", "resolver": DEAD}, system=DEAD),
    case("bad resolver address", "--resolver 300.1.1.1 x.test A", {}, {"error": some("."), "why": some("resolver")}, error=True),
    case("bad anchor", f"--resolver {PASSING} --trust-anchor DIR/hints x.test A", {}, {"why": some("trust anchor")}, error=True),
    case("missing anchor", f"--resolver {PASSING} --trust-anchor DIR/missing x.test A", {}, {"why": some("trust anchor")}, error=True),
    case("cancelled", f"{VIA} --cancel 5 --prefetch x.silent.test TXT _mta-sts.signed.test TXT _mta-sts.differ.test AUTH", {}),
    case("cancelled at once", f"{VIA} --cancel 0 --prefetch x.silent.test TXT _mta-sts.signed.test TXT _mta-sts.differ.test AUTH", {}),
    case("freed with questions out", f"{VIA} --quit 5 --prefetch x.silent.test TXT _mta-sts.signed.test TXT", {}),
    case("freed while diagnosing", f"--resolver {UNWILLING} --trust-anchor DIR/anchor --quit 500 _mta-sts.signed.test TXT", {}),
    case("many at once", f"{VIA} " + " ".join(f"n{i}.signed.test TXT n{i}.unsigned.test MX" for i in range(150)),
         {f"n{i}.signed.test TXT": {"state": "NXDOMAIN", "dnssec": "SECURE"} for i in range(150)}),
    case("cold, 20 ms away", f"--resolver {SLOW} --trust-anchor DIR/anchor --prefetch _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {**SECURE, "ms": lambda ms: ms < 120}}, alone=True),
    # Ten questions a second; what is asked two seconds after the end of the outage must be answered, what is asked during it never "absent by failure".
    case("resolver out for the first five seconds", f"--resolver {LATE} --trust-anchor DIR/anchor --wait 2000 --then 100 " +
         " ".join(f"a{i}.wild.unsigned.test TXT" for i in range(90)),
         {f"a{i}.wild.unsigned.test TXT": {"state": "OK" if i >= 70 else some("^(OK|TIMEOUT|SERVFAIL)$")} for i in range(90)}, VALIDATED),
    case("resolver out for five seconds in between", f"--resolver {OUTAGE} --trust-anchor DIR/anchor --wait 2000 --then 100 " +
         " ".join(f"b{i}.wild.signed.test TXT" for i in range(110)),
         {f"b{i}.wild.signed.test TXT": {"state": "OK" if i < 15 or i >= 90 else some("^(OK|TIMEOUT|SERVFAIL)$")} for i in range(110)}, VALIDATED),
    case("servers of a zone agree", f"{VIA} _mta-sts.signed.test AUTH _mta-sts.deep.a.b.test AUTH",
         {"_mta-sts.signed.test AUTH": {"zone": "signed.test", "servers": [
             {"name": "ns1.hosts.test", "address": LEAF1, "state": "OK", "error": None, "records": [{"txt": "v=STSv1; id=20260101;"}]},
             {"name": "ns2.hosts.test", "address": LEAF2, "state": "OK", "not_tested": False, "records": [{"txt": "v=STSv1; id=20260101;"}]}]},
          "_mta-sts.deep.a.b.test AUTH": {"zone": "deep.a.b.test"}}),
    case("servers of a zone differ", f"{VIA} _mta-sts.differ.test AUTH differ.test NS",
         {"_mta-sts.differ.test AUTH": {"zone": "differ.test", "servers": [
             {"name": "nowhere.hosts.test", "address": "", "error": some("no address"), "not_tested": False},
             {"name": "ns1.hosts.test", "address": LEAF1, "state": "OK", "records": [{"txt": "v=STSv1; id=7;"}]},
             {"name": "other.hosts.test", "address": OTHER, "state": "OK", "records": [{"txt": "v=STSv1; id=old;"}]},
             {"name": "refusing.hosts.test", "address": REFUSING, "state": "REFUSED", "error": "REFUSED", "not_tested": False},
             {"name": "silent.hosts.test", "address": SILENT, "state": "TIMEOUT", "error": some("no reply"), "not_tested": False},
             {"name": "six.hosts.test", "address": LEAF6, "state": "OK", "records": [{"txt": "v=STSv1; id=7;"}]},
             {"name": "six.hosts.test", "address": "2a0f::1", "state": "NOT_ASKED", "not_tested": True, "error": some("IPv6")}]}}),
    case("servers: aliases, absence, truncation, lameness", f"{VIA} _mta-sts.alias.test AUTH nothing.signed.test AUTH big.signed.test AUTH x.servfail.test AUTH nothing.test AUTH",
         {"_mta-sts.alias.test AUTH": {"servers": [{"state": "OK", "cname": "_mta-sts.signed.test", "records": []}] * 2},
          "nothing.signed.test AUTH": {"servers": [{"state": "NXDOMAIN", "error": None}] * 2},
          "big.signed.test AUTH": {"servers": [{"state": "OK", "records": lambda r: len(r) == 60}] * 2},
          "nothing.test AUTH": {"zone": None, "servers": []}}),
    case("truncation without TCP", f"{VIA} --wait 12000 x.notcp.test TXT _mta-sts.notcp.test AUTH",
         {"x.notcp.test TXT": {"state": some("SERVFAIL|TIMEOUT"), "rrs": []},
          "_mta-sts.notcp.test AUTH": {"zone": None}}),
    case("resolver that truncates and has no TCP", f"--resolver {NO_TCP} --trust-anchor DIR/anchor --wait 20000 _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "TRUNCATED", "why": some(NO_TCP)}}, {"path": "VALIDATED"}),
    # Nothing is read out of octets that are no answer, and no absence concluded from them (but see BADVERS below).
    *[case(f"no answer: {how}", f"{VIA} --wait 9000 _mta-sts.{how}.test TXT _mta-sts.{how}.test AUTH",
           {f"_mta-sts.{how}.test TXT": {"state": some("^(SERVFAIL|TIMEOUT|MALFORMED|TRUNCATED)$"), "rrs": []},
            f"_mta-sts.{how}.test AUTH": {"zone": f"{how}.test", "servers": [
                {"state": some("^(SERVFAIL|TIMEOUT|MALFORMED|TRUNCATED|NO_CONNECTION)$"), "records": [], "error": some(".")}]}})
      for how in ("wrong-id", "wrong-question", "loop", "forward", "over-end", "tcp-long", "tcp-short", "tcp-empty", "tcp-none")],
    case("a record of another name", f"{VIA} --wait 9000 _mta-sts.other-name.test TXT _mta-sts.other-name.test AUTH",
         {"_mta-sts.other-name.test TXT": {"state": some("^(SERVFAIL|TIMEOUT|MALFORMED|NODATA)$"), "rrs": []}, "_mta-sts.other-name.test AUTH": {"servers": [{"state": some("^(NODATA|MALFORMED|SERVFAIL)$"), "records": []}]}}),
    case("thousands of records", f"{VIA} --wait 9000 _mta-sts.many.test TXT _mta-sts.many.test AUTH",
         {"_mta-sts.many.test TXT": {"state": "OK", "rrs": lambda rrs: len(rrs) == 3001 and any(r["data"] == "v=STSv1; id=odd;" for r in rrs)},
          "_mta-sts.many.test AUTH": {"servers": [{"state": "OK", "records": lambda rs: len(rs) == 3001 and any(r["txt"] == "v=STSv1; id=odd;" for r in rs)}]}}),
    case("the same record three times is one record", f"{VIA} _mta-sts.twice.test TXT _mta-sts.twice.test AUTH",  # RFC 2181 section 5
         {"_mta-sts.twice.test TXT": {"state": "OK", "rrs": [{"data": "v=STSv1; id=odd;"}]},
          "_mta-sts.twice.test AUTH": {"servers": [{"state": "OK", "records": [{"txt": "v=STSv1; id=odd;"}]}]}}),
    case("servers that know nothing of EDNS", f"{VIA} --wait 9000 _mta-sts.badvers.test TXT _mta-sts.badvers.test AUTH _mta-sts.formerr.test TXT _mta-sts.formerr.test AUTH",
         # Unbound makes NODATA of BADVERS, since it does not look at the upper bits of a code: only the servers themselves tell.
         {"_mta-sts.badvers.test TXT": {"state": some("^(OK|SERVFAIL|NODATA)$")},
          "_mta-sts.badvers.test AUTH": {"servers": [{"state": "MALFORMED", "records": [], "not_tested": False}]},
          "_mta-sts.formerr.test TXT": {"state": "OK", "rrs": [{"data": "v=STSv1; id=odd;"}]},
          "_mta-sts.formerr.test AUTH": {"servers": [{"state": "OK", "records": [{"txt": "v=STSv1; id=odd;"}]}]}}),
    case("labels of any octet", f"{VIA} nul.unsigned.test TXT space.unsigned.test TXT",
         {"nul.unsigned.test TXT": {"state": "NXDOMAIN", "cname": ["a\\000b.c\\.d.\\200\\255.unsigned.test"]},
          "space.unsigned.test TXT": {"state": "NXDOMAIN", "cname": ["a\\032\\010b.unsigned.test"]}}),
    case("chains of aliases, unsigned", f"{VIA} c2.unsigned.test TXT c6.unsigned.test TXT",
         {"c2.unsigned.test TXT": {"state": "CNAME_LONG"}, "c6.unsigned.test TXT": {"state": "OK", "cname": lambda c: len(c) == 16}}),
    case("two resolvers, one strips", f"--resolver {STRIPPING} --resolver {PASSING} --trust-anchor DIR/anchor --prefetch "
         "_mta-sts.signed.test TXT _mta-sts.unsigned.test TXT _mta-sts.bogus.test TXT mx1.signed.test A nothing.signed.test A",
         {"_mta-sts.signed.test TXT": {"state": "OK", "dnssec": "SECURE", **TXT1}, "_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"},
          "_mta-sts.bogus.test TXT": {"state": "BOGUS"}, "mx1.signed.test A": SECURE, "nothing.signed.test A": {"state": "NXDOMAIN", "dnssec": "SECURE"}},
         {"path": "VALIDATED", "path_why": lambda why: why is None or STRIPPING in why}),
    case("three resolvers: strips, dead, good", f"--resolver {STRIPPING} --resolver {DEAD} --resolver {PASSING} --trust-anchor DIR/anchor "
         "_mta-sts.unsigned.test TXT _mta-sts.bogus.test TXT mx.unsigned.test A",
         {"_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE"}, "_mta-sts.bogus.test TXT": {"state": "BOGUS"},
          "mx.unsigned.test A": {"state": "OK", "dnssec": "INSECURE"}},
         {"path": "VALIDATED", "resolver": PASSING, "path_why": f"left out: {STRIPPING} does not pass DNSSEC through, {DEAD} does not answer"}),
    case("two resolvers, both strip", f"--resolver {STRIPPING} --resolver 127.0.0.153 --trust-anchor DIR/anchor _mta-sts.signed.test TXT",
         {"_mta-sts.signed.test TXT": {"state": "OK", "dnssec": "UNKNOWN"}}, {"path": "UNVALIDATED"}),
    case("servers at special addresses", f"--deny-private {VIA} --wait 5000 _mta-sts.signed.test AUTH",
         {"_mta-sts.signed.test AUTH": {"servers": [{"state": "OK"}] * 2}}),
]


def cheaply(c):
    """The same questions by way of the stub where validation can prove nothing: the same answers."""
    return {**c, "name": c["name"] + ", cheaply", "args": "--cheap " + c["args"], "want": {**c["want"], **c.get("cheap", {})}}


CASES += [cheaply(c) for c in CASES if "--resolver" in c["args"] and not c.get("alone") and not c.get("error") and "--then" not in c["args"]]
CASES += [
    case("what is unsigned is asked plainly", f"--cheap {VIA} _mta-sts.unsigned.test TXT nothing.unsigned.test A mx.unsigned.test AAAA unsigned.test MX "
         "mx.unsigned.test A c6.unsigned.test TXT back.unsigned.test TXT out.signed.test TXT _mta-sts.signed.test TXT _mta-sts.bogus.test TXT",
         {"_mta-sts.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE", "signer": None, "why": None, "rrs": [{"data": "v=STSv1; id=2;"}]},
          "mx.unsigned.test AAAA": {"state": "NODATA", "dnssec": "INSECURE"},
          "back.unsigned.test TXT": {"state": "OK", "dnssec": "INSECURE", "cname": ["_mta-sts.signed.test"]},
          "_mta-sts.signed.test TXT": SECURE, "_mta-sts.bogus.test TXT": {"state": "BOGUS"}},
         # not plainly: the MX that taught it, an alias into a signed zone
         {"plain": 5, **VALIDATED}),
    case("a denial that cannot be proven does not make a zone unsigned",
         f"--cheap --resolver {PLAIN} --trust-anchor DIR/anchor _mta-sts.signed.test TXT nsec3-many.test MX _mta-sts.nsec3-many.test TXT nsec3-many.test A",
         {"_mta-sts.nsec3-many.test TXT": SECURE, "nsec3-many.test A": SECURE, "nsec3-many.test MX": {"state": "NODATA", "dnssec": "INSECURE"}}, VALIDATED),
    case("nothing is asked plainly where nothing can be proven", f"--cheap --resolver {PASSING} --trust-anchor DIR/anchor-test root NS",
         {"root NS": {"dnssec": "UNKNOWN"}}, {"plain": 0, **VALIDATED}),
    case("freed with plain questions out", f"--cheap {VIA} --quit 1 x.silent.test TXT " + " ".join(f"n{i}.unsigned.test A" for i in range(50)), {}),
    case("cancelled with plain questions out", f"--cheap {VIA} --cancel 1 x.silent.test TXT " + " ".join(f"n{i}.unsigned.test A" for i in range(50)), {}),
]
