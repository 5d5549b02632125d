#!/usr/bin/python3
"""Every line of the files is an alert by the schema. Usage: validate.py SCHEMA FILE..."""
import json, sys
import jsonschema

with open(sys.argv[1]) as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
count = 0
kinds = set()
for path in sys.argv[2:]:
    with open(path) as f:
        for line in f:
            alert = json.loads(line)
            errors = [e for e in validator.iter_errors(alert)]
            if errors:
                best = jsonschema.exceptions.best_match(errors)
                sys.exit(f"{path}: {best.message} at {list(best.absolute_path)}")
            count += 1
            kinds.add(alert["kind"])
            # what a person reads has it all
            for part in alert.get("alerts", [alert]):
                for want in ("How it ends: ", "What senders do ", part["findings"][0]["title"], part["domains"][0]["domain"], "ince "):
                    if want not in part["text"]:
                        sys.exit(f"{path}: the text lacks {want!r}: {part['text']}")
print(count, " ".join(sorted(kinds)))
