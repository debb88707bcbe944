"""Pictures of accounts, over HTTP (spec/08)."""

from xml.etree import ElementTree

import pytest

from tests.wire.server import Server

GET = "/api/v1/users.getAvatar"


@pytest.mark.parametrize(
    "params", [{"userId": "rocket.cat"}, {"username": "Rocket.Cat"}, {"user": "rocket.cat"}]
)
def test_where_a_picture_is_and_what_is_there(server: Server, params: dict[str, str]) -> None:
    answer = server.admin.get(GET, params=params)
    assert (answer.status_code, answer.headers["location"]) == (307, "/avatar/rocket.cat")
    assert answer.json() == "/avatar/rocket.cat"
    picture = server.anonymous(check=False).get(answer.headers["location"])
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert picture.headers["x-content-type-options"] == "nosniff"
    drawn = ElementTree.fromstring(picture.text)
    assert drawn[1].text == "R"


def test_a_client_that_follows_gets_the_picture(server: Server) -> None:
    client = server.anonymous(dict(server.admin.headers), check=False)
    answer = client.get(GET, params={"username": "admin"}, follow_redirects=True)
    assert (answer.status_code, ElementTree.fromstring(answer.text)[1].text) == (200, "A")
    me = server.admin.get("/api/v1/me").json()
    assert me["avatarUrl"].endswith("/avatar/admin")


def test_nobody_has_a_picture_that_could_do_harm(server: Server) -> None:
    visitor = server.anonymous(check=False)
    for name in ("<script>", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "a%22onload=x", "%00", "%F0%9F%98%80"):
        answer = visitor.get(f"/avatar/{name}")
        if answer.status_code == 200:
            drawn = ElementTree.fromstring(answer.text)
            assert [child.tag.rpartition("}")[2] for child in drawn] == ["rect", "text"]
    assert visitor.post("/avatar/ann").status_code == 405
    assert visitor.get("/avatar/").status_code == 404
    assert visitor.get("/avatar/ann").text == visitor.get("/avatar/ann").text


def test_it_takes_an_account_to_ask_for_one(server: Server) -> None:
    answer = server.admin.get(GET)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "error-user-param-not-provided")
    answer = server.admin.get(GET, params={"username": "pic-nobody"})
    assert answer.json()["errorType"] == "error-invalid-user"
    assert server.admin.get(GET, params={"username[$ne]": "x"}).status_code == 400
    assert server.anonymous().get(GET, params={"username": "admin"}).status_code == 401


def test_a_picture_is_taken_back(server: Server) -> None:
    ann = server.create_user("pic-ann")
    path = "/api/v1/users.resetAvatar"
    for body in ({"userId": ann.headers["x-user-id"]}, {"username": "pic-ann"}):
        assert ann.post(path, json=body).json() == {"success": True}
    answer = ann.post(path, json={"username": "admin"})
    assert answer.json() == {
        "success": False,
        "error": "Reset avatar is not allowed [error-not-allowed]",
        "errorType": "error-not-allowed",
        "details": {"method": "users.resetAvatar"},
    }
    assert server.admin.post(path, json={"username": "pic-ann"}).status_code == 200
    assert ann.post(path, json={}).json()["errorType"] == "error-user-param-not-provided"
