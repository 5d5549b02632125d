"""One result against one row: what differs, in words."""
import json
import re

TOLERATED = {"needs-history", "not-applicable", "switched-off"}
LEVEL = {"info": 0, "notice": 1, "warning": 2, "error": 3}
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")


def shown(issue):
    words = [issue["code"], issue["severity"]]
    words += [f"{key}={issue[key]}" for key in ("cause", "subject") if issue.get(key)]
    return " ".join(words)


def fits(expected, issue, row):
    if issue["code"] != expected.code:
        return False
    if expected.severity and issue["severity"] != expected.severity:
        return False
    if expected.cause and (issue.get("cause") or "") != expected.cause:
        return False
    if expected.report and issue.get("result_type") != expected.report:
        return False
    if expected.subject:
        return row.fill(expected.subject).lower() in (issue.get("subject") or "").lower()
    return True


class Judge:
    def __init__(self, catalogue, schema=None):
        self.catalogue = catalogue
        self.validator = None
        if schema is not None:
            import jsonschema
            self.validator = jsonschema.Draft202012Validator(schema)

    def prepare(self, expected):
        """An expectation that names no severity takes the one of the catalogue."""
        if expected.code not in self.catalogue:
            raise ValueError(f"no such code: {expected.code}")
        if expected.severity is None and self.catalogue[expected.code][0] != "by_mode":
            expected.severity = self.catalogue[expected.code][0]

    def check_row(self, row):
        """Faults of the row itself."""
        faults = []
        for expected in row.find:
            try:
                self.prepare(expected)
            except ValueError as fault:
                faults.append(str(fault))
            if expected.severity is None:
                faults.append(f"{expected.code}: severity goes by mode, name it")
        for expected in row.allow:
            if expected.code not in self.catalogue:
                faults.append(f"no such code: {expected.code}")
        return faults

    def exit_status(self, row):
        if "exit" in row.spec:
            wanted = row.spec["exit"]
            return wanted if isinstance(wanted, list) else [wanted]
        if any(e.severity == "error" for e in row.find):
            return [1]
        if any(n["reason"] not in TOLERATED for n in row.not_tested):
            return [3]
        return [0]

    def status(self, row):
        if "status" in row.spec:
            return row.spec["status"]
        if row.verdict == "blocking":
            return "FAIL"
        if row.verdict == "unknown":
            return "ERROR"
        if row.verdict == "enforced" and not any(LEVEL[e.severity] >= 2 for e in row.find):
            return "SUCCESS"
        return "WARNING"

    def differences(self, row, text, exit_status):
        """All differences between the JSON of a check and what the row expects."""
        try:
            result = json.loads(text)
        except ValueError as fault:
            return [f"no JSON: {fault}: {text[:200]!r}"]
        out = []
        if self.validator:
            for fault in list(self.validator.iter_errors(result))[:5]:
                out.append(f"schema: {'/'.join(str(p) for p in fault.absolute_path)}: {fault.message[:160]}")
        if exit_status not in self.exit_status(row):
            out.append(f"exit {exit_status}, expected {self.exit_status(row)}")
        verdicts = row.verdict if isinstance(row.verdict, list) else [row.verdict]
        if result.get("verdict") not in verdicts:
            out.append(f"verdict {result.get('verdict')}, expected {row.verdict}")
        if not isinstance(row.verdict, list) and self.status(row) not in ("~", result.get("status")):
            out.append(f"status {result.get('status')}, expected {self.status(row)}")
        out += self.findings(row, result.get("issues", []))
        out += self.untested(row, result.get("not_tested", []))
        out += self.paths(row, result)
        return out

    def findings(self, row, issues):
        out = []
        for expected in row.find:
            if not any(fits(expected, issue, row) for issue in issues):
                near = [shown(i) for i in issues if i["code"] == expected.code]
                out.append(f"missing {expected.text}" + (f" (there is {'; '.join(near)})" if near else ""))
        for issue in issues:
            if issue["severity"] != "info" and not any(fits(e, issue, row) for e in row.find + row.allow):
                if not any(e.code == issue["code"] for e in row.find):
                    out.append(f"unexpected {shown(issue)}: {issue.get('detail', '')[:140]}")
        keys = [(i["code"], i.get("subject"), i.get("detail")) for i in issues]
        out += [f"twice: {code} {subject}" for code, subject, detail in set(keys) if keys.count((code, subject, detail)) > 1]
        levels = [LEVEL[i["severity"]] for i in issues]
        if levels != sorted(levels, reverse=True):
            out.append("issues are not in order of severity")
        return out

    @staticmethod
    def untested(row, entries):
        out = []

        def same(wanted, entry):
            return entry["reason"] == wanted["reason"] and row.fill(wanted.get("what", "")).lower() in entry["what"].lower()

        for wanted in row.not_tested:
            if not any(same(wanted, entry) for entry in entries):
                out.append(f"missing not tested: {wanted['reason']} {wanted.get('what', '')} (there is {entries})")
        for entry in entries:
            if entry["reason"] not in TOLERATED | row.may_not_test and not any(same(w, entry) for w in row.not_tested):
                out.append(f"unexpected not tested: {entry['reason']}: {entry['what']}")
        return out

    @staticmethod
    def paths(row, result):
        out = []
        for path, wanted in row.json.items():
            seen = look_up(result, path)
            if isinstance(wanted, str) and wanted.startswith("~"):
                good = isinstance(seen, (str, int)) and not isinstance(seen, bool) and re.search(row.fill(wanted[1:]), str(seen)) is not None
            else:
                good = seen == (row.fill(wanted) if isinstance(wanted, str) else wanted)
            if not good:
                out.append(f"{path} is {json.dumps(seen)[:160]}, expected {json.dumps(wanted)}")
        for label, wanted in row.decisions.items():
            host = label.rstrip(".") if label.endswith(".") else row.domain if label == "@" else f"{label}.{row.domain}"
            found = [m for m in result.get("mx", []) if m["host"] == host]
            seen = found[0].get("decisions", {}) if found else None
            for state, decision in wanted.items():
                if seen is None or seen.get(state) != decision:
                    out.append(f"decisions of {host}: {seen}, expected {state} = {decision}")
        return out


def look_up(value, path):
    """`mx.0.addresses.#` walks a result; `#` is a length."""
    for step in path.split("."):
        if value is None:
            return None
        if step == "#":
            value = len(value)
        elif isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step)
    return value


def control_octets(name, data):
    """Octets of a stranger that no output may hold."""
    found = CONTROL.search(data)
    if found:
        around = data[max(0, found.start() - 30):found.end() + 30]
        return [f"{name}: control octet {found.group()!r} in {around!r}"]
    return []
