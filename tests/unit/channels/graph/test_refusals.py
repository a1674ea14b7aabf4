from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    PageRestricted,
    RoutingIsOff,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from channels.core.meta.ownership import Owner
from channels.graph.refusals.error_codes import (
    BROAD_CODES,
    CODES,
    NUMBERS,
    PAIRS,
    PHRASES,
    TRANSIENT,
    UNKNOWN,
)
from channels.graph.refusals.refusals import (
    MESSAGE_LIMIT,
    Fault,
    fault_in,
    owner_by,
    refusal,
    unreadable,
)
from tests.unit.channels.graph.refused_call import read

MEANINGS = [
    *(
        meaning
        for table in (PAIRS, NUMBERS, CODES, PHRASES, BROAD_CODES)
        for meaning in table.values()
    ),
    TRANSIENT,
    UNKNOWN,
]
NUMBER = st.none() | st.sampled_from([*CODES, *NUMBERS, *BROAD_CODES]) | st.integers()


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (-1, 2018012, GraphUnavailable),
        (1, None, GraphUnavailable),
        (2, None, GraphUnavailable),
        (1, 99, GraphUnavailable),
        (1, 1357046, GraphTimeout),
        (1200, None, GraphUnavailable),
        (2, 2018344, GraphRefused),
        (4, None, GraphThrottled),
        (17, None, GraphThrottled),
        (32, None, GraphThrottled),
        (341, None, GraphThrottled),
        (4, 2018022, GraphThrottled),
        (4, 2018354, GraphRefused),
        (9, 2018352, GraphRefused),
        (613, None, GraphThrottled),
        (613, 2534040, GraphThrottled),
        (613, 2018338, GraphRefused),
        (80001, None, GraphThrottled),
        (80002, None, GraphThrottled),
        (80006, None, GraphThrottled),
        (10, 2018300, NotThreadOwner),
        (100, 2534037, NotThreadOwner),
        (100, 2018321, NotThreadOwner),
        (2018321, None, NotThreadOwner),
        (10, 2018278, WindowClosed),
        (10, 2534022, WindowClosed),
        (10, 2018065, WindowClosed),
        (551, 1545041, UserUnreachable),
        (200, 1545041, UserUnreachable),
        (1545041, None, UserUnreachable),
        (551, None, UserUnreachable),
        (10, 2018108, UserUnreachable),
        (100, 2018001, NoSuchUser),
        (100, 2534014, NoSuchUser),
        (230, None, GraphRefused),
        (210, None, GraphRefused),
        (299, None, GraphRefused),
        (3, None, GraphRefused),
        (504, None, NoSuchUser),
        (27, None, RoutingIsOff),
        (190, None, TokenRefused),
        (190, 463, TokenRefused),
        (190, 467, TokenRefused),
        (102, None, TokenRefused),
        (10, None, GraphRefused),
        (10, 1893063, PageRestricted),
        (100, None, GraphRefused),
        (100, 33, GraphRefused),
        (100, 2018164, GraphRefused),
        (100, 2018109, GraphRefused),
        (100, 2018008, GraphRefused),
        (100, 2018047, GraphRefused),
        (100, 2018074, GraphRefused),
        (100, 2018294, GraphRefused),
        (100, 2018014, GraphRefused),
        (200, None, GraphRefused),
        (200, 2018028, GraphRefused),
        (200, 2018027, GraphRefused),
        (200, 2534041, GraphRefused),
        (368, None, PageRestricted),
        (2018171, None, GraphRefused),
        (2018234, None, GraphRefused),
        (2018218, None, GraphRefused),
        (100, 2018247, GraphRefused),
        (2022, None, GraphRefused),
        (10900, None, GraphRefused),
        (10903, None, GraphRefused),
        (10904, None, GraphRefused),
        (2018006, None, GraphRefused),
        (None, None, GraphRefused),
    ],
)
def test_each_documented_number_has_its_class(
    code: int | None, subcode: int | None, expected: type[GraphError]
) -> None:
    error = read(code=code, error_subcode=subcode, message="(#1) Something")
    assert type(error) is expected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (100, "(#100) Pass failed: calling app is not the thread owner", NotThreadOwner),
        (100, "(#100) Only the current thread owner can release control", NotThreadOwner),
        (10, "(#10) another app is controlling this thread now.", NotThreadOwner),
        (100, "Invalid appsecret_proof provided in the API argument", GraphRefused),
        (10, "(#10) This message is sent outside of allowed window.", WindowClosed),
        (10, "(#10) This message is sent outside the allowed window", WindowClosed),
        (10, "(#10) Message sent outside of the 24-hour window", WindowClosed),
        (10, "(#10) THIS MESSAGE IS SENT OUTSIDE\nOF ALLOWED\u00a0WINDOW", WindowClosed),
        (200, "(#200) This person is not receiving messages from you right now", UserUnreachable),
        (10, "(#10) They can\u2019t receive your messages right now", UserUnreachable),
        (10, "(#10) This Person Cannot Receive Messages", UserUnreachable),
        (551, "(#551) The person isn`t available right now", UserUnreachable),
        (3, "(#3) Application doesn't have the capability", GraphRefused),
        (100, "(#100) Calling app is not thread owner", NotThreadOwner),
        (200, "(#200) This person isn't receiving messages from you right now.", UserUnreachable),
        (200, "(#200) This person isn\u2019t receiving messages\n right now", UserUnreachable),
        (551, "(#551) This person isn't available right now.", UserUnreachable),
        (100, "(#100) No matching user found", NoSuchUser),
        (3, "(#3) Application does not have the capability to make this API call.", GraphRefused),
        (230, "(#230) Requires pages_messaging permission to manage the object", GraphRefused),
        (100, "Take failed: calling app already owns the thread", GraphRefused),
        (10, "(#10) Sent outside of the standard messaging window.", WindowClosed),
        (10, "(#10) Outside of the allowed 24h window", WindowClosed),
        (10, "(#10) The messaging window has closed.", WindowClosed),
        (10, "(#10) This person isn't receiving your messages right now", UserUnreachable),
        (100, "(#100) Calling app is not the owner of this thread", NotThreadOwner),
        (100, "(#100) Only the current owner of the thread can release it", NotThreadOwner),
        (10, "(#10) Another application is in control of this thread.", NotThreadOwner),
        (100, "(#100) Not supported when Conversation Routing is not enabled.", RoutingIsOff),
        (10, "(#10) This feature isn't available right now", GraphRefused),
        (200, "(#200) This window of your browser is outside our support", GraphRefused),
    ],
)
def test_the_words_decide_where_meta_gives_no_subcode(
    code: int, message: str, expected: type[GraphError]
) -> None:
    assert type(read(code=code, message=message)) is expected


