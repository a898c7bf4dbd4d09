// Functions that run inside a page while it settles. Evaluated as one object literal; each answers plain JSON.
// The page is hostile: whoever calls these sets a time limit and checks what comes back.
({
  // Removes consent dialogs and modal overlays that cover the page; answers which kinds went.
  hideOverlays() {
    const hidden = new Set();
    const viewArea = innerWidth * innerHeight;
    const words = /\b(cookies?|consent|gdpr|datenschutz|privacy (settings|choices|preferences))\b/i;
    const names = /cookie|consent|gdpr|onetrust|usercentrics|cmp-|cky-|truste|didomi/i;
    const bodyText = (document.body && document.body.innerText || "").length;
    const candidates = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT);
    for (let seen = 0; walk.nextNode() && seen < 20000; seen++) candidates.push(walk.currentNode);
    for (const element of candidates) {
      const style = getComputedStyle(element);
      if (style.position !== "fixed" && style.position !== "sticky" && element.tagName !== "DIALOG") continue;
      if (style.display === "none" || style.visibility === "hidden" || Number(style.opacity) === 0) continue;
      if (element === document.body || element.contains(document.body)) continue;
      const box = element.getBoundingClientRect();
      const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
      const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
      if (width <= 0 || height <= 0) continue;
      const share = (width * height) / viewArea;
      const text = (element.innerText || "").slice(0, 5000);
      const label = `${element.id} ${element.getAttribute("class") || ""} ${element.getAttribute("aria-label") || ""}`;
      const modal = element.matches("dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]");
      const navigation = element.matches("nav, header, aside, [role=navigation], [role=banner]");
      const asks = element.querySelector("button, a, input, [role=button]") !== null;
      // A banner that calls itself a cookie banner is one, be it an aside or a header; others are judged by their words.
      const consent = style.position !== "sticky" && asks && text.length < 4000 &&
        (names.test(label) || (!navigation && words.test(text) && (modal || text.length < 1200)));
      const restIsPage = bodyText - text.length > 200;
      const curtain = share > 0.3 && restIsPage && (modal || Number(style.zIndex) >= 1000) && !navigation;
      if (!consent && !curtain) continue;
      element.style.setProperty("display", "none", "important");
      hidden.add(consent ? "consent_hidden" : "overlay_hidden");
    }
    if (hidden.size) {
      for (const element of candidates) {
        const style = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        const backdrop = style.position === "fixed" && !(element.innerText || "").trim() && !element.querySelector("img, svg, canvas, video") &&
          box.width * box.height > 0.9 * viewArea && (style.backdropFilter !== "none" || /rgba\(.+, 0\.\d+\)/.test(style.backgroundColor) || Number(style.opacity) < 1);
        if (backdrop) element.style.setProperty("display", "none", "important");
      }
      for (const element of [document.documentElement, document.body]) {
        if (element && getComputedStyle(element).overflowY === "hidden") element.style.setProperty("overflow", "visible", "important");
      }
    }
    return [...hidden];
  },

  // Walks down the page so that what loads or appears on scroll does, then back to the top.
  async scroll({ maxHeight, maxSteps, seconds }) {
    const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const end = performance.now() + seconds * 1000;
    const root = document.scrollingElement || document.documentElement;
    const pending = () => [...document.images].some((image) => {
      if (image.complete) return false;
      const box = image.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    });
    let steps = 0, bounded = false;
    for (let top = innerHeight * 0.8; top < root.scrollHeight - innerHeight * 0.2; top += innerHeight * 0.8) {
      if (++steps > maxSteps || performance.now() > end || top > maxHeight) { bounded = true; break; }
      scrollTo({ top, behavior: "instant" });
      await frames();
      await pause(pending() ? 100 : 30);
    }
    if (steps) {
      scrollTo({ top: root.scrollHeight, behavior: "instant" });
      await frames();
    }
    scrollTo({ top: 0, left: 0, behavior: "instant" });
    await frames();
    return { steps, bounded };
  },

  // Waits for images and fonts that are on their way, each with a limit of its own.
  async ready({ imageSeconds, fontSeconds }) {
    const limit = (work, seconds) => Promise.race([work, new Promise((done) => setTimeout(done, seconds * 1000))]);
    const images = [...document.images].filter((image) => image.currentSrc && !(image.loading === "lazy" && !image.complete && image.getBoundingClientRect().width === 0));
    await limit(Promise.allSettled(images.map((image) => image.complete && image.naturalWidth === 0 ? null : image.decode())), imageSeconds);
    if (document.fonts.status !== "loaded") await limit(document.fonts.ready, fontSeconds);
  },

  // Stops whatever moves: finite animations at their end, endless ones where they began, videos, the caret.
  freeze() {
    for (const animation of document.getAnimations()) {
      try {
        const timing = animation.effect && animation.effect.getComputedTiming();
        if (timing && timing.endTime !== Infinity) animation.finish();
        else { animation.pause(); animation.currentTime = 0; }
      } catch { /* an animation without a timeline cannot be moved */ }
    }
    for (const media of document.querySelectorAll("video, audio")) media.pause();
    const still = "*, *::before, *::after { transition: none !important; caret-color: transparent !important; scroll-behavior: auto !important }";
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(still);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    } catch { /* a page that broke adoptedStyleSheets keeps its transitions */ }
  },

  // Two frames, so that a change of theme has been painted, and the images it brought are there.
  async painted() {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    const late = [...document.images].filter((image) => !image.complete && image.loading !== "lazy");
    if (late.length) await Promise.race([Promise.allSettled(late.map((image) => image.decode())), new Promise((done) => setTimeout(done, 1000))]);
  },

  // What a page says of itself.
  describe() {
    const text = (value) => String(value || "").trim().slice(0, 2000);
    const metas = [...document.querySelectorAll("meta[name][content]")].slice(0, 500).map((meta) => [text(meta.name).toLowerCase(), text(meta.content)]);
    const meta = Object.fromEntries([...metas].reverse());
    const seen = document.body ? (document.body.innerText || "").trim().length : 0;
    return {
      title: text(document.title),
      description: meta.description || text(document.querySelector("meta[property='og:description']")?.content),
      lang: text(document.documentElement.lang).slice(0, 35),
      contentType: String(document.contentType),
      metas: metas.filter(([name]) => /robots|bot$|ai/.test(name)),
      textLength: seen,
      pictures: document.querySelectorAll("img, svg, canvas, video, picture, iframe").length,
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
})
