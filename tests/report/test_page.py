"""The page: whole, self-contained, escaped, and readable without its pictures."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from spinemsca.report.page import Figure, Page, Section, Table

VOID = {"meta", "img", "link", "br"}


class Outline(HTMLParser):
    """Collects elements and checks that every one is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page() -> Page:
    picture = Image.new("RGB", (7, 5), (10, 20, 30))
    return Page(
        title="A <title> & more",
        lead="What this is.",
        sections=[
            Section(
                "Numbers", tables=[Table(["Case", "Dice"], [["a<b", "0.95"]], caption="Scores")]
            ),
            Section("Picture", "Look.", figures=[Figure(picture, "a dark square", "Dark")]),
            Section("Code", listing="print('<hello>')"),
        ],
    )


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    assert parser.open == []
    return parser


def test_elements_are_balanced_and_text_is_escaped(page: Page) -> None:
    text = page.html()
    outline(text)
    assert "A &lt;title&gt; &amp; more" in text
    assert "a&lt;b" in text
    assert "&lt;hello&gt;" in text


def test_nothing_is_fetched(page: Page) -> None:
    text = page.html()
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert "@import" not in text
    assert "url(" not in text


def test_picture_survives_with_its_alternative(page: Page) -> None:
    (image,) = outline(page.html()).all("img")
    assert image["alt"] == "a dark square"
    encoded = str(image["src"]).removeprefix("data:image/png;base64,")
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as restored:
        assert restored.size == (7, 5)
        assert restored.getpixel((0, 0)) == (10, 20, 30)


def test_contents_link_to_sections_and_tables_have_scopes(page: Page) -> None:
    parsed = outline(page.html())
    targets = {section["id"] for section in parsed.all("section")}
    assert {str(a["href"]).removeprefix("#") for a in parsed.all("a")} == {*targets, "main"}
    assert [cell["scope"] for cell in parsed.all("th")] == ["col", "col", "row"]


def test_write_makes_the_folder(page: Page, tmp_path: Path) -> None:
    page.write(tmp_path / "deep" / "page.html")
    assert (tmp_path / "deep" / "page.html").read_text(encoding="utf-8") == page.html()
