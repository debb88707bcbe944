"""permissions.listAll and permissions.update, over HTTP (spec/03 section 5)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.wire.conftest import StartServer
from tests.wire.server import Server


@pytest.fixture
def own(start_server: StartServer) -> Server:
    """A server of the test's own: it changes what everybody may do."""
    return start_server()


def test_list_all(server: Server) -> None:
    plain = server.create_user("permissions-plain")
    body = plain.get("/api/v1/permissions.listAll").json()
    assert (body["remove"], body["success"]) == ([], True)
    found = {one["_id"]: set(one["roles"]) for one in body["update"]}
    assert found["create-p"] == {"admin", "user", "bot", "app"}
    assert all(one.keys() >= {"_id", "roles", "_updatedAt"} for one in body["update"])
    later = plain.get("/api/v1/permissions.listAll", params={"updatedSince": "2999-01-01T00:00:00.000Z"})
    assert later.json() == {"update": [], "remove": [], "success": True}
    answer = plain.get("/api/v1/permissions.listAll", params={"updatedSince": "soon"})
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": 'The "updatedSince" query parameter must be a valid date. [error-roomId-param-invalid]',
        "errorType": "error-roomId-param-invalid",
    }


def test_an_update_is_in_force_for_the_next_request(own: Server) -> None:
    plain = own.create_user("ann")
    body = {"permissions": [{"_id": "view-d-room", "roles": ["admin"]}]}
    answer = own.admin.post("/api/v1/permissions.update", json=body).json()
    assert answer["success"] is True
    assert next(one["roles"] for one in answer["permissions"] if one["_id"] == "view-d-room") == ["admin"]
    assert plain.get("/api/v1/users.list").status_code == 403
    body["permissions"][0]["roles"] = ["user"]
    own.admin.post("/api/v1/permissions.update", json=body).raise_for_status()
    assert plain.get("/api/v1/users.list").status_code == 200


def test_updates_in_parallel_all_count_and_survive_a_restart(own: Server, start_server: StartServer) -> None:
    ids = [f"{verb}-{kind}" for verb in ("create", "delete", "leave") for kind in ("c", "p")]

    def change(id: str) -> int:
        body = {"permissions": [{"_id": id, "roles": ["bot"]}]}
        return own.admin.post("/api/v1/permissions.update", json=body).status_code

    assert own.admin.get("/api/v1/me").status_code == 200  # logged in before the threads start
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(change, ids)) == {200}
    own.kill()
    again = start_server(folder=own.folder)
    listed = again.admin.get("/api/v1/permissions.listAll").json()["update"]
    found = {one["_id"]: one["roles"] for one in listed}
    assert {id: found[id] for id in ids} == {id: ["bot"] for id in ids}


@pytest.mark.parametrize(
    ("permissions", "text", "error"),
    [
        ([{"_id": "x"}], "Invalid body params", "error-invalid-body-params"),
        ([{"_id": "no-such", "roles": []}], "Invalid permission", "error-invalid-permission"),
        ([{"_id": "create-p", "roles": ["no-such"]}], "Invalid role", "error-invalid-role"),
    ],
)
def test_a_refusal_has_no_brackets(server: Server, permissions: object, text: str, error: str) -> None:
    answer = server.admin.post("/api/v1/permissions.update", json={"permissions": permissions})
    assert answer.status_code == 400
    assert answer.json() == {"success": False, "error": text, "errorType": error}


def test_an_update_needs_the_permission(server: Server) -> None:
    plain = server.create_user("permissions-plain2")
    answer = plain.post("/api/v1/permissions.update", json={})
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": "Editing permissions is not allowed",
        "errorType": "error-edit-permissions-not-allowed",
    }
