"""Each library reads Meta's errors from the emulator's answers as its own error class has them."""

from __future__ import annotations

import pytest

from tests.clients.client_libraries import CALLS, DRIVERS, Library, RefusedError, libraries_with
from tests.clients.client_stage import AGENT, NOBODY, USER, Stage


@libraries_with("text")
async def test_a_send_in_another_apps_thread_is_refused(library: Library, stage: Stage) -> None:
    await stage.gives_thread_to(AGENT)
    with pytest.raises(RefusedError) as refused:
        await library.call("text", stage.access(), user=USER, text="hello")
    assert refused.value.codes == (10, 2018300)


@libraries_with("text")
async def test_a_wrong_token_is_refused(library: Library, stage: Stage) -> None:
    with pytest.raises(RefusedError) as refused:
        await library.call("text", stage.access(token="wrong"), user=USER, text="hello")
    assert refused.value.codes == (190, None)


@libraries_with("text")
async def test_an_unknown_person_is_refused(library: Library, stage: Stage) -> None:
    with pytest.raises(RefusedError) as refused:
        await library.call("text", stage.access(), user=NOBODY, text="hello")
    assert refused.value.codes == (100, 2018001)


@libraries_with("take")
async def test_a_take_without_routing_is_refused(library: Library, stage: Stage) -> None:
    await stage.gives_thread_to(AGENT)
    await stage.control("PUT", "routing", {"mode": "off"})
    with pytest.raises(RefusedError) as refused:
        await library.call("take", stage.access(), user=USER, metadata="")
    assert refused.value.codes == (27, None)


@libraries_with("text")
async def test_the_message_of_an_error_is_metas(library: Library, stage: Stage) -> None:
    await stage.gives_thread_to(AGENT)
    with pytest.raises(RefusedError) as refused:
        await library.call("text", stage.access(), user=USER, text="hello")
    assert "another app is controlling this thread now" in refused.value.message


@pytest.mark.parametrize("library", list(DRIVERS), indirect=True)
async def test_each_call_of_a_library_is_listed(library: Library) -> None:
    assert set(await library.call("calls", {})) == CALLS[library.name]
