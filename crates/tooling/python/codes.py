"""The managed login asks people who have an authenticator app for its code, as Cognito does. MiniStack's own pages let them in with the
password alone."""

import secrets
import time
from urllib.parse import parse_qs

from ministack.services import cognito

# Seconds for the code: Cognito's default for a step of a sign-in.
SECONDS = 180

let_in = cognito._issue_auth_code_redirect
submit = cognito.handle_login_submit
# Sign-ins whose password was right, by the token in the form: until when, whose, and how they go on.
waiting = {}


def form(token, wrong=""):
    error = f'<div class="error">{wrong}</div>' if wrong else ""
    page = cognito._page_shell(
        "Sign in",
        "One-time code",
        f"""{error}
<form method="POST" action="/login">
<input type="hidden" name="one_time" value="{token}">
<label for="totp">Code of your authenticator app</label>
<input type="text" id="totp" name="totp" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Sign in</button>
</form>""",
    )
    return 200, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}, page.encode()


def ask(client, pool, address, scope, name, *more):
    """In place of the redirect with a code of OAuth, with which every sign-in on the pages of the managed login ends."""
    known = cognito._get_pool_unscoped(pool)
    user, _ = cognito._resolve_user(known, name)
    if user is None or cognito._mfa_challenge_for_user(known, user, pool, name) is None:
        return let_in(client, pool, address, scope, name, *more)
    now = time.time()
    for old in [token for token, (until, *_) in waiting.items() if until < now]:
        del waiting[old]
    token = secrets.token_urlsafe(24)
    waiting[token] = (now + SECONDS, user, (client, pool, address, scope, name, *more))
    return form(token)


def take(method, path, headers, body, parameters):
    """Takes the form above; the others are MiniStack's."""
    said = parse_qs((body or b"").decode(errors="replace"), keep_blank_values=True)
    token = said.get("one_time", [""])[0]
    if not token:
        return submit(method, path, headers, body, parameters)
    until, user, more = waiting.get(token, (0, None, ()))
    if until < time.time():
        waiting.pop(token, None)
        return cognito._oauth2_error("invalid_request", "Session has expired. Please sign in again.")
    if not cognito._totp_matches(user.get("_totp_secret"), said.get("totp", [""])[0].strip()):
        return form(token, "That is not the code of the moment.")
    del waiting[token]
    return let_in(*more)


cognito._issue_auth_code_redirect = ask
cognito.handle_login_submit = take
