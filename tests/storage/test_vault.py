"""The vault: what is sealed opens only in its place and by its key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from storage.vault import Unreadable, Vault, WrongKey, is_sealed

MASTER = bytes(range(32))


@pytest.fixture
def vault() -> Vault:
    return Vault(MASTER)


@given(st.binary(max_size=2000), st.text(max_size=20))
def test_what_was_sealed_is_read_back(plain: bytes, place: str) -> None:
    vault = Vault(MASTER)
    assert vault.unseal(place, vault.seal(place, plain)) == plain


def test_equal_values_look_different_each_time(vault: Vault) -> None:
    assert vault.seal("a.b", b"same") != vault.seal("a.b", b"same")


def test_a_value_moved_to_another_place_is_unreadable(vault: Vault) -> None:
    sealed = vault.seal("contact.address", b"08123")
    with pytest.raises(Unreadable):
        vault.unseal("contact.profile", sealed)


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_changed_bit_makes_it_unreadable(vault: Vault, position: int) -> None:
    sealed = bytearray(vault.seal("a.b", b"1409072011980003"))
    sealed[position] ^= 1
    with pytest.raises(Unreadable) as refused:
        vault.unseal("a.b", bytes(sealed))
    assert "1409072011980003" not in str(refused.value)


@pytest.mark.parametrize("broken", [b"", b"\x01", b"plain text of thirty bytes or so"])
def test_what_was_never_sealed_is_unreadable(vault: Vault, broken: bytes) -> None:
    with pytest.raises(Unreadable):
        vault.unseal("a.b", broken)


def test_another_master_key_reads_nothing(vault: Vault) -> None:
    with pytest.raises(Unreadable):
        Vault(os.urandom(32)).unseal("a.b", vault.seal("a.b", b"x"))


def test_a_key_of_its_own_opens_only_its_own(vault: Vault) -> None:
    key, sealed_key = vault.new_key()
    other, _ = vault.new_key()
    assert key not in sealed_key
    assert vault.open_key(sealed_key) == key
    sealed = vault.seal_with(key, "document.file", b"photo")
    assert vault.unseal_with(vault.open_key(sealed_key), "document.file", sealed) == b"photo"
    with pytest.raises(Unreadable):
        vault.unseal_with(other, "document.file", sealed)


def test_a_sealed_key_is_no_sealed_value(vault: Vault) -> None:
    _, sealed_key = vault.new_key()
    with pytest.raises(Unreadable):
        vault.unseal("key", sealed_key)


def test_the_uses_of_the_master_key_have_nothing_in_common(vault: Vault) -> None:
    outcomes = {vault.index("a", "b"), vault.digest("a", "b")[:32], vault.name_of(b"a\0b")[:32]}
    assert len(outcomes) == 3


def test_the_blind_index_is_stable_and_keeps_kinds_apart(vault: Vault) -> None:
    assert vault.index("telegram", "12345") == Vault(MASTER).index("telegram", "12345")
    assert vault.index("telegram", "12345") != vault.index("sms", "12345")
    assert len(vault.index("telegram", "12345")) == 32
    assert vault.index("telegram", "\ud800 lone") != vault.index("telegram", "lone")


def test_codes_are_long_unlike_and_free_of_letters_that_look_alike(vault: Vault) -> None:
    codes = {vault.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 26 and not set(code) & set("iloILOuU") for code in codes)


def test_randomness_can_be_given() -> None:
    vault = Vault(MASTER, random=lambda size: b"\x07" * size)
    assert vault.seal("a", b"b") == vault.seal("a", b"b")
    assert vault.new_code(4) == "7777"


def test_the_first_start_makes_a_key_and_says_to_keep_a_copy(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with structlog.testing.capture_logs() as logs:
        first = Vault.load(data, None)
    assert (data / "master.key").stat().st_mode & 0o777 == 0o600
    assert logs[0]["log_level"] == "warning"
    assert "copy" in logs[0]["do"]
    assert (data / "master.key").read_text().strip() not in str(logs)
    assert [path.name for path in data.iterdir()] == ["master.key"]
    with structlog.testing.capture_logs() as logs:
        second = Vault.load(data, None)
    assert not logs
    assert second.unseal("a", first.seal("a", b"b")) == b"b"


def test_a_key_that_others_could_read_is_closed(tmp_path: Path) -> None:
    Vault.load(tmp_path, None)
    (tmp_path / "master.key").chmod(0o644)
    Vault.load(tmp_path, None)
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"ab" * 31, b"\xff" * 64])
def test_a_damaged_key_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "master.key").write_bytes(content)
    with pytest.raises(WrongKey):
        Vault.load(tmp_path, None)
    assert (tmp_path / "master.key").read_bytes() == content


def test_a_given_secret_needs_no_file(tmp_path: Path) -> None:
    vault = Vault.load(tmp_path, "a long enough passphrase")
    assert list(tmp_path.iterdir()) == []
    again = Vault.load(tmp_path, "a long enough passphrase")
    assert again.unseal("a", vault.seal("a", b"b")) == b"b"
    with pytest.raises(WrongKey):
        Vault.load(tmp_path, "too short")


def test_data_of_another_key_is_recognised(vault: Vault) -> None:
    vault.demand(Vault(MASTER).check_value())
    with pytest.raises(WrongKey):
        vault.demand(Vault(os.urandom(32)).check_value())
    assert MASTER.hex()[:16] not in vault.check_value()


def test_only_sealed_bytes_look_sealed(vault: Vault) -> None:
    assert is_sealed(vault.seal("a", b""))
    assert not is_sealed(b"\xff\xd8\xff\xe0" + b"x" * 100)
    assert not is_sealed(b"%PDF-1.7" + b"x" * 100)
