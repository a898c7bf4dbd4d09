// Borderline: for each threshold, who stands nearest to it on either side.

function edges() {
  const parts = report.borderline.map((edge) =>
    el(
      "article.edge",
      { id: `edge-${edge.rule}-${edge.operand}` },
      el(
        "header.edge-head",
        {},
        el("h3", {}, words(edge.rule)),
        el("code.quiet", {}, edge.sql),
        el(
          "p.quiet",
          {},
          `${plural(edge.passing, "capture")} on the passing side, `,
          el(edge.failing ? "span.reject" : "span", {}, `${edge.failing ? count(edge.failing) : "none"} on the other`),
          ".",
        ),
      ),
      numberLine(edge),
      el(
        "div.edge-sides",
        {},
        edgeSide("reject", `Nearest that fail`, edge.below, edge),
        edgeSide("keep", `Nearest that pass`, edge.above, edge),
      ),
    ),
  );
  const plain = report.rules.filter(
    (rule) => rule.stage === "rule" && !report.borderline.some((edge) => edge.rule === rule.name),
  );
  return section(
    "borderline",
    "Borderline",
    "Nearest to each threshold on either side. If these look wrong, the threshold is.",
    parts.length
      ? parts
      : empty(
          "No rule compares a number",
          "A keep rule such as “blankness < 0.9” has a threshold, and with it captures that stand close to it.",
        ),
    plain.length > 0 &&
      el("p.quiet.aside", {}, `Yes or no, without a threshold: ${plain.map((rule) => words(rule.name)).join(", ")}.`),
  );
}

function edgeSide(token, title, entries, edge) {
  return el(
    "div.edge-side",
    {},
    el(`h4.${token}`, {}, el(`span.mark.${token}`, { "aria-hidden": "true" }), title),
    entries.length === 0
      ? el("p.quiet.small", {}, "None.")
      : el(
          "div.edge-shots",
          {},
          entries.map(([index, value]) => {
            const capture = captures[index];
            return el(
              "button.shot",
              {
                type: "button",
                onclick: () =>
                  panel.open(
                    capture,
                    entries.map(([i]) => captures[i]),
                  ),
                "aria-label": `${altText(capture)}, ${edge.operand} ${figure(value)}`,
              },
              el("span.frame.by-height", {}, picture(capture, { alt: "" })),
              el("span.tile-line", {}, el("b", {}, figure(value)), el("span.quiet", {}, capture.site)),
            );
          }),
        ),
  );
}

/** Every value as a tick on one line; the threshold drawn and named; the failing side washed. */
function numberLine(edge) {
  const WIDE = 1000;
  const high = 84;
  const span = edge.max - edge.min || 1;
  const x = (value) => 12 + ((WIDE - 24) * (value - edge.min)) / span;
  const at = x(edge.threshold);
  const failsLeft = edge.op.startsWith(">");
  const line = svg(
    "svg",
    { viewBox: `0 0 ${WIDE} ${high}`, preserveAspectRatio: "none", class: "ticks", "aria-hidden": "true" },
    svg("rect", { x: failsLeft ? 0 : at, y: 26, width: failsLeft ? at : WIDE - at, height: 34, class: "fails" }),
    svg("path", { class: "axis", d: `M0 60H${WIDE}` }),
    edge.ticks.map(([value, passes]) =>
      svg("path", { d: `M${x(value).toFixed(1)} 40V60`, class: passes ? "keep" : "reject" }),
    ),
    svg("path", { class: "threshold", d: `M${at} 20V66` }),
  );
  const percent = (value) => `${(100 * x(value)) / WIDE}%`;
  const anchor = at < WIDE * 0.2 ? "start" : at > WIDE * 0.8 ? "end" : "middle";
  return el(
    "figure.number-line",
    {
      role: "img",
      "aria-label": `${edge.operand}: threshold ${figure(edge.threshold)}, values from ${figure(edge.min)} to ${figure(edge.max)}`,
    },
    line,
    el(
      `span.threshold-name.${anchor}`,
      { style: { left: percent(edge.threshold) } },
      `${words(edge.operand)} ${sign(edge.op)} ${exact(edge.threshold)}`,
    ),
    el("span.low.quiet.small", {}, figure(edge.min)),
    el("span.high.quiet.small", {}, figure(edge.max)),
  );
}
