"""Checks every link of a built site, without a network.

    python scripts/check_links.py build/docs

Links within the site must lead to a file that is there, and to an anchor that is in it. Links to
other sites are not followed, but no script, style, font or picture may come from one.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Tags whose address a browser fetches by itself; `a` waits for the reader.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
# What names a page to search engines is not fetched either.
NAMED = {"canonical", "author", "license"}


class Page(HTMLParser):
    """Collects what a page links to, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes identifiers and addresses."""
        given = {key: value or "" for key, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif given.get("rel") not in NAMED and FETCHED.get(tag, "") in given:
            self.fetched.append(given[FETCHED[tag]])


def faults(root: Path) -> list[str]:
    """What is wrong with the links of a site, one sentence each."""
    # What lies under _static are the theme's templates.
    paths = [path.resolve() for path in sorted(root.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in paths}
    found = []
    for path, page in pages.items():
        where = path.relative_to(root.resolve())
        outside = [address for address in page.fetched if urlsplit(address).netloc]
        found += [f"{where}: fetches {address}" for address in outside]
        for address in dict.fromkeys([*page.links, *page.fetched]):
            if not _leads_somewhere(address, path, pages):
                found.append(f"{where}: {address} leads nowhere")
    return found


def _leads_somewhere(address: str, path: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        return False
    # `#` alone is the top of a page.
    anchor = unquote(parts.fragment)
    return not anchor or target not in pages or anchor in pages[target].anchors


def main(root: Path) -> int:
    """Prints the faults; 1 where there are any."""
    found = faults(root)
    print(*found, f"{len(found)} faults in {sum(1 for _ in root.rglob('*.html'))} pages", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
