"""What a page learns of the person that it is for."""

from __future__ import annotations

from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection


async def test_a_page_learns_whom_it_is_for_and_how_to_speak_to_them(
    client: Client, db: Connection
) -> None:
    given.recipient(db, "u1", locale="pt_BR", time_zone="America/Recife")

    profile = (await client.as_().get("/v1/profile")).json

    assert (profile["tenant_id"], profile["recipient_id"]) == ("default", "u1")
    assert (profile["locale"], profile["time_zone"]) == ("pt-BR", "America/Recife")


async def test_what_a_person_does_not_say_is_as_on_the_website(
    client: Client, db: Connection
) -> None:
    db.execute("update postbell.recipient set locale = null, time_zone = null")
    db.execute("update postbell.tenant set name = 'Corner Shop', locale = 'fr'")

    profile = (await client.as_().get("/v1/profile")).json

    assert (profile["name"], profile["locale"]) == ("Corner Shop", "fr")
    assert profile["time_zone"]


async def test_nobody_learns_of_nobody(client: Client) -> None:
    assert (await client.get("/v1/profile")).status == 401
