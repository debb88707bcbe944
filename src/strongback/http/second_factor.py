"""The second factor in front of an endpoint: the headers x-2fa-code and x-2fa-method (spec/01 section 9)."""

from strongback.accounts import two_factor
from strongback.http.services import ServerCall


async def second_factor(call: ServerCall) -> None:
    """Pass, or raise the Failure that asks the caller for a second factor; TEST_MODE asks nobody."""
    if not call.services.settings.test_mode:
        code, method = call.header("x-2fa-code"), call.header("x-2fa-method")
        await two_factor.check(call.services.store, call.services.clock, call.caller, code, method)
