from __future__ import annotations

import pytest

from channels.core.meta.ownership import Owner
from channels.graph.answers import INSTALLED_APPS, PAGE_STATUS, THREAD_OWNER, owner_in


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b'{"data":[]}', Owner.IDLE),
        (b'{"data":[{"thread_owner":{"app_id":"1","expiration":1760000000}}]}', Owner.OURS),
        (b'{"data":[{"thread_owner":{"app_id":1,"expiration":"1760000000"}}]}', Owner.OURS),
        (b'{"data":[{"thread_owner":{"app_id":1.0}}]}', Owner.OURS),
        (b'{"data":[{"thread_owner":{"app_id":1.5}}]}', Owner.ANOTHER_APP),
        (b'{"data":[{"thread_owner":{"app_id":1e999999999}}]}', Owner.ANOTHER_APP),
        (b'{"data":[{"thread_owner":{"app_id":" 1 "}}]}', Owner.OURS),
        (b'{"data":[{"thread_owner":{"app_id":"2"}}]}', Owner.ANOTHER_APP),
        (b'{"data":[{"thread_owner":{"app_id":263902037430900}}]}', Owner.ANOTHER_APP),
        (b'{"data":[{"thread_owner":{"expiration":1760000000}}]}', Owner.UNNAMED),
        (b'{"data":[{"thread_owner":{"app_id":null}}]}', Owner.UNNAMED),
        (b'{"data":[{"thread_owner":{"app_id":"null"}}]}', Owner.UNNAMED),
    ],
)
def test_each_shape_of_thread_owner_is_read(answer: bytes, expected: Owner) -> None:
    assert owner_in(THREAD_OWNER.decode(answer), us="1") is expected


def test_an_app_s_id_is_read_to_its_last_digit() -> None:
    answer = THREAD_OWNER.decode(b'{"data":[{"thread_owner":{"app_id":12345678901234567.0}}]}')
    assert owner_in(answer, us="12345678901234567") is Owner.OURS
    assert owner_in(answer, us="12345678901234568") is Owner.ANOTHER_APP


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b"[]",
        b"null",
        b"true",
        b'"idle"',
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":1}',
        b'{"data":[{}]}',
        b'{"data":[null]}',
        b'{"data":[[]]}',
        b'{"data":[{"thread_owner":null}]}',
        b'{"data":[{"thread_owner":{}}]}',
        b'{"data":[{"thread_owner":{"app_id":true}}]}',
        b'{"data":[{"thread_owner":{"app_id":{"id":"1"}}}]}',
        b'{"data":[{"thread_owner":{"app_id":["1"]}}]}',
        b'{"data":[{"thread_owner":{"app_id":0}}]}',
        b'{"data":[{"thread_owner":{"app_id":"0"}}]}',
        b'{"data":[{"thread_owner":{"app_id":-1,"expiration":-1}}]}',
        b'{"data":[{"thread_owner":{"app_id":"nobody"}}]}',
        b'{"data":[{"thread_owner":"1"}]}',
        b'{"data":[{"thread_owner":{"id":"1"}}]}',
        b'{"id":"1"}',
        b'{"success":true}',
        b'{"thread_owner":{"app_id":"1"}}',
    ],
)
def test_what_is_no_answer_says_nothing_of_the_owner(answer: bytes) -> None:
    assert owner_in(THREAD_OWNER.decode(answer), us="1") is Owner.UNKNOWN


@pytest.mark.parametrize(
    ("features", "page", "instagram"),
    [
        (b'{"hop_v2":true,"msgr_multi_app":true,"ig_multi_app":false}', True, False),
        (b'{"hop_v2":true,"msgr_multi_app":false,"ig_multi_app":true}', False, True),
        (b'{"msgr_multi_app":"true","ig_multi_app":"false"}', True, False),
        (b'{"msgr_multi_app":0,"ig_multi_app":1}', False, True),
        (b"{}", False, False),
    ],
)
def test_the_page_and_its_instagram_account_are_routed_each_by_its_own_flag(
    features: bytes, page: bool, instagram: bool
) -> None:
    status = PAGE_STATUS.decode(b'{"messaging_feature_status":%b,"id":"7"}' % features)
    assert (status.routes("7"), status.routes("17841400000000000")) == (page, instagram)


def test_a_page_without_a_feature_status_has_no_routing() -> None:
    assert not PAGE_STATUS.decode(b'{"id":7}').routes("7")


@pytest.mark.parametrize(
    ("answer", "is_left_out"),
    [
        (b'{"data":[]}', True),
        (b'{"data":[{"id":"2"}],"paging":{"cursors":{"after":"x"}}}', True),
        (b'{"data":[{"id":"2"}],"paging":null}', True),
        (b'{"data":[{"id":"2"}],"paging":{"next":"https://graph.facebook.com/x"}}', False),
        (b'{"data":[{"id":1}],"paging":{"next":"https://graph.facebook.com/x"}}', False),
        (b'{"data":[{"id":"1","subscribed_fields":["feed"]}],"paging":{"next":"x"}}', True),
        (b'{"data":[{"id":"1","subscribed_fields":["messages"]}]}', False),
        (b'{"data":null}', False),
        (b'{"data":"1"}', False),
        (b'{"data":[{"id":null},{"id":"1","subscribed_fields":["feed"]}]}', True),
        (b'{"data":[null,7,{"id":"1","subscribed_fields":["messages"]}]}', False),
        (b'{"data":[{"id":null},{"id":"2"}]}', False),
        (b'{"data":[{"id":"2","subscribed_fields":[null]}]}', True),
        (b'{"data":[{"id":"1","subscribed_fields":[{"name":"messages"}]}]}', False),
        (b'{"data":[{"id":"1","subscribed_fields":"messages"}]}', False),
        (b'{"data":[{"id":"2"}],"paging":[]}', True),
    ],
)
def test_an_app_is_left_out_where_meta_lists_all_apps_without_it(
    answer: bytes, is_left_out: bool
) -> None:
    assert INSTALLED_APPS.decode(answer).leave_out("1") is is_left_out


def test_a_line_that_names_no_app_hides_no_name_of_another() -> None:
    answer = b'{"data":[{"id":null,"name":"?"},null,{"id":7,"name":"Desk"},{"id":"8","name":0}]}'
    assert INSTALLED_APPS.decode(answer).names() == {"7": "Desk"}
