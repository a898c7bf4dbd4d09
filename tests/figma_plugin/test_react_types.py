"""What `gesso export --to react` writes, before the TypeScript compiler that the plugin brings along."""

from __future__ import annotations

from pathlib import Path

from design import from_snapshot, load_snapshot, parse
from design.to.react import to_react
from tests.figma_plugin.building import PLUGIN, installed, run

ROOT = PLUGIN.parent
SHIM = """\
declare module "react" {
  export type CSSProperties = { [name: string]: string | number | undefined };
}
declare namespace JSX {
  interface Given { className?: string; href?: string; src?: string; alt?: string; style?: object; children?: unknown }
  interface IntrinsicElements { [tag: string]: Given }
}
"""
HOSTILE = r"""$ ink #111827
col '*/} </div>' 300 &back
 t (url("https://x.test/?a=1&b=\"2\"") st)"{`${process}`}</script>\n" "\\" up
 img "" &a
""".replace(' img ""', " img 10x10")  # fmt: skip


def test_components_compile(tmp_path: Path) -> None:
    installed()
    found = {"card": parse((ROOT / "examples" / "card.gesso").read_text()), "hostile": parse(HOSTILE)}
    for name in ("landing", "layers", "type"):
        data = (ROOT / "tests" / "design" / "fixtures" / f"{name}.json.gz").read_bytes()
        found[name] = from_snapshot(load_snapshot(data)).design
    (tmp_path / "shim.d.ts").write_text(SHIM)
    for name, design in found.items():
        (tmp_path / f"{name}.tsx").write_text(to_react(design), encoding="utf-8")
    options = [
        "--ignoreConfig",
        "--noEmit",
        "--strict",
        "--jsx",
        "preserve",
        "--target",
        "es2022",
        "--moduleResolution",
        "bundler",
    ]
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    done = run("node_modules/typescript/bin/tsc", *options, "--module", "esnext", "--types", "", *files)
    assert done.returncode == 0, done.stdout[:3000]


def test_the_compiler_would_see_what_is_wrong(tmp_path: Path) -> None:
    installed()
    (tmp_path / "shim.d.ts").write_text(SHIM)
    (tmp_path / "wrong.tsx").write_text("export default function A() { return <div>{</div>; }")
    files = [str(path) for path in tmp_path.iterdir()]
    done = run("node_modules/typescript/bin/tsc", "--ignoreConfig", "--noEmit", "--jsx", "preserve", *files)
    assert "error TS1" in done.stdout
