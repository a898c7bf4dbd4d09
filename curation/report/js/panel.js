// One capture: its screenshot, its design rendered again at the same width, and the facts.

const LOOKS = { side: "Side by side", overlay: "Overlay", difference: "Difference" };
const NO_DESIGN = {
  error: ["The design could not be compiled", "Its notation is below; the message stands with the facts."],
  omitted: ["This design is not in the file", "The report reached its size limit. The notation stands with the facts."],
  recipe: ["No designs in this dataset", "Add “design” to the recipe's features to have them."],
  listing: ["No design for this capture", "A store screenshot comes without a page, so there is no tree to read."],
  page: ["No design for this capture", "The page left no DOM snapshot that could be read as a tree."],
  rejected: ["No design for this capture", "Designs are written for kept captures only."],
};

function noDesign(capture) {
  if (capture.designState) return capture.designState;
  if (!report.hasDesigns) return "recipe";
  if (capture.view === "listing") return "listing";
  return capture.state === "kept" ? "page" : "rejected";
}

const panel = {
  list: [],
  capture: null,
  dialog: null,
  look: "side",
  tab: "shot",

  build() {
    this.dialog = el("dialog.panel", {
      "aria-labelledby": "panel-title",
      onclose: () => this.closed(),
      onclick: (event) => {
        if (event.target === this.dialog) this.dialog.close();
      },
    });
    addEventListener("resize", () => {
      if (this.dialog.open) this.fit();
    });
    return this.dialog;
  },

  open(capture, list = null) {
    this.list = list || (gallery.list.includes(capture) ? gallery.list : [capture]);
    this.from = document.activeElement;
    this.show(capture);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector(".panel-body").focus();
    this.fit();
  },

  closed() {
    setHash({ capture: null });
    if (gallery.list.includes(this.capture) && gallery.element?.hidden === false) gallery.focus(this.capture);
    else this.from?.focus();
  },

  step(by) {
    const next = this.list[this.list.indexOf(this.capture) + by];
    if (next) this.show(next);
  },

  show(capture) {
    this.capture = capture;
    setHash({ capture: capture.id });
    const at = this.list.indexOf(capture);
    const facts = el("div.facts", {}, verdict(capture), el("div.detail.quiet", {}, "Unpacking …"));
    replace(
      this.dialog,
      el(
        "div.panel-inner",
        { data: { tab: this.tab, look: this.look } },
        el(
          "header.panel-head",
          {},
          el(
            "div.panel-title",
            {},
            el("h2", { id: "panel-title" }, capture.app || capture.title || capture.site),
            el(
              "p.quiet",
              {},
              [capture.site, viewName(capture), `${count(capture.width)} × ${count(capture.height)}`].join(" · "),
            ),
          ),
          this.lookSwitch(capture),
          this.tabs(),
          el(
            "div.panel-moves",
            {},
            el("span.quiet.small.of", {}, `${count(at + 1)} of ${count(this.list.length)}`),
            el(
              "button.icon",
              { type: "button", "aria-label": "Previous capture", disabled: at <= 0, onclick: () => this.step(-1) },
              arrow("M10 3 5 8l5 5"),
            ),
            el(
              "button.icon",
              {
                type: "button",
                "aria-label": "Next capture",
                disabled: at >= this.list.length - 1,
                onclick: () => this.step(1),
              },
              arrow("m6 3 5 5-5 5"),
            ),
            el(
              "button.icon",
              { type: "button", "aria-label": "Close", onclick: () => this.dialog.close() },
              arrow("m4 4 8 8m0-8-8 8"),
            ),
          ),
        ),
        el(
          "div.panel-body",
          { tabindex: "-1" },
          el(
            "div.stage",
            { style: { "--sheet": `${Math.max(360, Math.round(capture.iw * 1.25))}px` } },
            el("figure.shot-side", {}, el("figcaption", {}, "Screenshot"), el("div.sheet", {}, picture(capture))),
            el(
              "figure.design-side",
              {},
              el(
                "figcaption",
                {},
                "Design",
                capture.nodes >= 0 && el("span.quiet", {}, ` · ${plural(capture.nodes, "node")}`),
              ),
              el("div.sheet.design-sheet", {}, this.designState(capture)),
            ),
          ),
          facts,
        ),
      ),
    );
    this.loadDetail(capture, facts);
    if (capture.design >= 0) this.loadDesign(capture);
    this.fit();
  },

  lookSwitch(capture) {
    if (capture.design < 0 || capture.image < 0) return null;
    return el(
      "div.segments.looks",
      { role: "group", "aria-label": "Compare" },
      Object.entries(LOOKS).map(([look, label]) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(this.look === look),
            onclick: (event) => {
              this.look = look;
              this.dialog.querySelector(".panel-inner").dataset.look = look;
              for (const other of event.currentTarget.parentNode.children)
                other.setAttribute("aria-pressed", String(other === event.currentTarget));
              this.fit();
            },
          },
          label,
        ),
      ),
    );
  },

  tabs() {
    const names = { shot: "Screenshot", design: "Design", facts: "Facts" };
    return el(
      "div.segments.tabs",
      { role: "group", "aria-label": "Show" },
      Object.entries(names).map(([tab, label]) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(this.tab === tab),
            onclick: (event) => {
              this.tab = tab;
              this.dialog.querySelector(".panel-inner").dataset.tab = tab;
              for (const other of event.currentTarget.parentNode.children)
                other.setAttribute("aria-pressed", String(other === event.currentTarget));
              this.fit();
            },
          },
          label,
        ),
      ),
    );
  },

  designState(capture) {
    if (capture.design >= 0) return el("p.loading.quiet", { role: "status" }, "Rendering the design …");
    const [title, why] = NO_DESIGN[noDesign(capture)];
    return empty(title, why);
  },

  async loadDesign(capture) {
    try {
      const html = await designOf(capture);
      if (this.capture !== capture) return;
      const frame = el("iframe", {
        sandbox: "",
        srcdoc: html,
        tabindex: "-1",
        title: `Design of ${capture.title || capture.site}, rendered`,
        scrolling: "no",
      });
      replace(this.dialog.querySelector(".design-sheet"), frame);
      this.fit();
    } catch (error) {
      replace(
        this.dialog.querySelector(".design-sheet"),
        empty("The design could not be shown", `Reason: ${error.message}`),
      );
    }
  },

  async loadDetail(capture, facts) {
    const place = facts.querySelector(".detail");
    try {
      const detail = await detailOf(capture);
      if (this.capture === capture) place.replaceWith(el("div.detail", {}, factSections(capture, detail)));
    } catch (error) {
      replace(place, empty("The facts could not be unpacked", `Reason: ${error.message}`));
    }
  },

  /** The design is laid out at its own width, then scaled to the width of the screenshot. */
  fit() {
    const frame = this.dialog.querySelector("iframe");
    const sheet = this.dialog.querySelector(".design-sheet");
    if (!frame || !sheet.clientWidth) return;
    const [width, height] = [this.capture.designWidth, this.capture.designHeight];
    const scale = sheet.clientWidth / width;
    Object.assign(frame.style, { width: `${width}px`, height: `${height}px`, transform: `scale(${scale})` });
    sheet.style.height = `${height * scale}px`;
  },
};
