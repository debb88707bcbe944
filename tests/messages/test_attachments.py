"""Attachments: types, links, fields (spec/06 A6)."""

from typing import Any

import pytest

from strongback.errors import Failure
from strongback.messages.attachments import LINKS, MEDIA, check_avatar, checked

WHERE = "Match error: Failed Match.Where validation in field"


@pytest.mark.parametrize("name", [*LINKS, *MEDIA])
@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "vbscript:x",
        "//evil.example",
        "relative/path",
        "/etc/passwd",
        "mailto:a@example.com",
        "data:text/html,<script>alert(1)</script>",
        "",
    ],
)
def test_links_that_lead_nowhere_good(name: str, link: str) -> None:
    with pytest.raises(Failure) as caught:
        checked([{}, {name: link}])
    assert caught.value.message == f"{WHERE} attachments[1].{name}"


@pytest.mark.parametrize("name", [*LINKS, *MEDIA])
@pytest.mark.parametrize("link", ["https://example.com/a b", "HTTP://example.com", "/file-upload/id/a.png"])
def test_links_to_the_web_and_to_uploads(name: str, link: str) -> None:
    assert checked([{name: link}]) == [{name: link}]


def test_pictures_may_be_data_but_links_may_not() -> None:
    checked([{"image_url": "data:image/png;base64,AA=="}])
    with pytest.raises(Failure):
        checked([{"title_link": "data:image/png;base64,AA=="}])
    with pytest.raises(Failure):
        checked([{"image_url": "data:image"}])


@pytest.mark.parametrize(
    ("attachment", "text"),
    [
        ({"color": 5}, "Expected string, got number in field attachments[0].color"),
        ({"text": {}}, "Expected string, got object in field attachments[0].text"),
        ({"title": []}, "Expected string, got array in field attachments[0].title"),
        ({"author_name": True}, "Expected string, got boolean in field attachments[0].author_name"),
        ({"collapsed": "yes"}, "Expected boolean, got string in field attachments[0].collapsed"),
        ({"image_url": 5}, "Expected string, got number in field attachments[0].image_url"),
        ({"fields": {}}, "Expected array, got object in field attachments[0].fields"),
        ({"fields": ["x"]}, "Expected object, got string in field attachments[0].fields[0]"),
        ({"fields": [{"short": 1}]}, "Expected boolean, got number in field attachments[0].fields[0].short"),
        ({"fields": [{"title": 1}]}, "Expected string, got number in field attachments[0].fields[0].title"),
        (
            {"actions": [{}, {"url": "x"}]},
            "Failed Match.Where validation in field attachments[0].actions[1].url",
        ),
        ({"actions": [5]}, "Expected object, got number in field attachments[0].actions[0]"),
        (
            {"attachments": [{"title_link": "x"}]},
            "Failed Match.Where validation in field attachments[0].attachments[0].title_link",
        ),
        ("text", "Expected object, got string in field attachments[0]"),
        (None, "Expected object, got null in field attachments[0]"),
        (
            {"ts": {}},
            "Failed Match.OneOf, Match.Maybe or Match.Optional validation in field attachments[0].ts",
        ),
    ],
)
def test_members_of_another_type(attachment: Any, text: str) -> None:
    with pytest.raises(Failure) as caught:
        checked([attachment])
    assert (caught.value.message, caught.value.error) == (f"Match error: {text}", None)


def test_a_slack_payload_passes_whole() -> None:
    sent = {
        "fallback": "f",
        "color": "#36a64f",
        "pretext": "p",
        "author_name": "a",
        "author_link": "http://flickr.com/bobby/",
        "title": None,
        "ts": 123456789,
        "mrkdwn_in": ["text"],
        "fields": [
            {"title": "Priority", "value": 5, "short": False},
            {"title": "On", "value": True},
            {"title": "None", "value": None},
        ],
    }
    (made,) = checked([sent])
    assert made == sent | {
        "fields": [
            {"title": "Priority", "value": "5", "short": False},
            {"title": "On", "value": "true"},
            {"title": "None", "value": None},
        ]
    }
    assert sent["fields"][0]["value"] == 5, "what was sent is not changed"  # type: ignore[index]


def test_quotes_of_quotes_end_somewhere() -> None:
    attachment: dict[str, Any] = {"text": "innermost"}
    for _ in range(5_000):
        attachment = {"attachments": [attachment]}
    with pytest.raises(Failure, match="nested too deeply"):
        checked([attachment])


@pytest.mark.parametrize(
    "avatar",
    ["https://x.example/a.png", "/avatar/ann", "avatar/ann", "/file-upload/a/b", "data:image/gif,x", None],
)
def test_avatars(avatar: Any) -> None:
    check_avatar(avatar)


@pytest.mark.parametrize(
    "avatar", ["javascript:a/b", "java\tscript:a/b", "//evil.example/a", "/\\evil", "plain", "", 5, {}]
)
def test_what_is_no_avatar(avatar: Any) -> None:
    with pytest.raises(Failure, match=r"^Match error: .* in field avatar$"):
        check_avatar(avatar)
