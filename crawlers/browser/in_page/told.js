// What a page says, holds and measures.
({
  // What a page says of itself.
  describe() {
    const text = (value) => String(value || "").trim().slice(0, 2000);
    const metas = [...document.querySelectorAll("meta[name][content]")].slice(0, 500).map((meta) => [text(meta.name).toLowerCase(), text(meta.content)]);
    const meta = Object.fromEntries([...metas].reverse());
    return {
      title: text(document.title),
      description: meta.description || text(document.querySelector("meta[property='og:description']")?.content),
      lang: text(document.documentElement?.lang).slice(0, 35),
      metas: metas.filter(([name]) => /robots|bot$|gesso|ai|tdm|rights|usage/.test(name)),
    };
  },

  // The @font-face rules that this page may read of itself.
  fonts() {
    const found = [];
    const read = (rules, base, depth) => {
      for (const rule of rules) {
        if (found.length >= 300 || depth > 6) return;
        if (rule instanceof CSSFontFaceRule) {
          const source = rule.style.getPropertyValue("src");
          const match = /url\(\s*(?:"([^"]+)"|'([^']+)'|([^)\s]+))\s*\)/.exec(source);
          const raw = match && (match[1] || match[2] || match[3]);
          let url = null;
          try { url = raw && !raw.startsWith("data:") ? new URL(raw, base).href : null; } catch { /* not a URL */ }
          const family = rule.style.getPropertyValue("font-family").trim().replace(/^["']|["']$/g, "");
          found.push({ family: family.slice(0, 200), weight: (rule.style.getPropertyValue("font-weight") || "400").slice(0, 40), style: (rule.style.getPropertyValue("font-style") || "normal").slice(0, 40), url });
        } else if (rule.styleSheet) {
          try { read(rule.styleSheet.cssRules, rule.styleSheet.href || base, depth + 1); } catch { /* another origin's */ }
        } else if (rule.cssRules) {
          read(rule.cssRules, base, depth + 1);
        }
      }
    };
    for (const sheet of document.styleSheets) {
      try { read(sheet.cssRules, sheet.href || document.baseURI, 0); } catch { /* another origin's */ }
    }
    return found;
  },

  // The document as it stands, bounded.
  html() {
    return (document.documentElement?.outerHTML || "").slice(0, 8 << 20);
  },

  // What the verdicts are made of.
  facts() {
    const visible = (element) => { const box = element.getBoundingClientRect(); return box.width > 3 && box.height > 3 && getComputedStyle(element).visibility !== "hidden"; };
    const text = (document.body && document.body.innerText || "").trim();
    const walls = "#challenge-form, #challenge-running, #cf-challenge-running, .cf-turnstile, #px-captcha, [id^=px-captcha], #sec-if-cpt-container, .g-recaptcha, .h-captcha, iframe[src*='captcha' i], iframe[src*='challenges.cloudflare.com'], iframe[src*='geo.captcha-delivery.com'], form[action*='captcha' i], #ddg-captcha";
    const parks = "script[src*='parkingcrew' i], script[src*='sedoparking' i], script[src*='bodis.com' i], script[src*='/parking' i], iframe[src*='sedoparking' i], [data-adblockkey], #sedologo";
    return {
      text: text.slice(0, 6000),
      textLength: text.length,
      headings: [...document.querySelectorAll("h1, h2")].slice(0, 5).map((heading) => (heading.innerText || "").trim().slice(0, 200)),
      pictures: document.querySelectorAll("img, svg, canvas, video, picture, iframe").length,
      passwords: [...document.querySelectorAll("input[type=password]")].filter(visible).length,
      walls: document.querySelectorAll(walls).length,
      parks: document.querySelectorAll(parks).length,
      links: document.links.length,
    };
  },

  // A form's fields stand in for what is called as they are, in every world: hence by way of the prototype.
  boxOf(element) { return Element.prototype.getBoundingClientRect.call(element); },

  // Remembers where everything is, to be compared by `drift` once the picture is taken; answers how many elements the
  // document has.
  mark() {
    gesso.marked = [];
    for (const element of [...document.querySelectorAll("body, body *")].slice(0, 20000)) {
      const box = gesso.boxOf(element);
      if (box.width > 0 && box.height > 0 && Element.prototype.checkVisibility.call(element, { opacityProperty: true, visibilityProperty: true })) gesso.marked.push([element, box.left, box.top, box.right, box.bottom]);
    }
    return document.getElementsByTagName("*").length;
  },

  marked: [],

  // How far, in CSS pixels, the edge that moved most has moved since `mark`; what has gone counts as its size.
  drift() {
    let most = 0;
    for (const [element, left, top, right, bottom] of gesso.marked) {
      const box = gesso.boxOf(element);
      const moved = Math.max(Math.abs(box.left - left), Math.abs(box.top - top), Math.abs(box.right - right), Math.abs(box.bottom - bottom));
      if (moved > most) most = moved;
    }
    return most;
  },

  // What is told of a picture that has just been taken, in one way to the page and back.
  taken() {
    const drift = gesso.drift();
    let media = {};
    try { media = gesso.media(); } catch { /* a page that has changed what these ask */ }
    return { drift, media };
  },

  // The colours and pictures that a theme may change, of up to 600 elements, a number for each element's: equal lists
  // mean that it changed nothing.
  colours() {
    const number = (text) => {
      let hash = 2166136261;
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
      return hash;
    };
    const out = [];
    const all = [...document.querySelectorAll("html, body, body *")];
    const step = Math.max(1, Math.floor(all.length / 600));
    for (let i = 0; i < all.length; i += step) {
      const style = getComputedStyle(all[i]);
      out.push(number([style.color, style.backgroundColor, style.backgroundImage.slice(0, 200), style.borderTopColor, style.filter, all[i].currentSrc || ""].join("|")));
    }
    return out;
  },

  // The colours once a change has been painted.
  async repainted() {
    await gesso.painted();
    return gesso.colours();
  },

  // What the tree cannot say: natural sizes, the state of pictures, and the source of inline SVG.
  media() {
    const images = [...document.images].slice(0, 1000).map((image) => ({
      url: image.currentSrc.startsWith("data:") ? "data:" : image.currentSrc.slice(0, 2000),
      width: image.naturalWidth, height: image.naturalHeight, complete: image.complete, lazy: gesso.lazies.has(image),
    }));
    const svgs = [];
    let room = 512 * 1024;
    for (const svg of [...document.querySelectorAll("svg")].slice(0, 300)) {
      if (svg.parentElement && svg.parentElement.closest("svg")) continue;
      const source = svg.outerHTML;
      if (source.length > 64 * 1024 || source.length > room) { svgs.push(null); continue; }
      room -= source.length;
      svgs.push(source);
    }
    return { images, svgs, authored: gesso.authored(), stills: gesso.stills() };
  },

  // What videos show, as [number among the document's elements, JPEG data: URL]: a screenshot has what lies over them, too.
  stills() {
    const found = [], videos = document.querySelectorAll("video"), all = videos.length ? [...document.querySelectorAll("*")] : [];
    for (const video of videos) {
      const box = video.getBoundingClientRect();
      if (found.length > 2 || video.readyState < 2 || !video.videoWidth || box.width * box.height < 10000) continue;
      const part = Math.min(1, 1920 / video.videoWidth), canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(video.videoWidth * part));
      canvas.height = Math.max(1, Math.round(video.videoHeight * part));
      try {
        canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
        found.push([all.indexOf(video), canvas.toDataURL("image/jpeg", 0.9)]);
      } catch { /* from another origin: not to be read */ }
    }
    return found;
  },

  // Lengths before layout made pixels of them, as {elements, rows: [[number, tag, {property: value}]]}: what differs from
  // auto or none, of the light tree's elements, numbered in their order. A computed style has only what came of them.
  authored() {
    const all = document.querySelectorAll("*");
    const rows = [];
    for (let number = 0; number < all.length && number < 20000; number++) {
      const element = all[number];
      const form = element instanceof HTMLFormElement; // whose fields stand in for its properties
      if (!form && element.namespaceURI !== "http://www.w3.org/1999/xhtml" && element.localName !== "svg") continue;
      const styles = Element.prototype.computedStyleMap.call(element);
      const own = {};
      const read = (name) => String(styles.get(name) || "").slice(0, 200);
      const keep = (name, usual) => { const value = read(name); if (value !== usual) own[name] = value; };
      const display = read("display");
      if (display === "none") continue;
      keep("width", "auto");
      keep("height", "auto");
      for (const side of ["left", "right", "top", "bottom"]) if (read(`margin-${side}`) === "auto") own[`margin-${side}`] = "auto";
      if (display.endsWith("grid")) for (const axis of ["columns", "rows"]) keep(`grid-template-${axis}`, "none");
      if (/absolute|fixed/.test(read("position"))) for (const side of ["left", "right", "top", "bottom"]) keep(side, "auto");
      if (Object.keys(own).length) rows.push([number, form ? "FORM" : element.tagName, own]);
    }
    return { elements: all.length, rows };
  },
})
