from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.addresses import hide_credentials, hide_credentials_in


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://10.0.0.1:3128", "http://10.0.0.1:3128"),
        ("socks5://user:hunter2@10.0.0.1:1080", "socks5://***@10.0.0.1:1080"),
        ("user:hunter2@10.0.0.1", "***@10.0.0.1"),
        ("http://user:hun/ter@2@10.0.0.1", "http://***@10.0.0.1"),
        ("http:/user:hunter2@10.0.0.1", "***@10.0.0.1"),
        ("live", "live"),
    ],
)
def test_an_address_is_shown_without_its_user_and_password(address: str, shown: str) -> None:
    assert hide_credentials(address) == shown


@settings(deadline=None)
@given(
    scheme=st.sampled_from(["", "http://", "socks5://", "http:/", "//", "x:"]),
    secret=st.text(st.characters(exclude_characters="@"), min_size=1).map(lambda text: f"S3CR3T{text}"),
)
def test_whatever_stands_before_the_at_sign_is_hidden(scheme: str, secret: str) -> None:
    assert "S3CR3T" not in hide_credentials(f"{scheme}user:{secret}@host:80")


def test_a_sentence_is_shown_without_them_too() -> None:
    told = "Cannot connect to 'http://user:hunter2@10.0.0.1:3128/' over ssl"
    assert hide_credentials_in(told) == "Cannot connect to 'http://***@10.0.0.1:3128/' over ssl"
    assert hide_credentials_in("mail to me@home") == "mail to me@home"
