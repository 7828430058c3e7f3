"""What Schemathesis cannot know of the API. `cargo xtask test --only document` names this module in SCHEMATHESIS_HOOKS."""

import re

import schemathesis

# What the document says of a cursor.
CURSOR = re.compile(r"[A-Za-z0-9_-]{12,}")
# The lists that have given each cursor.
given = {}


def list_of(case, filters):
    """The list that a request asks for: a cursor is valid in that list alone, with the same filters."""
    return case.formatted_path, sorted((name, str(value)) for name, value in filters.items() if name not in ("next", "limit"))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Takes a cursor away that fits the document but does not come from this list: it would be refused rightly."""
    for place in (case.query, case.body):
        cursor = place.get("next") if isinstance(place, dict) else None
        if isinstance(cursor, str) and CURSOR.fullmatch(cursor) and given.get(cursor) != list_of(case, place):
            del place["next"]


@schemathesis.hook
def after_call(context, case, response):
    """Remembers which list has given a cursor."""
    if response.status_code == 200 and response.headers.get("content-type") == ["application/json"]:
        page = response.json()
        if isinstance(page, dict) and isinstance(page.get("next"), str):
            filters = case.body if isinstance(case.body, dict) else case.query
            given[page["next"]] = list_of(case, filters or {})
