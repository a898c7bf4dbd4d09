// The facts of one capture: why it was kept or not, its scores, ties, permission and notation.

const arrow = (path) =>
  svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "stroke" },
    svg("path", { d: path }),
  );

function verdict(capture) {
  const lines = [];
  if (capture.state === "kept") {
    lines.push(
      "Passed every rule",
      capture.copies ? ` and stands for ${plural(capture.copies, "copy", "copies")}.` : ".",
    );
  } else if (capture.stage === "relation") {
    const keeper = captures[capture.keptIndex];
    lines.push(
      sentence(RELATION_WORDS[capture.rule]?.is || ruleWords(capture.rule)),
      ": ",
      keeper ? jump(keeper) : "another capture",
      keeper ? " was kept." : " went in its stead.",
    );
  } else if (capture.state === "failed") {
    lines.push(capture.reason);
  } else {
    const rule = rules.get(capture.rule);
    lines.push(
      capture.stage === "balance" ? "Over the share of " : "Fails ",
      el("b", {}, ruleWords(capture.rule)),
      rule?.sql && [": ", el("code", {}, rule.sql)],
      ".",
    );
  }
  return el(
    `div.verdict.${TOKEN[capture.state]}-line`,
    {},
    el(
      "p.verdict-state",
      {},
      mark(capture.state),
      el(`b.${TOKEN[capture.state]}`, {}, STATES[capture.state]),
      capture.split && el("span.quiet", {}, ` · ${capture.split} split`),
    ),
    el("p", {}, lines),
  );
}

const jump = (capture) =>
  el(
    "button.link",
    { type: "button", onclick: () => panel.show(capture) },
    capture.title || capture.app || capture.site,
  );

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const relationOrder = (tie) => (Object.keys(RELATION_WORDS).indexOf(tie.relation) + 1 || 99) * 1e6 + tie.distance;

function factSections(capture, detail) {
  const parts = [];
  if (capture.margins.length)
    parts.push(fact("Scores against thresholds", el("ul.scores", {}, capture.margins.map(scoreLine))));
  const ties = [...(related().get(capture.index) || [])].sort((a, b) => relationOrder(a) - relationOrder(b));
  if (ties.length) {
    parts.push(
      fact(
        "Relations",
        el(
          "ul.ties",
          {},
          ties
            .slice(0, 12)
            .map((tie) =>
              el(
                "li",
                {},
                el(
                  "button.tie",
                  { type: "button", onclick: () => panel.show(captures[tie.to]) },
                  el("span.tie-shot", {}, picture(captures[tie.to], { alt: "" })),
                  el(
                    "span",
                    {},
                    mark(captures[tie.to].state),
                    el("b", {}, ` ${relationName(tie.relation)}`),
                    tieWords(tie) && el("span.quiet", {}, ` · ${tieWords(tie)}`),
                    el("span.quiet.small", {}, viewName(captures[tie.to])),
                  ),
                ),
              ),
            ),
          ties.length > 12 && el("li.quiet.small", {}, `and ${count(ties.length - 12)} more`),
        ),
      ),
    );
  }
  if (detail.caption) parts.push(fact("Caption", el("p", {}, detail.caption)));
  for (const [name, text] of Object.entries(detail.captions)) parts.push(fact(sentence(words(name)), el("p", {}, text)));
  if (capture.palette.length) parts.push(fact("Palette", paletteStrip(capture)));
  parts.push(
    fact(
      "Permission",
      el(
        "p",
        {},
        mark(detail.allowed ? "kept" : "rejected"),
        el("b", {}, detail.allowed ? "Allowed" : "Not allowed"),
        detail.licence ? ` · licence ${detail.licence}` : " · no licence stated",
      ),
      (detail.signals || []).length > 0
        ? el(
            "ul.signals",
            {},
            detail.signals.map((s) =>
              el("li", {}, el("span.quiet.small", {}, `${s.source} · ${s.effect}`), el("code", {}, s.evidence)),
            ),
          )
        : el("p.quiet.small", {}, "No signal for or against was met."),
    ),
  );
  parts.push(
    fact(
      "Where from",
      el(
        "dl.pairs",
        {},
        Object.entries(detail.from).map(([k, v]) => [
          el("dt", {}, words(k)),
          el(/sha256|_id$/.test(k) ? "dd.code" : "dd", {}, k === "bytes" ? count(v) : String(v)),
        ]),
      ),
    ),
  );
  const scores = Object.entries(capture.values).filter(([, v]) => v !== null);
  if (scores.length)
    parts.push(
      fact(
        "Features",
        el(
          "dl.pairs",
          {},
          scores.map(([k, v]) => [el("dt", {}, words(k)), el("dd", {}, figure(v))]),
        ),
      ),
    );
  if (detail.errors.length)
    parts.push(
      fact(
        "Without a value",
        el(
          "ul.signals",
          {},
          detail.errors.map((e) => el("li", {}, el("code", {}, e))),
        ),
      ),
    );
  if (detail.notation) parts.push(notation(detail.notation));
  return parts;
}

function fact(title, ...children) {
  return el("section.fact", {}, el("h3", {}, title), children);
}

function scoreLine(margin) {
  const { rule, operand, op, threshold, value } = margin;
  const known = value !== null;
  const passes = known && TESTS[op](value, threshold);
  const scale = margin.of.scale;
  const at = (v) => `${100 * (scale ? scale.to(v) : 0.5)}%`;
  return el(
    "li",
    {},
    el(
      "div.score-words",
      {},
      el("span", {}, words(operand), words(rule) !== words(operand) && el("span.quiet.small", {}, ` ${words(rule)}`)),
      el(
        "span.nowrap",
        {},
        el(`b.${!known ? "doubt" : passes ? "keep" : "reject"}`, {}, known ? figure(value) : "no value"),
        el("span.quiet", {}, ` ${sign(op)} ${exact(threshold)}`),
      ),
    ),
    el(
      "div.score-line",
      { "aria-hidden": "true" },
      known && el(`i.${passes ? "keep" : "reject"}`, { style: { left: at(value) } }),
      el("s", { style: { left: at(threshold) } }),
    ),
  );
}

function paletteStrip(capture) {
  const total = capture.shares.reduce((a, b) => a + b, 0) || capture.palette.length;
  const parts = capture.palette.map((hex, i) => [hex, (capture.shares[i] ?? total / capture.palette.length) / total]);
  return [
    el(
      "div.strip",
      { "aria-hidden": "true" },
      parts.map(([hex, part]) => el("span", { style: { background: hex, "flex-grow": String(Math.max(0.03, part)) } })),
    ),
    el(
      "ul.colours",
      {},
      parts.map(([hex, part]) =>
        el(
          "li",
          {},
          el("span.swatch", { style: { background: hex } }),
          el("code", {}, hex),
          el("span.quiet", {}, share(part, 1)),
        ),
      ),
    ),
  ];
}

function notation(text) {
  const code = el("pre", { tabindex: "0", "aria-label": "Notation" }, text);
  return el(
    "section.fact.notation",
    {},
    el(
      "header",
      {},
      el("h3", {}, "Notation"),
      el("span.quiet.small", {}, plural(text.split("\n").length, "line")),
      copyButton(text, code),
    ),
    code,
  );
}
