// The answer: one sentence, and a staircase of what each rule took away.

function answer() {
  const { input, kept, rejected, failed } = report.counts;
  const by = (stage) => report.funnel.filter((step) => step.stage === stage).reduce((n, step) => n + step.rejected, 0);
  const why = [
    by("rule") && `${count(by("rule"))} by rules`,
    by("relation") && `${count(by("relation"))} as related to a better one`,
    by("balance") && `${count(by("balance"))} for balance`,
  ].filter(Boolean);
  return el(
    "header.answer",
    {},
    el(
      "p.eyebrow",
      {},
      el("b", {}, report.title),
      report.version && ` · version ${report.version}`,
      report.description && ` · ${report.description}`,
    ),
    el("h1", {}, `${plural(input, "capture")} in, `, el("span.keep", {}, `${count(kept)} kept`), "."),
    el(
      "p.answer-line",
      {},
      el("span.reject", {}, `${count(rejected)} rejected`),
      why.length ? ` (${why.join(", ")}), ` : ", ",
      el("span.doubt", {}, `${count(failed)} failed`),
      `. ${plural(report.sites, "site")}, `,
      `${plural(pairs.a.length, "related pair")}, ${plural(report.splits.length, "split")}. `,
      kept + rejected + failed === input
        ? el("span.nowrap", {}, "Nothing vanished: the three add up to what came in.")
        : el(
            "b.reject",
            {},
            `These add up to ${count(kept + rejected + failed)}, not ${count(input)}: run gesso curate again.`,
          ),
    ),
    report.sampledOf > 0 &&
      el(
        "p.note",
        {},
        `This page carries ${count(captures.length)} captures, an even sample of all ${count(report.sampledOf)}; the funnel counts all.`,
      ),
    report.notes.map((note) => el("p.note", {}, note)),
  );
}

function funnel() {
  const { input, kept, failed } = report.counts;
  const rows = [{ name: "Captures in", left: input, took: 0, kind: "in", filter: {} }];
  if (failed)
    rows.push({
      name: "Could not be read",
      left: input - failed,
      took: failed,
      kind: "failed",
      filter: { state: "failed" },
    });
  for (const step of report.funnel) {
    rows.push({
      name: ruleWords(step.name),
      rule: step.name,
      sql: step.sql,
      left: step.left,
      took: step.rejected,
      kind: "rule",
      stage: step.stage,
      filter: { state: "rejected", rule: step.reason },
    });
  }
  rows.push({ name: "Kept", left: kept, took: 0, kind: "kept", filter: { state: "kept" } });
  const list = el("ol.funnel", { "aria-label": "Funnel" });
  const refresh = () =>
    replace(
      list,
      rows.map((row) => el("li", {}, funnelRow(row, input))),
    );
  onFilter(() => {
    for (const [index, button] of [...list.querySelectorAll("button")].entries())
      button.setAttribute("aria-pressed", String(isActive(rows[index])));
  });
  refresh();
  return list;
}

const isActive = (row) =>
  row.kind !== "in" && row.filter.state === filters.state && (row.filter.rule || "") === filters.rule;

function funnelRow(row, input) {
  const percent = (n) => `${input ? (100 * n) / input : 0}%`;
  const total = row.kind === "in" || row.kind === "kept";
  const explain =
    row.stage === "relation"
      ? (RELATION_WORDS[row.rule] || {}).because
      : row.stage === "balance"
        ? "more of a kind than the recipe asks for"
        : row.sql;
  const label = total ? count(row.left) : row.took ? `−${count(row.took)}` : "0";
  return el(
    "button.step",
    {
      type: "button",
      "aria-pressed": String(isActive(row)),
      "aria-label": total
        ? `${row.name}: ${count(row.left)}. Show them`
        : `${row.name}: ${count(row.took)} taken away, ${count(row.left)} left. Show what it took`,
      onclick: () => {
        const filter = isActive(row) ? {} : row.filter;
        showWith(filter);
      },
    },
    el("span.step-name", {}, el("b", {}, row.name), explain && el(row.sql ? "code" : "span.quiet.small", { title: explain }, explain)),
    el(
      "span.step-bar",
      { "aria-hidden": "true" },
      el(`span.left.${row.kind}`, { style: { width: percent(row.left) } }),
      row.took > 0 && el(`span.took.${row.kind}`, { style: { left: percent(row.left), width: percent(row.took) } }),
      el(
        `span.step-label.${row.kind}${row.took || total ? "" : ".none"}`,
        { style: { left: percent(row.left + row.took) } },
        label,
        row.took > 0 && el("i", {}, share(row.took, input)),
        row.kind === "kept" && el("i", {}, share(row.left, input)),
      ),
    ),
  );
}
