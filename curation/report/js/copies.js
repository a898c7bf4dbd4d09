// Duplicate groups side by side at one scale: the kept one marked, the relation named, the difference on demand.

function copies() {
  const groups = report.groups;
  const list = el("div.groups");
  let drawn = 0;
  const more = el("button.button", { type: "button", onclick: () => drawSome() });
  const drawSome = () => {
    for (const group of groups.slice(drawn, drawn + 24)) list.append(groupCard(group));
    drawn = Math.min(groups.length, drawn + 24);
    more.hidden = drawn >= groups.length;
    more.textContent = `Show more (${count(groups.length - drawn)} left)`;
  };
  drawSome();
  const away = groups.reduce(
    (sum, group) => sum + group.members.filter((m) => m.index !== group.kept && m.gone).length,
    0,
  );
  return section(
    "copies",
    "Duplicates",
    groups.length
      ? `${plural(groups.length, "group")} of captures that are one picture; ${count(away)} went, and the kept one stands for them. The most doubtful come first.`
      : null,
    groups.length
      ? [list, more]
      : empty("No two captures are the same picture", "Nothing was rejected as a duplicate."),
  );
}

function groupCard(group) {
  const members = group.members.map((m) => captures[m.index]);
  const kept = group.kept >= 0 ? captures[group.kept] : members[0];
  const tall = Math.max(...members.map((c) => c.ih / c.iw));
  const scale = Math.min(220, 300 / tall) / Math.max(...members.map((c) => c.width)); // one scale for all: CSS px per image px
  const shots = el("div.group-shots");
  const toggle = el(
    "button.button.small",
    {
      type: "button",
      "aria-pressed": "false",
      onclick: async () => {
        const on = toggle.getAttribute("aria-pressed") !== "true";
        toggle.setAttribute("aria-pressed", String(on));
        draw(on);
      },
    },
    "Difference",
  );
  const draw = (difference) =>
    replace(
      shots,
      group.members.map((member) => {
        const capture = captures[member.index];
        const keptOne = member.index === group.kept;
        const size = { width: `${Math.max(40, capture.width * scale)}px` };
        const frame = el(
          "span.frame.by-width",
          { style: size },
          difference && capture !== kept
            ? el("canvas", { "aria-label": `Difference to the kept one of ${capture.title || capture.site}` })
            : picture(capture, { alt: "" }),
        );
        const line = el(
          "span.member-line",
          {},
          mark(capture.state),
          keptOne
            ? el("b.keep", {}, "kept")
            : el(
                "span",
                {},
                words(member.relation || ""),
                member.distance > 0 && el("span.quiet", {}, ` · ${figure(member.distance)} bits`),
              ),
        );
        const told = el(
          "span.member-line.quiet.small",
          {},
          difference && capture !== kept ? "…" : `${count(capture.width)} × ${count(capture.height)}`,
        );
        if (difference && capture !== kept)
          paintDifference(frame.firstChild, kept, capture).then((part) => {
            told.textContent = part;
          });
        return el(
          "button.shot",
          { type: "button", "aria-label": altText(capture), onclick: () => panel.open(capture, members) },
          frame,
          line,
          told,
        );
      }),
    );
  draw(false);
  return el(
    "article.group",
    {},
    el(
      "header.group-head",
      {},
      el("h3", {}, kept.app || kept.title || kept.site),
      el("span.quiet.small", {}, [...new Set(members.map((c) => c.site))].join(", ")),
      members.some((c) => c !== kept && c.image >= 0) && kept.image >= 0 && toggle,
    ),
    shots,
  );
}

/** Draws |a − b| of the two thumbnails, stretched to one size, and says which share of the pixels differs. */
async function paintDifference(canvas, one, other) {
  try {
    const [a, b] = await Promise.all([one, other].map((c) => createImageBitmap(imageBlob(c.image))));
    const [width, height] = [Math.min(a.width, b.width), Math.min(a.height, b.height)];
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const pixels = [a, b].map((bitmap) => {
      context.drawImage(bitmap, 0, 0, width, height);
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
      if (distance > 24) differing += 1; // below this it is the thumbnails' compression
      const shade = 255 - Math.min(255, distance * 2);
      out.data.set([distance > 24 ? 255 - distance / 4 : shade, shade, shade, 255], i);
    }
    context.putImageData(out, 0, 0);
    return `${share(differing, width * height)} of pixels differ`;
  } catch {
    return "could not be compared";
  }
}
