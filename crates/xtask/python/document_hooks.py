"""What Schemathesis cannot know of the API. `cargo xtask test --only document` names this module in SCHEMATHESIS_HOOKS."""

import re

import schemathesis

# What the document says of a cursor.
CURSOR = re.compile(r"[A-Za-z0-9_-]{12,}")
# The cursors that the API has given.
given = set()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Takes a cursor away that fits the document but is made up: a list accepts only those that it has given."""
    for place in (case.query, case.body):
        cursor = place.get("next") if isinstance(place, dict) else None
        if isinstance(cursor, str) and CURSOR.fullmatch(cursor) and cursor not in given:
            del place["next"]


@schemathesis.hook
def after_call(context, case, response):
    """Remembers the cursor of a page."""
    if response.status_code == 200 and response.headers.get("content-type") == ["application/json"]:
        page = response.json()
        if isinstance(page, dict) and isinstance(page.get("next"), str):
            given.add(page["next"])
