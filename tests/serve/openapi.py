"""Every recorded answer against the description the server gives of itself."""

import json
import re

import jsonschema


class Description:
    def __init__(self, document):
        self.document = document
        self.seen = set()
        self.base = {"$id": "urn:openapi", **document}

    def operation(self, method, target):
        path = target.split("?")[0]
        for template, item in self.document["paths"].items():
            pattern = "^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)) + "$"
            if re.match(pattern, path):
                return template, item.get("get" if method == "HEAD" else method.lower())
        return None, None

    def resolve(self, value):
        while "$ref" in value:
            node = self.document
            for part in value["$ref"][2:].split("/"):
                node = node[part]
            value = node
        return value

    def check(self, method, target, answer):
        """Raise unless the answer is one the description foresees."""
        template, operation = self.operation(method, target)
        if template is None or method == "OPTIONS":
            if answer.status not in (200, 204, 403, 404, 421):
                raise AssertionError(f"{method} {target}: {answer.status} of a path that is not described")
            return
        if operation is None:
            if answer.status not in (403, 405):
                raise AssertionError(f"{method} {target}: {answer.status} of a method that is not described")
            operation = next(iter(self.document["paths"][template].values()))
        if str(answer.status) not in operation["responses"]:
            raise AssertionError(f"{method} {template}: status {answer.status} is not described")
        self.seen.add((template, answer.status))
        response = self.resolve(operation["responses"][str(answer.status)])
        for name in response.get("headers", {}):
            if name.lower() in ("www-authenticate", "allow", "retry-after", "x-request-id", "etag", "age") and answer[name] is None:
                raise AssertionError(f"{method} {template}, {answer.status}: no header {name}")
        content = response.get("content")
        if content is None or method == "HEAD":
            if answer.body:
                raise AssertionError(f"{method} {template}, {answer.status}: a body that is not described")
            return
        if answer.type not in content:
            raise AssertionError(f"{method} {template}, {answer.status}: type {answer.type} is not described")
        schema = content[answer.type].get("schema")
        if schema is not None and answer.type.endswith("json") and answer.type != "application/x-ndjson":
            self.validate(schema, answer.json)

    def validate(self, schema, value):
        resolver = jsonschema.RefResolver("urn:openapi", self.base, store={"urn:openapi": self.base})
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        errors = sorted(validator.iter_errors(value), key=lambda e: list(e.path))
        if errors:
            raise AssertionError(f"{list(errors[0].path)}: {errors[0].message[:300]}; value {json.dumps(value)[:200]}")
