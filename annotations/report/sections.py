"""The parts of the trust report, each from what was measured to HTML. The answer first, then the order of the work."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from annotations.agreement import Alpha
from annotations.annotators import Annotator, Annotators
from annotations.box_agreement import BoxAgreement
from annotations.consensus import Consensus
from annotations.judgements import Key
from annotations.report.plots import Dot, Line, bars, dots, interval, number
from curation.heads import trained

TENTATIVE, RELIABLE = 0.667, 0.8  # Krippendorff's own lines
STRENGTHS = ((RELIABLE, "agree well"), (TENTATIVE, "agree fairly"), (0.4, "agree loosely"), (-9.0, "hardly agree"))
ON = {("critique", "overall"): "on overall grades", ("pairwise", "preference"): "on which screen is better"}
HIGH = 200  # CSS px of a screen, as in trust.css
SHOWN = 8  # screens of a row
WORDS = {
    ("pairwise", "preference"): "Which is better",
    ("best_of_n", "rank"): "Ranking",
    ("like", "overall"): "Likes",
    ("caption_check", "verdict"): "Caption verdict",
    ("critique", "nsfw"): "NSFW",
    ("critique", "page_type"): "Page type",
    ("critique", "color"): "Colour and contrast",
}
KINDS = {"pairs": "comparisons", "stars": "stars", "labels": "labels"}
VERDICT = {
    "good": ("keep", "can be relied on"),
    "guessing": ("doubt", "as if guessing"),
    "contrary": ("reject", "the wrong way round"),
    "unsure": ("", "too little to tell"),
}


@dataclass(frozen=True)
class Shot:
    """A thumbnail as a data: URL, its width over its height, and the screen's site, escaped."""

    address: str
    site: str
    ratio: float = 0.5


def answer(consensus: Consensus, agreed: Mapping[Key, Alpha], people: Annotators) -> str:
    """One sentence, and the figures behind it; `agreed` is of those who can be relied on."""
    columns = (consensus.events[name].to_pylist() for name in ("item_sha256", "pair_sha256"))
    screens = {sha256 for column in columns for sha256 in column if sha256}
    good = [person for person in people.people if person.verdict == "good"]
    bad = [person for person in people.people if person.verdict in ("guessing", "contrary")]
    key, found = _main(agreed)
    said = f"{len(good)} of {len(people.people)} annotators can be relied on"
    if found is not None:
        strength = next(words for least, words in STRENGTHS if not found.value < least)
        said += f", and they {strength} {ON.get(key, 'on ' + _name(key).lower())}."
    else:
        said += "; nothing was judged twice yet."
    lines = [
        f"{_named(bad)} counted for what the answers are worth: guesses weigh next to nothing, and answers the wrong "
        "way round are turned."
        if bad
        else "Nobody guesses or answers the wrong way round."
    ]
    if people.anchoring and people.anchoring.proven:
        pull = 100 * people.anchoring.pull
        lines.append(f"Shown predictions pull answers by {pull:.0f} points: label more of them blind.")
    count = len({*consensus.events["annotation_key"].to_pylist()})
    figures = [
        (f"{count:,}", "annotations that hold"),
        (f"{len(screens):,}", "screens"),
        (f"{len(people.people)}", "annotators"),
        (number(found.value) if found else "–", f"α on {_name(key).lower()}" if found else "α"),
        (f"{people.seconds:.0f} s" if math.isfinite(people.seconds) else "–", "median an annotation"),
    ]
    boxes = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in figures)
    return (
        f'<header class="answer"><p class="eyebrow">Labels</p><h1>{escape(said)}</h1>'
        f'<p class="answer-line">{escape(" ".join(lines))}</p></header><div class="figures">{boxes}</div>'
    )


