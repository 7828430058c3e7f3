"""Streams of tables: on AWS a write by PartiQL is in the stream like any other. MiniStack leaves it out."""

import copy

from ministack.services import dynamodb


def place_of(table, parsed):
    """The keys of the row that a statement writes; `None` of a statement that is refused anyway."""
    if parsed["op"] != "INSERT":
        first, second, _, refused = dynamodb._partiql_key_target(table, parsed)
        return None if refused else (first, second)
    item = parsed.get("item") or {}
    item = item["M"] if set(item) == {"M"} else item
    key = dynamodb._extract_key_val
    return key(item.get(table["pk_name"])), key(item.get(table["sk_name"])) if table["sk_name"] else "__no_sort__"


def row(table, place):
    return copy.deepcopy(table["items"].get(place[0], {}).get(place[1]))


def recorded(write):
    def written(table, parsed, *more):
        place = place_of(table, parsed)
        before = row(table, place) if place else None
        answer = write(table, parsed, *more)
        if place and answer[0] == 200:
            after = row(table, place)
            if before is not None or after is not None:
                kind = "REMOVE" if after is None else "MODIFY" if before else "INSERT"
                dynamodb._emit_stream_event(parsed["table"], kind, before, after)
        return answer

    return written


for name in ("_partiql_insert", "_partiql_update", "_partiql_delete"):
    setattr(dynamodb, name, recorded(getattr(dynamodb, name)))
