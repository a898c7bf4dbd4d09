// Related captures side by side at one scale: the kept one marked, the tie named, the difference on demand.

const GROUPS_AT_ONCE = 24;
const MEMBERS_AT_ONCE = 12;

function relations() {
  const by = groupBy(report.groups, (group) => group.relation);
  const names = [...by.keys()];
  if (!names.length)
    return section(
      "relations",
      "Relations",
      null,
      empty("No two captures are related", "No pair is the same picture, the same screen or the same template."),
    );
  const list = el("div.groups");
  const lead = el("p.relation-lead.quiet", { role: "status" });
  const more = el("button.button", { type: "button", onclick: () => drawSome() });
  const choice = el("div.segments.relation-choice", { role: "group", "aria-label": "Relation" });
  let chosen = "";
  let drawn = 0;
  const drawSome = () => {
    const groups = by.get(chosen);
    for (const group of groups.slice(drawn, drawn + GROUPS_AT_ONCE)) list.append(groupCard(group));
    drawn = Math.min(groups.length, drawn + GROUPS_AT_ONCE);
    more.hidden = drawn >= groups.length;
    more.textContent = `Show more (${count(groups.length - drawn)} left)`;
  };
  const choose = (name) => {
    chosen = name;
    drawn = 0;
    replace(list);
    for (const button of choice.children) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    replace(lead, relationLead(name, by.get(name)));
    drawSome();
  };
  replace(
    choice,
    names.map((name) =>
      el(
        "button",
        { type: "button", data: { name }, "aria-pressed": "false", onclick: () => choose(name) },
        relationName(name),
        el("b", {}, count(by.get(name).length)),
      ),
    ),
  );
  choose(names[0]);
  return section("relations", "Relations", null, choice, lead, list, more);
}

function relationLead(name, groups) {
  const policy = report.model.relations.find((relation) => relation.name === name);
  const members = groups.reduce((sum, group) => sum + group.size, 0);
  const took = report.funnel.find((step) => step.stage === "relation" && step.reason === name)?.rejected || 0;
  const does = {
    keep_best: "The best of each by the recipe's ranking stays.",
    cap: `At most ${count(policy?.cap || 0)} of each stay.`,
    keep_all: "All of them stay.",
  }[policy?.policy];
  return [
    el("b", {}, sentence(RELATION_WORDS[name]?.is || words(name))),
    `: ${plural(groups.length, "group")} of ${plural(members, "capture")}. `,
    does,
    took > 0 && [" ", el("span.reject", {}, `${count(took)} went`), "."],
    " The most doubtful come first.",
  ];
}

function groupCard(group) {
  const members = group.members.map((m) => captures[m.index]);
  const kept = captures[group.kept];
  const tall = Math.max(...members.map((c) => c.ih / c.iw));
  const scale = Math.min(220, 300 / tall) / Math.max(...members.map((c) => c.width || c.iw)); // one for all: CSS px per image px
  const shots = el("div.group-shots");
  const state = { difference: false, all: false };
  const toggle = el(
    "button.button.small",
    {
      type: "button",
      "aria-pressed": "false",
      onclick: () => {
        state.difference = !state.difference;
        toggle.setAttribute("aria-pressed", String(state.difference));
        draw();
      },
    },
    "Difference",
  );
  const draw = () => {
    const some = state.all ? group.members : group.members.slice(0, MEMBERS_AT_ONCE);
    const left = group.size - some.length;
    replace(
      shots,
      some.map((member) => memberShot(group, member, members, scale, state.difference)),
      left > 0 &&
        el(
          "button.button.small.members-more",
          {
            type: "button",
            onclick: () => {
              if (group.size > group.members.length) showOnly(groupIndices(group), `a group of ${count(group.size)}`);
              state.all = true;
              draw();
            },
          },
          `${count(left)} more`,
        ),
    );
  };
  draw();
  return el(
    `article.group${group.size > 3 ? ".wide" : ""}`,
    {},
    el(
      "header.group-head",
      {},
      el("h3", {}, kept.app || kept.title || kept.site),
      el("span.quiet.small", {}, groupSites(members), group.size > 2 && ` · ${count(group.size)} captures`),
      members.some((c) => c !== kept && c.image >= 0) && kept.image >= 0 && toggle,
    ),
    shots,
  );
}

function groupSites(members) {
  const sites = [...new Set(members.map((c) => c.site))];
  return sites.length > 3 ? `${sites.slice(0, 3).join(", ")} and ${count(sites.length - 3)} more` : sites.join(", ");
}

/** All members of a group of which the page lists only some: what hangs together with its first. */
function groupIndices(group) {
  const found = new Set([group.kept]);
  for (const index of found)
    for (const tie of related().get(index) || []) if (tie.relation === group.relation) found.add(tie.to);
  return [...found];
}

function memberShot(group, member, members, scale, difference) {
  const capture = captures[member.index];
  const kept = captures[group.kept];
  const compared = difference && capture !== kept && capture.image >= 0;
  const size = { width: `${Math.max(40, (capture.width || capture.iw) * scale)}px`, "--ratio": capture.iw / capture.ih };
  const frame = el(
    "span.frame.by-width",
    { style: size },
    compared
      ? el("canvas", { role: "img", "aria-label": `Difference to the kept one of ${capture.title || capture.site}` })
      : picture(capture, { alt: "" }),
  );
  const tie = tieWords({ ...member, relation: group.relation });
  const told = el(
    "span.member-line.quiet.small",
    {},
    compared ? "…" : `${count(capture.width)} × ${count(capture.height)}${viewWord(capture)}`,
  );
  if (compared)
    paintDifference(frame.firstChild, kept, capture).then((part) => {
      told.textContent = part;
    });
  return el(
    "button.shot",
    { type: "button", "aria-label": altText(capture), onclick: () => panel.open(capture, members) },
    frame,
    el(
      "span.member-line",
      {},
      mark(capture.state),
      capture.state === "kept"
        ? el("b.keep", {}, "kept")
        : el(`span.${TOKEN[capture.state]}`, {}, ruleWords(capture.rule)),
      capture !== kept && tie && el("span.quiet", {}, ` ${tie}${member.direct ? "" : " (to another)"}`),
    ),
    told,
  );
}

const viewWord = (capture) => (capture.theme ? ` · ${capture.theme}` : "");

/** Draws |a − b| of the two previews, stretched to one size, and says which share of the pixels differs. */
async function paintDifference(canvas, one, other) {
  try {
    const [a, b] = await Promise.all([one, other].map(async (c) => createImageBitmap(await imageBlob(c.image))));
    const [width, height] = [Math.min(a.width, b.width), Math.min(a.height, b.height)];
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const pixels = [a, b].map((bitmap) => {
      context.drawImage(bitmap, 0, 0, width, height);
      bitmap.close();
      return context.getImageData(0, 0, width, height).data;
    });
    const out = context.createImageData(width, height);
    let differing = 0;
    for (let i = 0; i < out.data.length; i += 4) {
      const distance = Math.max(
        Math.abs(pixels[0][i] - pixels[1][i]),
        Math.abs(pixels[0][i + 1] - pixels[1][i + 1]),
        Math.abs(pixels[0][i + 2] - pixels[1][i + 2]),
      );
      if (distance > 24) differing += 1; // below this it is the previews' compression
      const shade = 255 - Math.min(255, distance * 2);
      out.data.set([distance > 24 ? 255 - distance / 4 : shade, shade, shade, 255], i);
    }
    context.putImageData(out, 0, 0);
    return `${share(differing, width * height)} of pixels differ`;
  } catch {
    return "could not be compared";
  }
}