def agreement_part(agreed: Mapping[Key, Alpha], every: Mapping[Key, Alpha], drawn: BoxAgreement | None) -> str:
    """`agreed` is of those who can be relied on, `every` of everybody."""
    rows = []
    for key, a in agreed.items():
        said = f"{number(a.value)} ({interval(a.low, a.high)})" if math.isfinite(a.low) else number(a.value)
        about = f"{a.level}, {a.units:,} judged by several"
        other = every[key].value if key in every else math.nan
        rows.append(Dot(_name(key), a.value, a.low, a.high, said, about, _mark(a.value), other))
    if drawn is not None:
        said = f"{number(drawn.f1)} ({interval(drawn.low, drawn.high)})"
        rows.append(Dot("Boxes", drawn.f1, drawn.low, drawn.high, said, f"F1 at IoU ≥ 0.5, {drawn.items} screens"))
    plot = dots(rows, -0.2, 1, [Line(0, "chance"), Line(TENTATIVE, "tentative", True), Line(RELIABLE, "reliable")],
                label="Krippendorff's alpha of each aspect")  # fmt: skip
    differs = any(key in every and every[key].value != a.value for key, a in agreed.items())
    key_line = "<span>● who can be relied on</span><span>○ everybody</span>"
    plot += f'<p class="key">{key_line}</p>' if plot and differs else ""
    return _section(
        "How far they agree",
        "Krippendorff’s α: 1 is full agreement, 0 what chance gives. The bar is the 95 % interval over screens. Below "
        f"{TENTATIVE} draw no conclusion from single labels; the consensus below still averages them.",
        plot or _empty("No screen was judged by two annotators yet.", "Push tasks with an overlap of 2 or more."),
    )


def people_part(people: Annotators) -> str:
    parts = []
    for kind, name in KINDS.items():
        some = [(person, person.trust[kind]) for person in people.people if kind in person.trust]
        if not some:
            continue
        usual = some[0][1].usual
        rows = [
            Dot(
                person.name, trust.value / usual, (trust.value - 1.96 * trust.sd) / usual,
                (trust.value + 1.96 * trust.sd) / usual, VERDICT[trust.verdict][1], "", VERDICT[trust.verdict][0],
            )
            for person, trust in some
        ]  # fmt: skip
        plot = dots(rows, -1.6, 1.6, [Line(-1, "the wrong way"), Line(0, "guessing"), Line(1, "usual")],
                    label=f"Reliability by {name}")  # fmt: skip
        parts.append(f"<h3>By {name}</h3>{plot}")
    cards = "".join(_person(person) for person in people.people)
    return _section(
        "Who can be relied on",
        "What an annotator’s word is worth beside the usual one’s, by what the others say of the same screens.",
        f'{"".join(parts)}<h3>One by one</h3><div class="people">{cards}</div>',
    )


def position_part(people: Annotators) -> str:
    rows = []
    for person in people.people:
        if person.left is None:
            continue
        share = person.left
        biased = share.low > 0.6 or share.high < 0.4
        picks = person.left_picks
        about = f"{100 * picks.value:.0f} % of {picks.n} picks were left" if picks else ""
        rows.append(Dot(person.name, share.value, share.low, share.high, f"{100 * share.value:.0f} % left", about,
                        "doubt" if biased else ""))  # fmt: skip
    if not rows:
        return ""
    return _section(
        "Left or right",
        "How often an annotator picks the left of two equally good screens. The consensus takes this out.",
        dots(rows, 0, 1, [Line(0.5, "no preference")], label="Share of left picks between equals"),
    )


def anchoring_part(people: Annotators) -> str:
    rows = [(_name(("critique", aspect)), a) for aspect, a in people.by_aspect.items()]
    rows += [(person.name, person.anchoring) for person in people.people if person.anchoring]
    if not rows and people.anchoring is None:
        return _section(
            "Pulled by predictions",
            "Nothing to compare: either no predictions were shown, or no screens were labelled blind.",
            "",
        )
    every = [("Everybody", people.anchoring)] if people.anchoring else []
    plotted = [
        Dot(
            name, a.shown.value, said=f"{100 * a.pull:+.0f} points".replace("-", "−"), other=a.blind.value,
            about=f"{a.shown.n} shown, {a.blind.n} blind", mark="doubt" if a.proven else "",
        )
        for name, a in [*every, *rows]
    ]  # fmt: skip
    plot = dots(plotted, 0, 1, [Line(0, "never"), Line(1, "always as the model")], label="Agreement with predictions")
    key = (
        '<p class="key"><span>○ blind</span><span>● prediction shown</span><span>◆ pull above 0 beyond doubt</span></p>'
    )
    return _section(
        "Pulled by predictions",
        "How often answers equal the model’s, with the prediction on the page and without. The difference is the pull.",
        plot + key,
    )


