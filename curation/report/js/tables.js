// Splits and rights: what may be trained on, and what must not be seen twice.

function splits() {
  const total = report.splits.reduce((sum, s) => sum + s.rows, 0);
  const crossing = report.leaks.relations + report.leaks.sites;
  const statement =
    crossing === 0
      ? [
          mark("kept"),
          el("b", {}, "No leak. "),
          `None of ${plural(report.leaks.checkedRelations, "related pair")} and none of ${plural(report.leaks.checkedSites, "site")} lies in more than one split.`,
        ]
      : [
          mark("rejected"),
          el("b.reject", {}, "Leak. "),
          `${plural(report.leaks.relations, "related pair")} and ${plural(report.leaks.sites, "site")} lie in more than one split: run gesso curate again.`,
        ];
  return section(
    "splits",
    "Splits",
    null,
    total
      ? [
          el("p.statement", {}, statement),
          el(
            "div.split-bar",
            { "aria-hidden": "true" },
            report.splits
              .filter((s) => s.rows)
              .map((s) =>
                el("span", { style: { "flex-grow": String(s.rows) } }, el("b", {}, s.name), el("i", {}, share(s.rows, total))),
              ),
          ),
          table(
            ["split", "captures", "sites", "components", "asked for", "has"],
            report.splits.map((s) => [
              el(
                "button.link",
                {
                  type: "button",
                  onclick: () => {
                    showWith({ split: s.name });
                  },
                },
                s.name,
              ),
              count(s.rows),
              count(s.sites),
              count(s.components),
              s.share === null ? "–" : share(s.share, 1),
              share(s.rows, total),
            ]),
          ),
        ]
      : empty(
          "Nothing was kept",
          "Without kept captures there is nothing to split. Loosen the rule that took the most.",
        ),
  );
}

function rights() {
  const rows = report.rights;
  const allowed = rows.filter((r) => r.allowed).reduce((n, r) => n + r.captures, 0);
  const denied = rows.filter((r) => !r.allowed);
  return section(
    "rights",
    "Rights",
    null,
    rows.length
      ? [
          el(
            "p.statement",
            {},
            mark(denied.length ? "rejected" : "kept"),
            el("b", {}, `${share(allowed, captures.length)} allowed. `),
            denied.length
              ? `${plural(
                  denied.reduce((n, r) => n + r.captures, 0),
                  "capture",
                )} met a signal against it; ${count(denied.reduce((n, r) => n + r.kept, 0))} of them kept.`
              : "No capture met a signal against it. The evidence stands with every capture.",
          ),
          table(
            ["source", "permission", "licence", "captures", "sites", "kept"],
            rows.map((r) => [
              r.source,
              el(`span.${r.allowed ? "" : "reject"}`, {}, r.allowed ? "allowed" : "not allowed"),
              r.licence || el("span.quiet", {}, "none stated"),
              count(r.captures),
              count(r.sites),
              count(r.kept),
            ]),
          ),
          report.signals.length > 0 &&
            part(
              "Evidence met",
              null,
              table(
                ["signal", "effect", "captures", "for instance"],
                report.signals.map((s) => [s.source, s.effect, count(s.captures), el("code", {}, s.example)]),
              ),
            ),
        ]
      : empty(
          "No permission record",
          "The captures came without rights. Crawl again with a crawler that records them.",
        ),
  );
}

function table(heads, rows) {
  const numeric = (column) =>
    rows.length > 0 &&
    rows.every((row) => /^[−–\d.,]+( %)?$/.test(typeof row[column] === "string" ? row[column] : "x"));
  const right = heads.map((_, i) => numeric(i));
  return el(
    "div.table-wrap",
    { tabindex: "0", role: "region", "aria-label": heads.join(", ") },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((h, i) => el(`th${right[i] ? ".right" : ""}`, { scope: "col" }, h)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell, i) => el(`td${right[i] ? ".right" : ""}`, { data: { head: heads[i] } }, cell)),
          ),
        ),
      ),
    ),
  );
}