@pytest.mark.parametrize(
    ("fault", "setting"),
    [
        ({"code": 100, "error_subcode": 2018164}, "'target-app'"),
        ({"code": 100, "message": "Invalid appsecret_proof provided"}, "'secret'"),
        ({"code": 190}, "'page-access-token'"),
        ({"code": 100, "error_subcode": 2018001}, "'page-access-token'"),
        ({"code": 100, "error_subcode": 33}, "'graph-url'"),
        ({"code": 27}, "'Take control of conversations'"),
        ({"code": 10}, "'Take control of conversations'"),
        ({"code": 3}, "pages_messaging"),
        ({"code": 210, "message": "(#210) User not visible"}, "pages_messaging"),
        ({"code": 230}, "pages_messaging"),
    ],
)
def test_the_remedy_names_the_setting_that_is_wrong(fault: dict[str, Any], setting: str) -> None:
    assert setting in read(**fault).remedy


def test_every_remedy_is_a_sentence() -> None:
    remedies = [meaning.remedy for meaning in MEANINGS]
    assert len(remedies) > 60
    assert [one for one in remedies if not (one[0].isupper() or one[0] == "'")] == []
    assert [one for one in remedies if not one.endswith(".")] == []


@pytest.mark.parametrize("code", [10, 100, 200, 99999])
def test_a_transient_error_may_be_tried_again_whatever_broad_code_it_has(code: int) -> None:
    assert type(read(code=code, is_transient=True)) is GraphUnavailable


@pytest.mark.parametrize("code", [10, 100, 99999])
def test_a_server_error_may_be_tried_again_whatever_broad_code_it_has(code: int) -> None:
    assert type(read(status=503, code=code)) is GraphUnavailable


def test_a_transient_rate_limit_stays_a_rate_limit() -> None:
    assert type(read(code=4, is_transient=True)) is GraphThrottled


def test_a_refused_token_stays_refused_under_any_status() -> None:
    assert type(read(status=500, code=190)) is TokenRefused


def test_numbers_and_trace_of_the_answer_are_kept() -> None:
    error = read(code=100, error_subcode=2018001, fbtrace_id="Axyz")
    assert (error.code, error.subcode, error.trace) == (100, 2018001, "Axyz")


def test_numbers_that_are_written_as_text_are_read() -> None:
    assert type(read(code="10", error_subcode="2018300")) is NotThreadOwner


