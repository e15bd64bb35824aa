"""Hooks of mkdocs.yml: pages and links from outside docs/, and references in docstrings.

A link that leaves docs/ leads to a page of that file in the site: a Markdown file as it is, source
code as a listing. So every link works in the site as it does in a checkout.
"""

import ast
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from griffe import Docstring, Extension, Function, Object, get_annotation
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


class Overloads(Extension):
    """Shows each function of ``internal_gan/__init__.pyi`` once, with all its types."""

    def on_members(self, *, obj: Object, **_: Any) -> None:
        for name, found in getattr(obj, "overloads", {}).items():
            if found and name not in obj.members:
                obj.set_member(name, _of_all(found))


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


def _of_all(overloads: list[Function]) -> Function:
    """The last overload, with the docstring of the first; of any output type."""
    one = overloads[-1]
    if (text := overloads[0].docstring) is not None:
        one.docstring = Docstring(text.value, parent=one)
    if "output_type" in one.parameters:
        one.parameters["output_type"] = overloads[0].parameters["output_type"]
        one.parameters["output_type"].annotation = _annotation('Literal["pil", "np", "pt"]', one)
        one.returns = _annotation(" | ".join(str(each.returns) for each in overloads), one)
    return one


def _annotation(text: str, function: Function) -> Any:
    return get_annotation(ast.parse(text, mode="eval").body, parent=function.parent)
