"""A switch for each point on which Meta's own pages contradict each other, or say nothing."""

from __future__ import annotations

from typing import Literal

import msgspec


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each field is a contradiction or a gap in Meta's pages; the default is the likelier reading.

    Meta facts 6.
    """

    handover_events_to: Literal["new_owner", "all"] = "new_owner"
    """Who is told of a pass or a take. `new_owner`: only the app concerned, which is the new owner
    of a passed thread and the app that lost a taken one. `all`: every subscribed app, even for
    a take from idle. Meta facts 2.4 ("messaging_handovers" against "Conversation Routing").
    """

    null_owner: Literal["null", "string", "missing"] = "null"
    """`previous_owner_app_id` of an idle thread: JSON null, the string "null", or no key at all.
    Meta facts 2.4.
    """

    app_ids: Literal["documented", "strings", "numbers"] = "documented"
    """App ids in webhooks and in `thread_owner`. `documented`: each as its own sample prints it.
    Meta facts 1.1, 2.2 and 2.4.
    """

    timestamps: Literal["numbers", "strings"] = "numbers"
    """Event timestamps; some samples show strings. Meta facts 2.1."""

    requests_to: Literal["owner", "primary_receiver"] = "owner"
    """Who gets `request_thread_control` while routing is off: the current owner (Instagram
    "Conversation Routing") or the primary receiver ("messaging_handovers"), who gets it under
    legacy roles in any case. Meta facts 0 and 2.4.
    """

    inline_release_to: Literal["idle", "default_app"] = "idle"
    """What `thread_control` with `release` does: the Instagram page says idle, the Messenger page
    "to the default app". Meta facts 1.2.
    """

    routing_off_sends: Literal["owner_only", "anyone"] = "owner_only"
    """Who may send to an owned thread while routing is off. The documentation says anyone, reports
    from production say only the owner. Meta facts 0 and 6.13.
    """

    inbox_echo_id: Literal["routing_page", "echo_page"] = "routing_page"
    """The Page Inbox's `app_id` in echoes: 15 digits ("Conversation Routing") or the 14 that
    "message_echoes" prints. Meta facts 2.5.
    """

    sender_actions_need_control: bool = True
    """Whether a sender action of an app that does not own the thread is refused; undocumented.
    Meta facts 1.5.
    """

    limit_pass_metadata: bool = True
    """Whether metadata of a thread control call is limited to 1,000 characters. Meta documents no
    limit; 1,000 is the Send API's. Meta facts 2.4.
    """

    secondary_receivers: Literal["gone", "refused"] = "gone"
    """What `secondary_receivers` answers without legacy roles: that there is no such edge, as
    since 2026-06 (Meta's SDK, reports from production), or 2018171, which the error table still
    lists. Meta facts 1.1 and 4.
    """

    instagram_text_in: Literal["bytes", "characters"] = "bytes"
    """An Instagram text has at most 1,000 bytes of UTF-8, or fewer than 1,000 characters; "Send
    API" says both. Meta facts 1.5.
    """

    instagram_control_fields: bool = True
    """Whether the `instagram` object has the fields `standby` and `messaging_handover`:
    "Instagram Webhooks" lists `standby`, the table of the Instagram platform has neither.
    Meta facts 2.6.
    """

    instagram_echoes: Literal["bare", "marked"] = "bare"
    """Whether an echo on Instagram says who sent it. `bare`: it has neither `app_id` nor
    `metadata`, which are not among the fields that "Webhooks for Instagram Messaging" lists.
    `marked`: it has both, as on Messenger. Meta facts 2.5 and 6.16.
    """

    secondary_asks_owner: Literal["permission", "hidden"] = "permission"
    """What a secondary receiver of legacy roles gets when it asks who owns a thread. Meta documents
    no code: 10 without a subcode, or 100/2018234. Meta facts 1.1 and 4.
    """

    no_permission: Literal[230, 200, 210, 10] = 230
    """The code that refuses a call whose token lacks the permission for it; all of them are in
    Meta's table, without a subcode. Meta facts 4.
    """

    legacy_requests: Literal["refused", "allowed"] = "refused"
    """Whether several ids (`?ids=`), the HTTP method in `method`, field aliases (`name.as(n)`),
    `date_format` and JSONP's `callback` are let through; the last two change nothing here. Since
    Graph v27.0 new apps may not use them in any version; which error they get is not documented.
    Meta facts 0 and 7.
    """

    standby_brings: Literal["documented", "all"] = "documented"
    """Whether an app that does not own the thread gets reactions, edits, referrals, opt-ins and
    linked accounts, which "standby" does not list. `all`: it does, on `standby`. Meta facts 2.3.
    """

    messenger_deletions: Literal["untold", "told"] = "untold"
    """Whether apps hear of a message that its author takes back on Messenger. Meta documents the
    event only for Instagram; of other projects some say that Messenger has it, others that it
    has not. Meta facts 2.2 and 6.17.
    """

    date_ahead_seconds: int = 0
    """How many seconds the `Date` header of Graph's answers is ahead of real time; negative means
    behind. It stands for a wrong clock on the machine that compares the two.
    """
