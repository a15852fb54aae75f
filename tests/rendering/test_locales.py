"""In which notation a message's dates and amounts are written."""

from __future__ import annotations

from datetime import date

import pytest

from dispatcher.rendering import formats
from dispatcher.rendering.locales import notation

DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("language", "reader", "tenant", "written"),
    [
        ("en", "en-US", "en-GB", "March 1, 2026"),
        ("en", "en-GB", "en-US", "1 March 2026"),
        ("en", "en_GB", "en", "1 March 2026"),
        # Who says no region is where the tenant is.
        ("en", "en", "en-GB", "1 March 2026"),
        ("en", None, "en-GB", "1 March 2026"),
        ("en", "en", "en", "March 1, 2026"),
        # Who gets a message in another language than their own.
        ("en", "de-CH", "en-US", "1 March 2026"),
        ("en", "es-US", "en-GB", "March 1, 2026"),
        ("fr", "en-GB", "en-GB", "1 mars 2026"),
        # Where CLDR knows no English of the region.
        ("en", "ja-JP", "en", "1 March 2026"),
        ("en", "nonsense", "!", "March 1, 2026"),
    ],
)
def test_a_date_is_written_as_in_the_readers_region(
    language: str, reader: str | None, tenant: str, written: str
) -> None:
    assert formats.day(DAY, notation(language, reader, tenant)) == written


def test_the_script_of_the_reader_is_kept() -> None:
    assert str(notation("zh-hant", "zh-Hant-HK").locale) == "zh_Hant_HK"
