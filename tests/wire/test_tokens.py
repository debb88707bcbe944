"""Personal access tokens, over HTTP (spec/08)."""

from tests.wire.conftest import StartServer, calm
from tests.wire.server import Server


def test_the_life_of_a_token(server: Server) -> None:
    ann = server.create_user("tokens-ann")
    id = ann.headers["x-user-id"]
    made = ann.post("/api/v1/users.generatePersonalAccessToken", json={"tokenName": "bot"}).json()
    assert made.keys() == {"token", "success"}
    bot = server.anonymous({"X-User-Id": id, "X-Auth-Token": made["token"]})
    assert bot.get("/api/v1/me").json()["username"] == "tokens-ann"

    again = ann.post("/api/v1/users.generatePersonalAccessToken", json={"tokenName": "bot"})
    assert (again.status_code, again.json()["errorType"]) == (400, "error-token-already-exists")
    assert again.json()["error"] == "A token with this name already exists [error-token-already-exists]"

    (listed,) = ann.get("/api/v1/users.getPersonalAccessTokens").json()["tokens"]
    assert listed.keys() == {"name", "createdAt", "lastTokenPart", "bypassTwoFactor"}
    assert (listed["name"], listed["lastTokenPart"]) == ("bot", made["token"][-6:])
    assert listed["bypassTwoFactor"] is False

    other = ann.post("/api/v1/users.regeneratePersonalAccessToken", json={"tokenName": "bot"}).json()["token"]
    assert bot.get("/api/v1/me").status_code == 401
    bot = server.anonymous({"X-User-Id": id, "X-Auth-Token": other})
    assert bot.get("/api/v1/me").status_code == 200

    gone = ann.post("/api/v1/users.removePersonalAccessToken", json={"tokenName": "bot"})
    assert gone.json() == {"success": True}
    assert bot.get("/api/v1/me").status_code == 401
    gone = ann.post("/api/v1/users.removePersonalAccessToken", json={"tokenName": "bot"})
    assert gone.json()["error"] == "Token does not exist [error-token-does-not-exists]"


def test_a_token_needs_a_name(server: Server) -> None:
    for body in ({}, {"tokenName": ""}, {"tokenName": None}):
        answer = server.admin.post("/api/v1/users.generatePersonalAccessToken", json=body)
        assert answer.status_code == 400
        assert answer.json() == {"success": False, "error": "The 'tokenName' param is required"}
    answer = server.admin.post("/api/v1/users.generatePersonalAccessToken", json={"tokenName": {"$ne": 1}})
    assert answer.status_code == 400


def test_tokens_need_the_permission(server: Server) -> None:
    guest = server.create_user("tokens-guest", roles=["guest"])
    answer = guest.post("/api/v1/users.generatePersonalAccessToken", json={"tokenName": "bot"})
    assert (answer.status_code, answer.json()["error"]) == (400, "Not Authorized [not-authorized]")
    answer = guest.get("/api/v1/users.getPersonalAccessTokens")
    assert (answer.status_code, answer.json()["errorType"]) == (400, "not-authorized")


CREATE = "/api/v1/users.createToken"
NOT_AUTHORIZED = {
    "success": False,
    "error": "Not authorized [error-not-authorized]",
    "errorType": "error-not-authorized",
    "details": {"method": "createToken"},
}


def test_login_tokens_for_accounts_are_made_only_where_the_environment_says_so(server: Server) -> None:
    ann = server.create_user("tokens-bea")
    for client in (server.admin, ann):
        answer = client.post(CREATE, json={"username": "tokens-bea"})
        assert (answer.status_code, answer.json()) == (400, NOT_AUTHORIZED)
        assert answer.headers["x-deprecation-type"] == "endpoint-deprecation"
        assert answer.headers["x-deprecation-version"] == "8.0.0"
    assert server.admin.post(CREATE, json={}).json()["errorType"] == "error-user-param-not-provided"
    assert (
        server.admin.post(CREATE, json={"username": "tokens-x"}).json()["errorType"] == "error-invalid-user"
    )


def test_login_tokens_for_accounts(start_server: StartServer) -> None:
    own = calm(start_server(CREATE_TOKENS_FOR_USERS="yes"))
    ann, bob = own.create_user("ann"), own.create_user("bob")
    id = ann.headers["x-user-id"]
    for client, body in ((ann, {"userId": id}), (own.admin, {"username": "ANN"})):
        answer = client.post(CREATE, data=body).json()
        assert answer.keys() == {"data", "success"}
        assert answer["data"]["userId"] == id
        fresh = own.anonymous({"X-User-Id": id, "X-Auth-Token": answer["data"]["authToken"]})
        assert fresh.get("/api/v1/me").json()["username"] == "ann"
    answer = bob.post(CREATE, json={"username": "ann"})
    assert (answer.status_code, answer.json()) == (400, NOT_AUTHORIZED)
    gone = {"userId": id, "activeStatus": False}
    own.admin.post("/api/v1/users.setActiveStatus", json=gone).raise_for_status()
    answer = own.admin.post(CREATE, json={"userId": id})
    assert answer.json()["errorType"] == "error-user-is-not-activated"
