"""Tokens, proofs and versions by client libraries."""

from __future__ import annotations

import pytest

from tests.clients.client_libraries import CALLS, Library, RefusedError, libraries_with
from tests.clients.client_stage import BOT, PAGE, Stage

WITHOUT_PROOFS = {"facebook-nodejs-business-sdk", "@warriorteam/messenger-sdk", "facebook-sdk"}
WITH_PROOFS = sorted(set(CALLS) - WITHOUT_PROOFS)


@libraries_with("debug_token")
async def test_a_page_token_is_told(library: Library, stage: Stage) -> None:
    told = await library.call("debug_token", stage.access())
    assert BOT.id in (told.get("app_id"), told.get("appId"))


@libraries_with("app_token", "app_subscriptions")
async def test_an_apps_token_can_be_used(library: Library, stage: Stage) -> None:
    token = await library.call("app_token", stage.access())
    assert await library.call("app_subscriptions", stage.access(token=token)) == []


@libraries_with("longer_token", "page")
async def test_an_exchanged_token_can_be_used(library: Library, stage: Stage) -> None:
    token = BOT.user_access_token
    exchanged = await library.call("longer_token", stage.access(token=token))
    me = await library.call("page", stage.access(token=exchanged["access_token"]))
    assert me["name"] == "Grace Hopper"


@libraries_with("longer_token")
async def test_an_exchanged_token_tells_how_long_it_lasts(library: Library, stage: Stage) -> None:
    token = BOT.user_access_token
    exchanged = await library.call("longer_token", stage.access(token=token))
    assert exchanged["expires_in"] == 60 * 24 * 3600


@libraries_with("accounts")
async def test_a_users_pages_come_with_their_tokens(library: Library, stage: Stage) -> None:
    [page] = await library.call("accounts", stage.access(token=BOT.user_access_token))
    assert (page["id"], page["access_token"]) == (PAGE, BOT.page_access_token)


@pytest.mark.parametrize("library", WITH_PROOFS, indirect=True)
async def test_a_librarys_own_proof_is_right(library: Library, stage: Stage) -> None:
    await library.call("text", stage.access(proof=True), user="7100000000000001", text="hello")
    call = await stage.newest("call")
    assert (call["status"], call["params"]["appsecret_proof"]) == (200, "***")


@pytest.mark.parametrize("library", WITH_PROOFS, indirect=True)
async def test_a_wrong_proof_is_refused(library: Library, stage: Stage) -> None:
    access = {**stage.access(proof=True), "secret": "another-secret"}
    with pytest.raises(RefusedError) as refused:
        await library.call("text", access, user="7100000000000001", text="hello")
    assert refused.value.codes == (100, None)


@libraries_with("version")
async def test_the_version_is_told(library: Library, stage: Stage) -> None:
    assert await library.call("version", stage.access()) == "3.1"