def test_the_error_reads_as_prose() -> None:
    error = read(code=10, error_subcode=2018278, message="(#10) Outside of allowed window.")
    assert str(error) == (
        "Graph refused POST /me/messages: (#10) Outside of allowed window (error 10/2018278). "
        "The bot may write again once the user has written or tapped."
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b'"error"',
        b'{"error":"invalid_request"}',
        b'{"message_id":"m_1"}',
        b'{"message_id":"m_1","error":{}}',
        b'{"error":' + b"[" * 100_000,
    ],
)
def test_what_is_no_error_envelope_holds_no_fault(body: bytes) -> None:
    assert fault_in(body) is None


@pytest.mark.parametrize(
    "odd",
    [
        b'"message":"\xff"',
        b'"message":"\\ud83d"',
        b'"message":["no","text"]',
        b'"fbtrace_id":7',
        b'"is_transient":"perhaps"',
        b'"error_data":1e999',
    ],
)
def test_an_odd_part_of_an_error_hides_none_of_the_others(odd: bytes) -> None:
    fault = fault_in(b'{"error":{"code":10,"error_subcode":2018300,%b}}' % odd)
    assert fault is not None
    assert type(refusal(fault, call="GET /me", status=400)) is NotThreadOwner
    (fault.message or "").encode()


@pytest.mark.parametrize("odd", [b"[1]", b'"none"', b"1e999", b"null"])
def test_a_number_that_is_none_is_left_out(odd: bytes) -> None:
    fault = fault_in(b'{"error":{"code":%b,"error_subcode":2018278}}' % odd)
    assert fault is not None
    assert type(refusal(fault, call="GET /me", status=400)) is WindowClosed


@given(st.binary())
def test_no_body_breaks_the_reader(body: bytes) -> None:
    fault_in(body)


@given(code=NUMBER, subcode=NUMBER, message=st.none() | st.text(), status=st.integers(400, 599))
def test_every_fault_has_a_class(
    code: int | None, subcode: int | None, message: str | None, status: int
) -> None:
    fault = Fault(code=code, subcode=subcode, message=message)
    assert isinstance(refusal(fault, call="GET /me", status=status), GraphError)


@pytest.mark.parametrize("status", [302, 403, 404])
def test_an_unreadable_answer_is_named_by_its_status(status: int) -> None:
    error = unreadable("GET /me", status)
    assert type(error) is GraphUnavailable
    assert f"HTTP status {status}" in str(error)


@pytest.mark.parametrize("status", [200, 500, 502, 503, 504])
def test_a_call_without_a_readable_answer_may_have_been_carried_out(status: int) -> None:
    assert type(unreadable("GET /me", status)) is GraphTimeout


def shown(message: str, *hidden: str) -> str:
    error = refusal(Fault(code=100, message=message), call="GET /me", status=400, hidden=hidden)
    return error.message


def test_secrets_are_hidden_even_inside_a_word() -> None:
    assert shown("Bad token xEAAB12345y", "EAAB12345") == "Graph refused GET /me: Bad token x***y"


def test_a_short_text_is_hidden_as_a_whole_word() -> None:
    assert shown("Ada may not send 'Ada' to Adam", "Ada", "a").endswith(
        "*** may not send '***' to Adam"
    )


def test_a_text_is_hidden_before_its_own_beginning() -> None:
    assert shown("Not allowed: 555 call me", "555", "555 call me").endswith("Not allowed: ***")


def test_meta_s_message_is_put_on_one_line() -> None:
    assert shown("First\n  second.\r\n").endswith("First second")


def test_a_long_message_is_cut() -> None:
    assert shown("x" * 10_000).endswith(": " + "x" * MESSAGE_LIMIT + "…")


def test_an_error_without_a_message_says_so() -> None:
    assert read(code=100).message.endswith("it gave no reason")


@pytest.mark.parametrize(
    ("fault", "owner"),
    [
        ({"code": 100, "error_subcode": 2018234}, Owner.HIDDEN),
        ({"code": 2018234}, Owner.HIDDEN),
        ({"code": 100, "message": "calling app is not the thread owner"}, Owner.UNNAMED),
        ({"code": 100, "error_subcode": 2018001}, Owner.UNKNOWN),
        ({"code": 100, "message": "Tried accessing nonexisting field"}, Owner.UNKNOWN),
        ({"code": 10}, Owner.UNKNOWN),
        ({"code": 27}, Owner.UNKNOWN),
    ],
)
def test_a_refusal_to_name_the_owner_is_an_answer(fault: dict[str, Any], owner: Owner) -> None:
    assert owner_by(read(**fault)) is owner
