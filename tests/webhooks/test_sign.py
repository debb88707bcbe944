"""Signatures, against the independent package `standardwebhooks`, in both directions."""

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from strongback.webhooks.sign import BadSecret, parse_secret, sign, verify

KEY = bytes(range(24))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
NOW = 1_700_000_000

KEYS = st.binary(min_size=24, max_size=64)
IDS = st.text("abcXYZ0123456789_-", min_size=1, max_size=40)
TEXTS = st.text()


def secret(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def test_the_example_of_the_specification() -> None:
    key = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(KEYS, IDS, TEXTS)
def test_the_package_takes_ours(key: bytes, id: str, text: str) -> None:
    headers = sign(key, id, int(time.time()), text.encode())
    Webhook(secret(key)).verify(text, headers, json_parse=False)


@given(KEYS, IDS, TEXTS, st.integers(0, 4_000_000_000))
def test_we_take_the_packages(key: bytes, id: str, text: str, now: int) -> None:
    signature = Webhook(secret(key)).sign(id, datetime.fromtimestamp(now, UTC), text)
    headers = {"webhook-id": id, "webhook-timestamp": str(now), "webhook-signature": signature}
    assert verify(parse_secret(secret(key)), headers, text.encode(), now) is None


@given(st.binary(), st.data())
def test_an_altered_body_is_refused(body: bytes, data: st.DataObject) -> None:
    headers = sign(KEY, "m1", NOW, body)
    altered = data.draw(st.binary().filter(lambda other: other != body))
    assert verify(KEY, headers, altered, NOW) == "The header webhook-signature does not sign this body."


@given(st.binary(min_size=1), st.data())
def test_one_altered_byte_is_refused(body: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(body) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(body)
    altered[position] ^= change
    assert verify(KEY, sign(KEY, "m1", NOW, body), bytes(altered), NOW) is not None


@given(
    st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
    st.integers(0, 63),
    st.text("A0b9"),
)
def test_an_altered_header_is_refused(name: str, position: int, insert: str) -> None:
    headers = sign(KEY, "m1", NOW, b"{}")
    altered = headers[name][:position] + insert + headers[name][position:]
    if altered != headers[name]:
        assert verify(KEY, headers | {name: altered}, b"{}", NOW) is not None


def test_another_key_is_refused() -> None:
    assert verify(KEY[::-1], sign(KEY, "m1", NOW, b"{}"), b"{}", NOW) is not None


def test_the_package_refuses_what_we_refuse() -> None:
    headers = sign(KEY, "m1", int(time.time()), b"{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify("{ }", headers)


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (0, None),
        (300, None),
        (-300, None),
        (301, "The header webhook-timestamp is more than 300 seconds old."),
        (-301, "The header webhook-timestamp is more than 300 seconds ahead."),
    ],
)
def test_tolerance(age: int, reason: str | None) -> None:
    assert verify(KEY, sign(KEY, "m1", NOW - age, b"{}"), b"{}", NOW) == reason


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_headers(name: str) -> None:
    headers = sign(KEY, "m1", NOW, b"{}")
    for others in (headers | {name: ""}, {key: headers[key] for key in headers if key != name}):
        assert verify(KEY, others, b"{}", NOW) == f"The header {name} is missing."


@pytest.mark.parametrize(
    "timestamp", ["soon", "-1", "1.7e9", "1700000000.0", " 1700000000", "١٧٠٠٠٠٠٠٠٠", "9" * 10_000]
)
def test_timestamps_are_numbers(timestamp: str) -> None:
    headers = sign(KEY, "m1", NOW, b"{}") | {"webhook-timestamp": timestamp}
    assert verify(KEY, headers, b"{}", NOW) == "The header webhook-timestamp must be a number of seconds."


def test_several_signatures() -> None:
    headers = sign(KEY, "m1", NOW, b"{}")
    good, other = headers["webhook-signature"], "v1,AAAA"
    for several in (f"{other} {good}", f"{good} {other}", f"v1a,xyz {other} {good}", f"x  {good}"):
        assert verify(KEY, headers | {"webhook-signature": several}, b"{}", NOW) is None
    for none in (
        f"{other} {other}",
        good.replace("v1", "v2"),
        good.removeprefix("v1,"),
        f"{good}é",
        ",",
        " ",
    ):
        assert verify(KEY, headers | {"webhook-signature": none}, b"{}", NOW) is not None


def test_a_full_stop_can_not_move_between_the_parts() -> None:
    body = b"1700000000.{}"
    headers = sign(KEY, "m1", NOW, body)
    moved = headers | {"webhook-id": f"m1.{NOW}", "webhook-timestamp": "1700000000"}
    assert verify(KEY, moved, b"{}", NOW) == "The header webhook-id may not contain a full stop."
    for id in ("m1.2", ""):
        with pytest.raises(ValueError, match="can not be signed"):
            sign(KEY, id, NOW, body)


@given(KEYS)
def test_secrets(key: bytes) -> None:
    assert parse_secret(secret(key)) == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with whsec_"),
        ("s3cret-s3cret", "starts with whsec_"),
        (base64.b64encode(KEY).decode(), "starts with whsec_"),
        (f" {SECRET}", "starts with whsec_"),
        ("whsec_s3cret-s3cret", "must be base64"),
        (f"{SECRET}\n", "must be base64"),
        ("whsec_AAAAA", "must be base64"),
        ("whsec_é", "must be base64"),
        ("whsec_", "has 24 to 64 bytes, not 0"),
        (secret(b"x" * 23), "has 24 to 64 bytes, not 23"),
        (secret(b"x" * 65), "has 24 to 64 bytes, not 65"),
    ],
)
def test_bad_secrets(text: str, reason: str) -> None:
    with pytest.raises(BadSecret, match=reason) as caught:
        parse_secret(text)
    assert "s3cret" not in str(caught.value)
