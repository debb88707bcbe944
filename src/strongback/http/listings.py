"""How a listing is asked for and answered on the wire (spec/02)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.http import params
from strongback.http.endpoint import Limits
from strongback.http.envelope import Raw
from strongback.http.services import ServerCall
from strongback.listing import Listing, Wanted


class ListQuery(msgspec.Struct):
    """Paging, filter, sort and projection, each as text."""

    offset: str | msgspec.UnsetType = msgspec.UNSET
    count: str | msgspec.UnsetType = msgspec.UNSET
    sort: str | msgspec.UnsetType = msgspec.UNSET
    query: str | msgspec.UnsetType = msgspec.UNSET
    fields: str | msgspec.UnsetType = msgspec.UNSET


def page_schema(which: str, *more: str) -> dict[str, Any]:
    """The schema of a query that must name one thing, may give further texts, and may ask for a page."""
    texts = {name: {"type": "string"} for name in (which, *more)}
    numbers = {name: {"type": "number"} for name in ("offset", "count")}
    return {
        "type": "object",
        "properties": texts | numbers,
        "required": [which],
        "additionalProperties": False,
    }


def paging(call: ServerCall) -> Wanted:
    """What page the request asks for, where nothing else may be asked; Failure for the rest of a listing."""
    for name in ("query", "sort", "fields"):
        if name in call.query:
            raise params.invalid(name, "can not be used here")
    return wanted(call)


def wanted(call: ServerCall) -> Wanted:
    """What the request asks of a listing."""
    source, limits = call.query, call.limits
    settings = call.caller.access.settings
    page = params.page(
        source,
        params.Paging(
            settings["API_Upper_Count_Limit"],
            settings["API_Default_Count"],
            settings["API_Allow_Infinite_Count"],
        ),
    )
    if "query" not in source and "sort" not in source and "fields" not in source:
        return Wanted(page.offset, page.limit or 0)
    _deprecate(call, source)
    return Wanted(page.offset, page.limit or 0, *_texts(source, limits))


def _texts(
    source: Mapping[str, object], limits: Limits
) -> tuple[Mapping[str, object] | None, Mapping[str, int] | None, Mapping[str, int] | None]:
    most = limits.query_bytes
    return params.query(source, most), params.sort(source, most), params.fields(source, most)


def _deprecate(call: ServerCall, source: Mapping[str, object]) -> None:
    for name in ("fields", "query"):
        if name in source:
            call.deprecate_parameter(name)


def answer(name: str, found: Listing, offset: int, *, items: bool = False) -> Raw:
    """A page of stored texts in the envelope, joined without being decoded."""
    count = len(found.texts)
    counted = f'"items":{count},"count":{count}' if items else f'"count":{count}'
    return Raw(
        f'{{"{name}":[{",".join(found.texts)}],{counted},"offset":{offset},"total":{found.total},"success":true}}'.encode()
    )
