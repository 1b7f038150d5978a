"""Rows of the unified relation: from official messages, from SQL, and back to messages."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
from google.protobuf.message import Message

import otlp_json

MAX_TIME = (1 << 63) - 1


@dataclass(frozen=True)
class Row:
    """A row of `SELECT signal, timestamp, resource, data`; times in microseconds."""

    signal: str
    timestamp: int | None
    resource: str | None
    data: str


@dataclass(frozen=True)
class Element:
    """A span, a log record, or a metric with one or no point, with what stands around it."""

    signal: str
    request: Message
    """A request that holds this element and nothing else."""

    @property
    def group(self) -> Any:
        return getattr(self.request, GROUPS[self.signal])[0]

    @property
    def scope(self) -> Any:
        return getattr(self.group, SCOPES[self.signal])[0]

    @property
    def message(self) -> Any:
        return getattr(self.scope, ELEMENTS[self.signal])[0]


GROUPS = {"traces": "resource_spans", "metrics": "resource_metrics", "logs": "resource_logs"}
SCOPES = {"traces": "scope_spans", "metrics": "scope_metrics", "logs": "scope_logs"}
ELEMENTS = {"traces": "spans", "metrics": "metrics", "logs": "log_records"}


def read(con: duckdb.DuckDBPyConnection, *paths: object, options: str = "") -> list[Row]:
    """The rows of files, as `read_otlp` gives them."""
    query = (
        "SELECT signal, epoch_us(timestamp), resource::VARCHAR, data::VARCHAR "
        f"FROM read_otlp(?{options})"
    )
    names = [str(path) for path in paths]
    return [Row(*row) for row in con.execute(query, [names]).fetchall()]


def elements(signal: str, request: Message) -> Iterator[Element]:
    """The elements of a request, each in a request of its own."""
    for group in getattr(request, GROUPS[signal]):
        for scope in getattr(group, SCOPES[signal]):
            for message in getattr(scope, ELEMENTS[signal]):
                for single in single_points(message) if signal == "metrics" else [message]:
                    yield Element(signal, wrap(signal, group, scope, single))


def wrap(signal: str, group: Any, scope: Any, message: Message) -> Message:
    """A request with one element, and with the resource and scope that it stands under.

    Beside a schema URL a row does not tell an absent resource from an empty one.
    """
    request = otlp_json.DATA[signal]()
    new_group = getattr(request, GROUPS[signal]).add()
    copy(group, new_group, "resource", "schema_url")
    if new_group.schema_url:
        new_group.resource.SetInParent()
    new_scope = getattr(new_group, SCOPES[signal]).add()
    copy(scope, new_scope, "scope", "schema_url")
    getattr(new_scope, ELEMENTS[signal]).add().CopyFrom(message)
    return request


def copy(source: Any, target: Any, owner: str, schema_url: str) -> None:
    """Copies a resource or scope and the schema URL beside it."""
    if source.HasField(owner):
        getattr(target, owner).CopyFrom(getattr(source, owner))
    setattr(target, schema_url, getattr(source, schema_url))


def single_points(metric: Any) -> Iterator[Message]:
    """A metric once per data point, with that point alone; once if it has none."""
    kind = metric.WhichOneof("data")
    points = list(getattr(metric, kind).data_points) if kind else []
    for point in points or [None]:
        single = type(metric)()
        single.CopyFrom(metric)
        if kind:
            data = getattr(single, kind)
            del data.data_points[:]
            if point is not None:
                data.data_points.add().CopyFrom(point)
        yield single


def expected(element: Element) -> Row:
    """The row that the extension must give for an element."""
    data = otlp_json.to_json(element.message)
    if element.scope.HasField("scope"):
        data["scope"] = otlp_json.to_json(element.scope.scope)
    if element.scope.schema_url:
        data["schemaUrl"] = element.scope.schema_url
    text = json.dumps(data, ensure_ascii=False)
    return Row(element.signal, timestamp(element), expected_resource(element.group), text)


def expected_resource(group: Any) -> str | None:
    """The resource of a row; NULL where there is neither a resource nor a schema URL."""
    if not group.HasField("resource") and not group.schema_url:
        return None
    resource = otlp_json.to_json(group.resource)
    if group.schema_url:
        resource["schemaUrl"] = group.schema_url
    return json.dumps(resource, ensure_ascii=False)


def timestamp(element: Element) -> int | None:
    """The time of an element in microseconds; None where it is 0 or cannot be a TIMESTAMP."""
    time = TIMES[element.signal](element.message)
    return time // 1000 if 0 < time < MAX_TIME else None


def point_time(metric: Any) -> int:
    """The time of the only point of a metric; 0 if there is none."""
    kind = metric.WhichOneof("data")
    points = getattr(metric, kind).data_points if kind else []
    return points[0].time_unix_nano if points else 0


TIMES: dict[str, Callable[[Any], int]] = {
    "traces": lambda span: span.start_time_unix_nano,
    "metrics": point_time,
    "logs": lambda log: log.time_unix_nano or log.observed_time_unix_nano,
}


def rebuild(row: Row) -> Message:
    """The request that a row stands for, from its JSON alone."""
    data = json.loads(row.data)
    scope = {key: data.pop(key) for key in ("scope", "schemaUrl") if key in data}
    scope[camel(ELEMENTS[row.signal])] = [data]
    group: dict[str, Any] = {camel(SCOPES[row.signal]): [scope]}
    if row.resource is not None:
        group["resource"] = json.loads(row.resource)
        group["schemaUrl"] = group["resource"].pop("schemaUrl", "")
    document = {camel(GROUPS[row.signal]): [group]}
    return otlp_json.from_json(document, otlp_json.DATA[row.signal])


def camel(name: str) -> str:
    """`scopeSpans` of `scope_spans`."""
    first, *more = name.split("_")
    return first + "".join(map(str.capitalize, more))
