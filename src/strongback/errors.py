"""The three ways in which a request can fail: the client's doing, the storage's, or a lost race."""


class Failure(Exception):
    """What a client did wrong, said in the envelope (spec/01 section 2).

    `error` is the id that the wire calls `errorType`; the wire text then ends with it in brackets, unless
    `bracket` is false. `details` is any JSON value.
    """

    def __init__(
        self,
        text: str,
        error: str | None = None,
        *,
        details: object = None,
        status: int = 400,
        bracket: bool = True,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.error = error
        self.details = details
        self.status = status
        self.bracket = bracket

    @property
    def message(self) -> str:
        """The text as it stands on the wire."""
        if self.error is None or not self.bracket:
            return self.text
        return f"{self.text} [{self.error}]" if self.text else f"[{self.error}]"


class Unavailable(Exception):
    """The storage can not serve now: locked, full or read-only; the client may try again (503)."""


class Conflict(Exception):
    """A guard of a commit did not hold; nothing was written, and the service reads again."""

    def __init__(self, guard: object) -> None:
        super().__init__(f"this guard did not hold: {guard}")
        self.guard = guard
