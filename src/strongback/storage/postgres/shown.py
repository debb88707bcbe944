"""Wire texts, as expressions in SQL: the stored text, and at its end the members that are stored elsewhere."""

LAST_MESSAGE = (
    """SELECT ',"lm":' || nullif(m.ts, '') || ',"lastMessage":' || m.text FROM messages m"""
    " WHERE m.rid = t.id AND m.last ORDER BY m.created DESC, m.id DESC LIMIT 1"
)

SINCE = "coalesce(nullif(t.seen, 0), t.created)"
_MENTIONED = f"SELECT count(*) FROM mentions m WHERE m.rid = t.rid AND m.created > {SINCE} AND m.user_id"
USER_MENTIONS = f"(t.user_mentions + ({_MENTIONED} = t.user_id))"
GROUP_MENTIONS = f"(t.group_mentions + ({_MENTIONED} = 'all') + ({_MENTIONED} = 'here'))"
_OF_OTHERS = "FROM messages m WHERE m.rid = t.rid AND m.last AND m.user_id <> t.user_id AND m.created >"
UNREAD = (
    f"CASE WHEN t.type = 'd' THEN t.unread + (SELECT count(*) {_OF_OTHERS} {SINCE})"
    f" ELSE t.unread + ({_MENTIONED} = t.user_id) + ({_MENTIONED} = 'all') + ({_MENTIONED} = 'here') END"
)
SEEN = (
    """CASE WHEN t.seen = 0 THEN '' ELSE ',"ls":"' || to_char(timestamp 'epoch' + t.seen * interval '1 millisecond',"""
    """ 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"' END"""
)

SHOWN_TEXT = {
    "subscriptions": (
        f"""left(t.text, -1) || ',"alert":' || CASE WHEN t.alert <> 0 OR EXISTS (SELECT 1 {_OF_OTHERS} {SINCE})"""
        f""" THEN 'true' ELSE 'false' END || ',"unread":' || {UNREAD} || ',"userMentions":' || {USER_MENTIONS}"""
        f""" || ',"groupMentions":' || {GROUP_MENTIONS} || ',"open":' || CASE WHEN t.closed = 0"""
        f""" OR EXISTS (SELECT 1 {_OF_OTHERS} t.closed) THEN 'true' ELSE 'false' END || {SEEN} || '}}'"""
    ),
    "rooms": (
        """left(t.text, -1) || ',"usersCount":' || t.members || ',"msgs":' || t.messages"""
        f" || coalesce(({LAST_MESSAGE}), '') || '}}'"
    ),
    "history": (
        """CASE WHEN t.copy IS NULL THEN t.text ELSE left(t.text, -1) || ',"integration":' ||"""
        " (SELECT text FROM copies c WHERE c.integration = t.integration_id AND c.revision = t.copy) || '}' END"
    ),
}
"""By kind, the expression for the wire text of a row `t` that has more than the stored one."""


def shown_text(kind: str) -> str:
    """The expression for a row's wire text."""
    return SHOWN_TEXT.get(kind, "t.text")


def stored_columns(kind: str) -> str:
    """The columns of a `Stored`."""
    return f"t.id, t.revision, {shown_text(kind)}, t.dates, t.hidden"