def speed_part(people: Annotators) -> str:
    some = [person for person in people.people if math.isfinite(person.seconds)]
    if not some:
        return ""
    most = max(person.seconds for person in some) * 1.1
    rows = [
        Dot(person.name, person.seconds, said=f"{person.seconds:.0f} s", about=f"{person.annotations:,} annotations",
            mark="doubt" if person.fast else "")
        for person in some
    ]  # fmt: skip
    return _section(
        "How fast",
        "Median seconds an annotation. Who is three times as fast as the others is marked; that alone is no fault.",
        dots(rows, 0, most, [Line(people.seconds, "median")], label="Median seconds an annotation"),
    )


def screens_wanted(consensus: Consensus) -> set[str]:
    """The screens that `consensus_part` shows."""
    return {row["item_sha256"] for _, rows, _ in _rows_of_screens(consensus) for row in rows}


def consensus_part(consensus: Consensus, shots: Mapping[str, Shot]) -> str:
    methods: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in consensus.table.to_pylist():
        methods.setdefault((row["task"], row["aspect"], row["method"]), []).append(row)
    body = []
    stars = methods.get(("critique", "overall", "bias_corrected_mean"))
    if stars:
        edges = [round(1 + 0.5 * k, 1) for k in range(9)]
        counts = [(f"{e:g}", sum(e - 0.25 <= min(max(r["value"], 1), 5) < e + 0.25 for r in stars)) for e in edges]
        body.append(f"<h3>{len(stars):,} screens by their overall stars</h3>")
        body.append(bars([(n, float(c)) for n, c in counts], label="Screens by overall stars, in halves"))
    for title, rows, about in _rows_of_screens(consensus):
        body.append(f'<h3>{escape(title)}</h3><div class="shots">')
        body.append("".join(_figure(row, shots, about) for row in rows))
        body.append("</div>")
    table = "".join(
        f"<tr><td>{escape(_name((task, aspect)))}</td><td>{escape(method.replace('_', ' '))}</td>"
        f'<td class="n">{len(rows):,}</td><td class="n">{sum(r["n"] or 0 for r in rows) / len(rows):.1f}</td></tr>'
        for (task, aspect, method), rows in sorted(methods.items())
    )
    head = '<tr><th>what</th><th>method</th><th class="n">rows</th><th class="n">judgements a row</th></tr>'
    body.append(f'<h3>What the consensus holds</h3><div class="scroll"><table>{head}{table}</table></div>')
    return _section(
        "What the labels amount to",
        "One value a thing, with the interval that its judgements leave: labels/consensus.parquet.",
        "".join(body),
    )


def heads_part(home: Path) -> str:
    """The heads that were trained on labels, newest first, each against what stood before it."""
    folder = Path(home) / "heads"
    rows = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not (place / trained.CURRENT).is_file() and not any(place.glob(f"*/{trained.MANIFEST}")):
            continue
        current = (place / trained.CURRENT).read_text().strip() if (place / trained.CURRENT).is_file() else ""
        for at in reversed(trained.numbers(place.name, home)):
            found = trained.manifest(place.name, home, at)
            contest = found["contest"]
            force = "in force" if str(at) == current else "won, replaced since" if found["in_force"] else "lost"
            said = f"{100 * contest['new']:.1f} % against {100 * contest['old']:.1f} %"
            rows.append(
                Dot(f"{place.name} {at}", contest["new"], said=said, about=f"{force}; before: {contest['name']}",
                    mark="keep" if str(at) == current else "", other=contest["old"])
            )  # fmt: skip
    if not rows:
        return _section("Heads", "None was trained yet: gesso label train aesthetic.", "")
    key = '<p class="key"><span>○ before</span><span>● trained on labels</span></p>'
    return _section(
        "Heads",
        "Held-out cases that each head got right, of sites that it had not seen. A head takes over only where it wins.",
        dots(rows, 0.3, 1, [Line(0.5, "a coin")], label="Heads by held-out cases") + key,
    )


