"""Hooks of mkdocs.yml: pages and links from outside docs/, and references in docstrings.

A link that leaves docs/ leads to a page of that file in the site: a Markdown file as it is, source
code as a listing. So every link works in the site as it does in a checkout.
"""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from griffe import Extension, Object
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

LOG = logging.getLogger("mkdocs.hooks")
DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# Pages of the navigation whose files are elsewhere.
PAGES = {
    "index.md": ROOT / "README.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "changelog.md": ROOT / "CHANGELOG.md",
    "benchmarks.md": ROOT / "benchmarks" / "README.md",
    "credits.md": ROOT / "examples" / "photos" / "CREDITS.md",
}
URIS = {path: uri for uri, path in PAGES.items()}
# Pages with nothing beside them in the navigation.
ALONE = {"index.md", "gallery.md", "decisions/README.md"}
# These are copied; of other files a page shows the text.
BINARY = {".ipynb", ".jpg", ".png"}
LINK = re.compile(r"""(\]\(|src="|href=")([^)"#:\s]+)""")
DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
ROLE = re.compile(r":(?:class|func|meth):`~?([\w.]+)`")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for uri, path in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    linked = {
        path
        for page in files.documentation_pages()
        for path in _linked(_path_of(page.src_uri))
        if _uri_of(path).startswith("source/")
    }
    for path in sorted(linked):
        given: dict[str, Any] = {"abs_src_path": str(path)}
        if path.suffix not in BINARY:
            given = {"content": _listing(path)}
        level = InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, _uri_of(path), inclusion=level, **given))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    uri = page.file.src_uri
    if uri.startswith("source/"):
        return markdown
    if uri in ALONE:
        page.meta["hide"] = ["navigation"]
    folder = _path_of(uri).parent

    def here(match: re.Match[str]) -> str:
        path = (folder / match[2]).resolve()
        if not path.is_file():
            if match[1] != "](":  # which MkDocs checks itself
                LOG.warning("%s: there is no %s", uri, match[2])
            return match[0]
        return match[1] + Path(os.path.relpath(_uri_of(path), Path(uri).parent)).as_posix()

    return LINK.sub(here, markdown)


def _linked(page: Path) -> Iterator[Path]:
    for _, target in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        if path.is_file():
            yield path


def _path_of(uri: str) -> Path:
    return PAGES.get(uri, DOCS / uri)


def _uri_of(path: Path) -> str:
    """Where the site has a file of the repository."""
    if path in URIS:
        return URIS[path]
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = f"source/{path.relative_to(ROOT).as_posix()}"
    return name if path.suffix in BINARY else f"{name}.md"


def _listing(path: Path) -> str:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    head = "---\nsearch:\n  exclude: true\n---\n"
    return f"{head}# {name}\n\n~~~~{path.suffix[1:]}\n{text}~~~~\n"


class Docstrings(Extension):
    """Turns what Markdown does not know into Markdown: Sphinx's roles and doctests."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring:
            text = ROLE.sub(_reference, obj.docstring.value)
            obj.docstring.value = DOCTEST.sub(r"```pycon\n\g<0>\n```", text)


def _reference(match: re.Match[str]) -> str:
    """A link to a public name; other names are code."""
    name = match[1]
    shown = name.removeprefix("internal_gan.")
    return f"[`{shown}`][{name}]" if shown != name else f"`{shown}`"
