"""What `Store` promises about the roles that apps have on a page."""

from __future__ import annotations

from channels.core.events import PageRoles
from channels.store.protocol import Store


async def test_a_page_that_nobody_told_of_has_no_roles(store: Store) -> None:
    assert await store.roles("111") == {}


async def test_the_roles_of_an_app_are_those_it_was_last_told_to_have(store: Store) -> None:
    await store.keep_roles(PageRoles(page="111", roles={"9": ("secondary_receiver",)}))
    await store.keep_roles(PageRoles(page="111", roles={"9": ("primary_receiver",)}))
    assert await store.roles("111") == {"9": ("primary_receiver",)}


async def test_the_roles_of_other_apps_and_pages_stay(store: Store) -> None:
    await store.keep_roles(PageRoles(page="111", roles={"9": ("primary_receiver",)}))
    await store.keep_roles(PageRoles(page="111", roles={"7": ("secondary_receiver",)}))
    await store.keep_roles(PageRoles(page="222", roles={"9": ()}))
    assert await store.roles("111") == {"9": ("primary_receiver",), "7": ("secondary_receiver",)}
    assert await store.roles("222") == {"9": ()}
