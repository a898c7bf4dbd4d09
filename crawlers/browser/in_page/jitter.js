// Damages a page in one way, from a seed, and takes it back. Functions join `gesso` in our own world; no mutation names
// an address, so nothing is fetched. Elements are chosen among those that the first window shows.
({
  jittered: [],

  // A small generator (mulberry32): equal seeds, equal damage.
  jitterRandom(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6D2B79F5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  },

  // Transitions off until `jitterEnd`: a damage is there at once, and gone at once.
  jitterBegin() {
    gesso.jitterSheet = new CSSStyleSheet();
    gesso.jitterSheet.replaceSync("*, *::before, *::after { transition: none !important; }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, gesso.jitterSheet];
    return true;
  },

  jitterEnd() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== gesso.jitterSheet);
    return true;
  },

  // What the fold shows: text holders, blocks with a ground of their own, pictures, and boxes that can move.
  jitterFound() {
    const found = { texts: [], grounds: [], pictures: [], boxes: [] };
    const area = innerWidth * innerHeight;
    for (const element of [...document.querySelectorAll("body *")].slice(0, 8000)) {
      const box = element.getBoundingClientRect();
      if (box.width < 3 || box.height < 3 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (element.ownerSVGElement || element.tagName === "BR") continue;
      const style = getComputedStyle(element);
      const size = box.width * box.height;
      const holdsText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim().length > 1);
      const control = element.matches("input, select, textarea, button");
      const picture = element.matches("img, svg, video, canvas, picture > img") || /url\(/.test(style.backgroundImage);
      if (holdsText || control) found.texts.push(element);
      if (picture && size > 400) found.pictures.push(element);
      if (size > 400 && size < 0.9 * area && !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor)) found.grounds.push(element);
      const movable = style.display !== "inline" && style.display !== "contents" && !/^table-/.test(style.display);
      if (movable && size < 0.35 * area && size > 300 && (holdsText || control || picture || element.children.length)) found.boxes.push(element);
    }
    return found;
  },

  // A share of the elements, at least `least`, in an order of the seed's.
  jitterSome(elements, share, least, random) {
    const order = elements.map((element) => [random(), element]).sort((a, b) => a[0] - b[0]);
    return order.slice(0, Math.max(least, Math.ceil(share * order.length))).map(([, element]) => element);
  },

  jitterSet(element, properties) {
    if (!gesso.jittered.some(([known]) => known === element)) gesso.jittered.push([element, element.getAttribute("style")]);
    for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value, "important");
  },

  // {kind, strength 1 to 3, seed} → how many elements were changed; 0 where the fold has none of the kind's.
  jitter({ kind, strength, seed }) {
    gesso.jittered = [];
    const found = gesso.jitterFound();
    gesso.jitterKinds[kind](found, strength - 1, gesso.jitterRandom(seed));
    return gesso.jittered.length;
  },

  // Takes the damage back; `style` attributes are as they were, to the letter.
  jitterRevert() {
    for (const [element, style] of gesso.jittered) {
      if (style === null) element.removeAttribute("style"); else element.setAttribute("style", style);
    }
    gesso.jittered = [];
    return true;
  },

  jitterKinds: {
    // Text fades towards whatever is behind it.
    contrast({ texts }, level) {
      const left = [48, 32, 18][level];
      for (const element of texts) {
        const colour = `color-mix(in srgb, ${getComputedStyle(element).color} ${left}%, transparent)`;
        gesso.jitterSet(element, { color: colour, "-webkit-text-fill-color": colour });
      }
    },

    // Grounds and texts in loud hues that were never chosen together.
    palette({ texts, grounds }, level, random) {
      const loud = (light) => `hsl(${Math.floor(random() * 360)} ${75 + Math.floor(random() * 25)}% ${light}%)`;
      for (const element of gesso.jitterSome(grounds, [0.3, 0.6, 1][level], [2, 4, 8][level], random)) {
        gesso.jitterSet(element, { "background-color": loud(45 + Math.floor(random() * 25)), "background-image": "none" });
      }
      for (const element of gesso.jitterSome(texts, [0.25, 0.5, 0.9][level], [3, 6, 12][level], random)) {
        gesso.jitterSet(element, { color: loud(30 + Math.floor(random() * 35)) });
      }
    },

    // Room inside and below of boxes grows and shrinks without a system.
    spacing({ boxes }, level, random) {
      const most = [16, 32, 60][level];
      for (const element of gesso.jitterSome(boxes, [0.6, 0.8, 1][level], 4, random)) {
        const style = getComputedStyle(element);
        const grown = (name, low) => `${Math.max(0, parseFloat(style.getPropertyValue(name)) + (low + random() * (1 - low)) * most)}px`;
        gesso.jitterSet(element, { "padding-top": grown("padding-top", -0.5), "padding-bottom": grown("padding-bottom", -0.5), "padding-left": grown("padding-left", -0.6) });
        gesso.jitterSet(element, { "margin-bottom": `${(parseFloat(style.marginBottom) || 0) + (random() * 1.6 - 0.6) * most}px` });
      }
    },

    // Boxes leave their common edges; nothing else moves.
    alignment({ boxes }, level, random) {
      const most = [10, 22, 44][level];
      for (const element of gesso.jitterSome(boxes, [0.6, 0.8, 1][level], 4, random)) {
        const away = () => Math.round((random() < 0.5 ? -1 : 1) * (0.5 + 0.5 * random()) * most);
        gesso.jitterSet(element, { translate: `${away()}px ${Math.round(away() * 0.6)}px` });
      }
    },

    // Sizes of type that are steps of no scale.
    type_scale({ texts }, level, random) {
      const most = [1.35, 1.7, 2.3][level];
      const sizes = texts.map((element) => parseFloat(getComputedStyle(element).fontSize));
      texts.forEach((element, at) => {
        const factor = most ** (random() < 0.5 ? -1 : 1) * (0.9 + 0.2 * random());
        gesso.jitterSet(element, { "font-size": `${Math.max(7, sizes[at] * factor).toFixed(1)}px` });
      });
    },

    // Boxes slide over their neighbours.
    overlap({ boxes }, level, random) {
      const some = gesso.jitterSome(boxes.filter((element) => !boxes.some((other) => other !== element && other.contains(element) && other.children.length === 1)), [0.2, 0.4, 0.7][level], [2, 4, 7][level], random);
      for (const element of some) {
        const box = element.getBoundingClientRect();
        const far = [0.5, 0.8, 1.1][level] * (0.8 + 0.4 * random());
        const down = Math.min(160, Math.max(14, box.height * far)) * (random() < 0.5 ? -1 : 1);
        const across = Math.min(200, Math.max(14, box.width * far * 0.3)) * (random() < 0.5 ? -1 : 1);
        gesso.jitterSet(element, { translate: `${Math.round(across)}px ${Math.round(down)}px` });
      }
    },

    // Pictures that did not come: a frame where they were, or the bare ground.
    images({ pictures }, level, random) {
      const frame = { "background-color": "#ededed", outline: "1px solid #a9a9a9", "outline-offset": "-1px", filter: "none" };
      for (const element of gesso.jitterSome(pictures, [0.34, 0.67, 1][level], 1, random)) {
        if (/url\(/.test(getComputedStyle(element).backgroundImage)) gesso.jitterSet(element, { "background-image": "none" });
        if (element.matches("img, video, canvas")) {
          gesso.jitterSet(element, { "object-fit": "none", "object-position": "-99999px 0", ...frame });
        }
        if (element.matches("svg")) {  // no room is left for the drawing
          gesso.jitterSet(element, { "box-sizing": "border-box", "padding-left": `${element.getBoundingClientRect().width}px`, overflow: "hidden", ...frame });
        }
      }
    },

    // What a browser shows where a style sheet or a font is missing.
    fonts({ texts }, level, random) {
      for (const element of gesso.jitterSome(texts, [0.5, 0.75, 1][level], 4, random)) {
        const more = level === 2 ? { "letter-spacing": "normal", "text-transform": "none" } : {};
        gesso.jitterSet(element, { "font-family": "'Times New Roman', Times, serif", ...more });
        if (level > 0 && element.matches("a[href], a[href] *")) gesso.jitterSet(element, { "text-decoration": "underline" });
      }
    },

    // Running text in a gutter, or without an end; lines too close.
    line_length({ texts, boxes }, level, random) {
      const long = texts.filter((element) => (element.textContent || "").trim().length > 24);
      for (const element of gesso.jitterSome(long, [0.7, 0.85, 1][level], 2, random)) {
        const tight = { "line-height": String([1.05, 0.95, 0.85][level]) };
        const width = element.getBoundingClientRect().width;
        if (random() < 0.6) {
          const left = Math.max(48, width * [0.6, 0.42, 0.28][level]);
          gesso.jitterSet(element, { display: "block", "max-width": `${left.toFixed(0)}px`, ...tight });
        } else {
          gesso.jitterSet(element, { display: "block", width: `${(width * [1.3, 1.7, 2.2][level]).toFixed(0)}px`, "max-width": "none", "white-space": level === 2 ? "nowrap" : "normal", ...tight });
        }
      }
    },
  },
})
