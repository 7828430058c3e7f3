"""What a PartiQL statement changes is in the table's stream, as in AWS. MiniStack writes only what other requests change into it."""

import copy

from ministack.services import dynamodb


def place(table, parsed):
    """The keys of the row that a statement names; None when it names none."""
    item = parsed.get("item")
    if item is None:
        hash_key, range_key, _, wrong = dynamodb._partiql_key_target(table, parsed)
        return None if wrong else (hash_key, range_key)
    item = item["M"] if isinstance(item, dict) and set(item) == {"M"} else item
    key = dynamodb._extract_key_val
    return key(item.get(table["pk_name"])), key(item.get(table["sk_name"])) if table["sk_name"] else "__no_sort__"


def told(change):
    def changed(table, parsed, *more):
        keys = place(table, parsed)
        row = lambda: copy.deepcopy(table["items"].get(keys[0], {}).get(keys[1])) if keys else None  # noqa: E731
        before = row()
        answer = change(table, parsed, *more)
        after = row()
        if answer[0] == 200 and before != after:
            event = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
            dynamodb._emit_stream_event(dynamodb._normalize_table_name(parsed["table"]), event, before, after)
        return answer

    return changed


for statement in ("_partiql_insert", "_partiql_update", "_partiql_delete"):
    setattr(dynamodb, statement, told(getattr(dynamodb, statement)))
