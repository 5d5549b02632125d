"""The codes of the product, read from its catalogue (or, where that is not there yet, from the design's tables)."""
import os
import re

ENTRY = re.compile(r'^FINDING\(\s*\w+,\s*"([a-z0-9.-]+)",\s*\d+,\s*STS_(\w+),\s*"(\w+)"', re.M)
REASONS = ["resolver-failed", "timeout", "port25-blocked", "mx-unreachable", "greylisted", "no-ipv6-here", "private-denied",
           "switched-off", "not-applicable"]


def codes(root):
    """{code: (severity, layer)}; severity is error, warning, notice, info or by_mode."""
    with open(os.path.join(root, "src", "check", "catalogue.def")) as source:
        return {code: (severity.lower(), layer) for code, severity, layer in ENTRY.findall(source.read())}