def foot(consensus: Consensus) -> str:
    count = len(consensus.events)
    return f'<p class="foot">{count:,} label events that hold, sha256 over their ids {escape(consensus.digest)}.</p>'


def _rows_of_screens(consensus: Consensus) -> list[tuple[str, list[dict[str, Any]], str]]:
    """Title, rows and unit: the best, the least, and those that annotators disagree on most."""
    rows = consensus.table.to_pylist()
    pairwise = [r for r in rows if r["method"] == "bradley_terry"]
    stars = [r for r in rows if r["aspect"] == "overall" and r["method"] == "bias_corrected_mean"]
    main, unit = (pairwise, "") if len(pairwise) >= len(stars) else (stars, " stars")
    if not main:
        return []
    ordered = sorted(main, key=lambda r: (-r["value"], r["item_sha256"]))
    few = min(SHOWN, max(1, len(ordered) // 2))
    best, least = ordered[:few], ordered[-few:][::-1]
    rest = [r for r in ordered if r not in best and r not in least]
    unsettled = sorted(rest, key=lambda r: (r["low"] - r["high"], r["item_sha256"]))[:few]
    rows_ = [("The best", best, unit), ("The least", least, unit), ("In between, and least settled", unsettled, unit)]
    return [one for one in rows_ if one[1]]


def _figure(row: Mapping[str, Any], shots: Mapping[str, Shot], unit: str) -> str:
    shot = shots.get(row["item_sha256"])
    value = number(row["value"])
    picture = (
        f'<img decoding="async" width="{max(1, round(HIGH * shot.ratio))}" height="{HIGH}" '
        f'alt="A screen of {shot.site}" src="{shot.address}">'
        if shot
        else f'<div class="none">{escape(row["item_sha256"][:12])}</div>'
    )
    site = f"{shot.site} · " if shot else ""
    inside = interval(row["low"], row["high"])
    return f"<figure>{picture}<figcaption>{site}<b>{value}</b>{unit}<br>{inside}</figcaption></figure>"


def _person(person: Annotator) -> str:
    mark, words = VERDICT[person.verdict]
    facts = [f"<b>{person.annotations:,}</b> annotations"]
    if person.gold.n:
        gold = f"{100 * person.gold.value:.0f} %"
        facts.append(f"<b>{gold}</b> of {person.gold.n} known items right")
    if math.isfinite(person.seconds):
        facts.append(f"<b>{person.seconds:.0f} s</b> each")
    if person.skipped:
        facts.append(f"<b>{person.skipped}</b> skipped")
    notes = "".join(f"<li>{escape(note)}</li>" for note in person.notes)
    return (
        f'<div class="person"><div><h3>{escape(person.name)}</h3><span class="{mark} small">{words}</span></div>'
        f'<div><p class="facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</p><ul>{notes}</ul></div></div>'
    )


def _main(agreed: Mapping[Key, Alpha]) -> tuple[Key, Alpha | None]:
    known = [(key, a) for key, a in agreed.items() if math.isfinite(a.value)]
    for key in (("critique", "overall"), ("pairwise", "preference")):
        for other, a in known:
            if other == key:
                return key, a
    return max(known, key=lambda one: one[1].units) if known else (("", ""), None)


def _named(people: Iterable[Annotator]) -> str:
    names = [person.name for person in people]
    several = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
    return f"{several} {'are' if len(names) > 1 else 'is'}"


def _name(key: Key) -> str:
    return WORDS.get(key) or key[1].replace("_", " ").capitalize()


def _mark(value: float) -> str:
    return "keep" if value >= RELIABLE else "doubt" if value < TENTATIVE else ""


def _section(title: str, lead: str, body: str) -> str:
    return f"<section><header><h2>{escape(title)}</h2><p>{escape(lead)}</p></header>{body}</section>"


def _empty(what: str, remedy: str) -> str:
    return f'<p class="quiet">{escape(what)} {escape(remedy)}</p>'
