"""The same OTLP/JSON as other writers than the Collector write it."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: What is written of rows and what is nested in them, though it is at its default.
DEFAULTS = {
    "traceId": "",
    "spanId": "",
    "traceState": "",
    "parentSpanId": "",
    "name": "",
    "attributes": [],
    "droppedAttributesCount": 0,
}
SPAN = DEFAULTS | {
    "flags": 0,
    "kind": 0,
    "events": [],
    "droppedEventsCount": 0,
    "links": [],
    "droppedLinksCount": 0,
    "status": {},
}
STATUS = {"message": "", "code": 0}
KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
CODES = ["UNSET", "OK", "ERROR"]
#: The order of a span in the JavaScript SDK.
JAVASCRIPT = [
    "traceId",
    "spanId",
    "parentSpanId",
    "traceState",
    "name",
    "kind",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "droppedAttributesCount",
    "events",
    "droppedEventsCount",
    "status",
    "links",
    "droppedLinksCount",
    "flags",
]

Rewrite = Callable[[dict[str, Any]], dict[str, Any]]


def rewritten(value: Any, rewrite: Rewrite) -> Any:
    """The value, every object in it rewritten after those that are nested in it."""
    if isinstance(value, dict):
        return rewrite({key: rewritten(each, rewrite) for key, each in value.items()})
    if isinstance(value, list):
        return [rewritten(each, rewrite) for each in value]
    return value


def is_span(value: dict[str, Any]) -> bool:
    """Whether an object is a span, and not something in one."""
    return "startTimeUnixNano" in value and "spanId" in value


def javascript(value: dict[str, Any]) -> dict[str, Any]:
    """Counts though they are zero, integers as numbers, an order of its own."""
    if "intValue" in value:
        return {"intValue": int(value["intValue"])}
    if is_span(value):
        full = {key: SPAN[key] for key in SPAN if key.startswith("dropped")}
        full |= {"attributes": [], "events": [], "links": [], "status": {"code": 0}, "kind": 0}
        full |= value
        return {key: full[key] for key in JAVASCRIPT if key in full}
    return value


def serde(value: dict[str, Any]) -> dict[str, Any]:
    """Every member though it is at its default, in the order of the schema."""
    if is_span(value):
        full = SPAN | value
        full["status"] = STATUS | full["status"]
        return full
    if "timeUnixNano" in value and "name" in value:
        return {"attributes": [], "droppedAttributesCount": 0} | value
    if "traceId" in value:
        return DEFAULTS | {"flags": 0} | value
    return value


def protojson(value: dict[str, Any]) -> dict[str, Any]:
    """Enums by name, ids in base64, as any protobuf library without the rules of OTLP."""
    for key in ("traceId", "spanId", "parentSpanId"):
        if key in value:
            value[key] = base64.b64encode(bytes.fromhex(value[key])).decode()
    if isinstance(value.get("kind"), int):
        value["kind"] = "SPAN_KIND_" + KINDS[value["kind"]]
    if isinstance(value.get("code"), int):
        value["code"] = "STATUS_CODE_" + CODES[value["code"]]
    return value


def value_first(value: dict[str, Any]) -> dict[str, Any]:
    """The value of an attribute before its key."""
    if set(value) == {"key", "value"}:
        return {"value": value["value"], "key": value["key"]}
    return value


def one_more(value: dict[str, Any]) -> dict[str, Any]:
    """One more attribute in each span, whose value is a mark."""
    if is_span(value):
        value["attributes"] = [{"key": "more", "value": MARK}, *value.get("attributes", [])]
    return value


def as_text(content: str) -> Callable[[str], str]:
    """That text of JSON in the place of the mark."""
    return lambda text: text.replace(json.dumps(MARK, separators=(",", ":")), content)


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """The object as it is."""
    return value


#: Stands for a value that JSON has more than one text for.
MARK = {"stringValue": "mark"}

COMPACT: dict[str, Any] = {"separators": (",", ":"), "ensure_ascii": False}

#: For each writer how it changes objects, how it writes them, and what becomes of the text.
WRITERS: dict[str, tuple[Rewrite, dict[str, Any], Callable[[str], str]]] = {
    "JavaScript SDK": (javascript, COMPACT, str),
    "serde with defaults": (serde, COMPACT, str),
    "json.dumps": (plain, {}, str),
    "protojson": (protojson, COMPACT, str),
    "value before key": (value_first, COMPACT, str),
    "integers as numbers": (
        lambda value: {"intValue": int(value["intValue"])} if "intValue" in value else value,
        COMPACT,
        str,
    ),
    "{}": (one_more, COMPACT, as_text("{}")),
    "bytesValue": (one_more, COMPACT, as_text('{"bytesValue":"AQIDBA=="}')),
    "empty array": (one_more, COMPACT, as_text('{"arrayValue":{"values":[]}}')),
    "\\u00e9": (one_more, COMPACT, as_text('{"stringValue":"caf\\u00e9"}')),
    "\\/": (one_more, COMPACT, as_text('{"stringValue":"a\\/b"}')),
    "double as text": (one_more, COMPACT, as_text('{"doubleValue":"1.5"}')),
    "indented": (plain, {"indent": 2}, str),
}


def write(writer: str, lines: Path, out: Path) -> None:
    """Writes the requests of a file as that writer does."""
    rewrite, style, edit = WRITERS[writer]
    with lines.open() as source, out.open("w") as target:
        for line in source:
            request = rewritten(json.loads(line), rewrite)
            target.write(edit(json.dumps(request, **style)) + "\n")
