# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema 2020-12 that references/schema uses, in the standard library.

faults(value, schema) gives one line per place where the value does not fit. A keyword that is not
known here is an error of the schema, so that nothing is left unchecked by accident.
"""

import re

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "default"}
KNOWN = ANNOTATIONS | {"$ref", "type", "const", "enum", "pattern", "required", "properties",
                       "additionalProperties", "propertyNames", "items", "minItems", "minProperties",
                       "minimum", "maxLength", "minLength", "allOf", "if", "then"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


class BadSchema(Exception):
    """the schema uses what is not implemented here"""


def resolve(reference, root):
    if not reference.startswith("#/"):
        raise BadSchema(reference)
    at = root
    for name in reference[2:].split("/"):
        at = at[name]
    return at


def is_type(value, name):
    if name == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[name])


def text_faults(value, schema, where):
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{where}: length of {value!r}"


def object_faults(value, schema, where, root):
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    if len(value) < schema.get("minProperties", 0):
        yield f"{where}: too few members"
    properties = schema.get("properties", {})
    for name, member in value.items():
        if "propertyNames" in schema:
            yield from faults(name, schema["propertyNames"], f"{where}/{name} (name)", root)
        below = properties.get(name, schema.get("additionalProperties", True))
        if below is False:
            yield f"{where}: {name} may not be there"
        elif below is not True:
            yield from faults(member, below, f"{where}/{name}", root)


def array_faults(value, schema, where, root):
    if len(value) < schema.get("minItems", 0):
        yield f"{where}: too few items"
    for index, item in enumerate(value):
        yield from faults(item, schema.get("items", {}), f"{where}/{index}", root)


def faults(value, schema, where="", root=None):
    root = schema if root is None else root
    unknown = set(schema) - KNOWN
    if unknown:
        raise BadSchema(f"{where}: {sorted(unknown)}")
    if "$ref" in schema:
        yield from faults(value, resolve(schema["$ref"], root), where, root)
    if "type" in schema and not is_type(value, schema["type"]):
        yield f"{where}: not of type {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value} is below {schema['minimum']}"
    if isinstance(value, str):
        yield from text_faults(value, schema, where)
    elif isinstance(value, dict):
        yield from object_faults(value, schema, where, root)
    elif isinstance(value, list):
        yield from array_faults(value, schema, where, root)
    for part in schema.get("allOf", ()):
        yield from faults(value, part, where, root)
    if "if" in schema and not list(faults(value, schema["if"], where, root)):
        yield from faults(value, schema.get("then", {}), where, root)
