"""The strict reading of docs/openapi.yaml, for a judge: openapi_strict.py SOURCE TARGET NAME=VALUE...

Objects have no members but those that are described, and the examples have values that mean something
to the running server: NAME is body.MEMBER or path.PARAMETER and gets VALUE (@FILE: the text of FILE).
"""

import copy
import sys

import yaml


def resolved(document, schema):
    """A copy of the schema behind a reference."""
    if "$ref" not in schema:
        return copy.deepcopy(schema)
    found = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return copy.deepcopy(found)


def close(document, node):
    """Forbids further members in every object schema below the node, itself included."""
    if isinstance(node, list):
        for item in node:
            close(document, item)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("allOf"), list):
        # What is put together is closed as a whole, so its parts stay open.
        node["allOf"] = [resolved(document, part) for part in node["allOf"]]
        node["unevaluatedProperties"] = False
        return
    if node.get("type") == "object" and "properties" in node:
        node.setdefault("additionalProperties", False)
    for value in node.values():
        close(document, value)


def fill(node, values):
    """Gives examples and parameters the values of the running server."""
    if isinstance(node, list):
        for item in node:
            fill(item, values)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("example"), dict):
        for member in node["example"]:
            value = values.get(f"body.{member}", node["example"][member])
            node["example"][member] = type(node["example"][member])(value)
    if node.get("in") == "path" and f"path.{node['name']}" in values:
        node["example"] = values[f"path.{node['name']}"]
    for value in node.values():
        fill(value, values)


def value_of(text):
    if not text.startswith("@"):
        return text
    with open(text[1:], encoding="ascii") as file:
        return file.read()


def main(source, target, *pairs):
    values = {name: value_of(text) for name, text in (pair.split("=", 1) for pair in pairs)}
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    open_schemas = copy.deepcopy(document)
    close(open_schemas, document["components"]["schemas"])
    close(open_schemas, document["components"]["responses"])
    close(open_schemas, document["paths"])
    fill(document, values)
    with open(target, "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)


main(*sys.argv[1:])
