"""Designs for the plugin's tests: `python figma-plugin/test/designs.py OUT [SITES] [--home DIR]`.

Writes each design as NAME.gesso with what Python makes of it beside it, NAME.json. Without SITES: the examples and the
pages of tests/design. With a folder of sites: theirs too, crawled into the home once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from design import Design, from_snapshot, load_snapshot, parse, print_design, to_figma  # noqa: E402
from design.errors import GessoError as DesignError  # noqa: E402

COMPONENTS = """\
$ brand #6c4cf1
! soft sh(0,1,2,0,#00000033)
+Button row p12,24 jc ac $brand r10 !soft
 t %(Inter/Bold 16/24) #ffffff ?label "Get started"
 svg 16x16 &arrow ??arrow
+Card/size=big col 300 p16 g16
 img *x100 &photo ?picture
 Button label=?action
+Card/size=small col 200 p8
 img *x50 &photo ?picture
 t * ?words "two lines"
col Page 800 p24 g16
 Button label="Watch demo" #ff0000
 Button label=(ul)"Two " label="runs" arrow=off
 Card size=small picture=&other words="said"
 Card action="Passed on"
 Button w200.. * label="wide"
 row * jb
  t sc "middle"
  grid 200 cols(40,*) g4
   rect *x10 $brand
   rect *x10 span1,2 #00000022
   rect *x10 rot45 $brand/50
"""


def here() -> Iterator[tuple[str, Design, dict[str, str]]]:
    """The examples, the pages of tests/design, and a design of all that components can do."""
    for path in sorted((ROOT / "examples").glob("*.gesso")):
        yield path.stem, parse(path.read_text(encoding="utf-8")), {}
    yield "components", parse(COMPONENTS), {}
    for path in sorted((ROOT / "tests" / "design" / "fixtures").glob("*.json.gz")):
        found = from_snapshot(load_snapshot(path.read_bytes()))
        yield path.name.split(".")[0], found.design, {s.name: s.svg for s in found.slots.values() if s.svg}


def crawled(sites: Path, home: Path) -> Iterator[tuple[str, Design, dict[str, str]]]:
    """A design for every view of every site's entry page."""
    from benchmarks.entries import crawl_entries
    from crawlers.captures import CaptureStore
    from pipelines.export import import_capture
    from pipelines.fidelity import representative

    if not (home / "done").is_file():
        crawl_entries(sites, home)
        (home / "done").touch()
    store = CaptureStore(str(home / "captures"))
    for number, capture in enumerate(representative(store.captures())):
        try:
            found = import_capture(store, capture)
        except DesignError as error:
            print(f"{capture.url}: no design ({error})", file=sys.stderr)
            continue
        yield f"page-{number:04}", found.design, {s.name: s.svg for s in found.slots.values() if s.svg}


def write(name: str, design: Design, slots: dict[str, str], out: Path) -> None:
    (out / f"{name}.gesso").write_text(print_design(design), encoding="utf-8")
    (out / f"{name}.json").write_text(json.dumps(to_figma(design)), encoding="utf-8")
    if slots:
        (out / f"{name}.drawn.json").write_text(json.dumps(to_figma(design, slots=slots)), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("sites", type=Path, nargs="?")
    parser.add_argument("--home", type=Path, default=ROOT / "workspace" / "figma-plugin")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, design, slots in here():
        write(name, design, slots, options.out)
        count += 1
    if options.sites is not None:
        for name, design, slots in crawled(options.sites, options.home):
            write(name, design, slots, options.out)
            count += 1
    print(f"{count} designs in {options.out}")


if __name__ == "__main__":
    main()
