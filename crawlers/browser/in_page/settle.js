// Bringing a page to rest: walks, waits, the freeze, and what a change of window or theme asks for.
({
  // Elements of some size in the flow that cannot be seen yet: what a scroll may reveal.
  unseen() {
    const found = [];
    for (const element of [...document.querySelectorAll("body *")].slice(0, 20000)) {
      if (element.offsetWidth < 60 || element.offsetHeight < 30) continue;
      const style = getComputedStyle(element);
      if (Number(style.opacity) > 0.1 && style.visibility !== "hidden") continue;
      if (style.visibility === "hidden" && Number(style.opacity) > 0.1 && element.parentElement && getComputedStyle(element.parentElement).visibility === "hidden") continue;
      if (style.position !== "fixed") found.push(element);
      if (found.length >= 2000) break;
    }
    return found;
  },

  // Whether walking down the page may bring something that is not there yet.
  lazy() {
    const late = [...document.images].some((image) => {
      if (image.complete && (image.naturalWidth || gesso.walked.get(image) === gesso.asked(image))) return false;
      const box = image.getBoundingClientRect();
      return box.width > 0 && (image.loading === "lazy" || !image.complete || [...image.attributes].some(({ name }) => /^data-(src|lazy|original)/.test(name)));
    });
    return late || gesso.unseen().some((element) => !gesso.met.has(element));
  },

  // What an image asks for in this window: one that did not come on a walk will not come on the next.
  asked: (image) => `${innerWidth} ${image.currentSrc || image.src}`,

  walked: new WeakMap(),
  met: new WeakSet(),
  lazies: new WeakSet(),
  revealed: new Set(),

  // Walks down the page so that what loads or appears on scroll does, then back to the top. What was revealed on the way
  // is kept for `freeze`.
  async scroll({ maxHeight, maxSteps, seconds }) {
    const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const end = performance.now() + seconds * 1000;
    const root = document.scrollingElement || document.documentElement;
    const lazies = [...document.images].filter((image) => image.loading === "lazy");
    for (const image of lazies) { gesso.lazies.add(image); image.loading = "eager"; }
    const hidden = gesso.unseen();
    for (const element of hidden) gesso.met.add(element);
    const revealed = new Set();
    const look = () => {
      for (const element of hidden) {
        if (revealed.has(element)) continue;
        const box = element.getBoundingClientRect();
        if (box.bottom < 0 || box.top > innerHeight) continue;
        const style = getComputedStyle(element);
        if (style.visibility !== "hidden" && Number(style.opacity) > 0.02) revealed.add(element);
      }
    };
    // Whoever is to appear is given some frames more, once, when its middle is in view; in frames, for on a busy machine
    // both observers and transitions take their time.
    const waited = new Set();
    let spare = 9;
    const appear = async () => {
      for (let turn = 0; ; turn++) {
        look();
        const late = hidden.filter((element) => {
          if (revealed.has(element) || waited.has(element)) return false;
          const box = element.getBoundingClientRect(), middle = (box.top + box.bottom) / 2;
          return middle >= 0 && middle <= innerHeight;
        });
        if (!late.length) return;
        if (turn === 3 || spare === 0 || performance.now() > end) {
          for (const element of late) waited.add(element);
          return;
        }
        spare--;
        await frames();
      }
    };
    const pending = () => [...document.images].some((image) => {
      if (image.complete) return false;
      const box = image.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    });
    const first = root.scrollHeight;
    let steps = 0, bounded = false;
    for (let top = innerHeight * 0.8; top < root.scrollHeight - innerHeight * 0.2; top += innerHeight * 0.8) {
      if (++steps > maxSteps || performance.now() > end || top > maxHeight) { bounded = true; break; }
      scrollTo({ top, behavior: "instant" });
      await frames();
      const waiting = pending();
      if (waiting || hidden.length) await pause(waiting ? 100 : 30);
      await appear();
    }
    if (steps && !bounded) {
      scrollTo({ top: root.scrollHeight, behavior: "instant" });
      await frames();
      if (hidden.length) await pause(30);
      await appear();
    }
    scrollTo({ top: 0, left: 0, behavior: "instant" });
    await frames();
    for (const element of revealed) gesso.revealed.add(element);
    for (const image of lazies) image.loading = "lazy";
    for (const image of document.images) if (image.getBoundingClientRect().width > 0) gesso.walked.set(image, gesso.asked(image));
    return { steps, bounded, grown: root.scrollHeight > first * 1.5 };
  },

  // Waits for images and fonts that are on their way, each with a limit of its own.
  async ready({ imageSeconds, fontSeconds }) {
    const limit = (work, seconds) => Promise.race([work, new Promise((done) => setTimeout(done, seconds * 1000))]);
    const images = [...document.images].filter((image) => image.currentSrc && !(image.loading === "lazy" && !image.complete && image.getBoundingClientRect().width === 0));
    await limit(Promise.allSettled(images.map((image) => image.complete && image.naturalWidth === 0 ? null : image.decode())), imageSeconds);
    if (document.fonts.status !== "loaded") await limit(document.fonts.ready, fontSeconds);
  },

  // Stops whatever moves: finite animations at their end, endless ones where they began, videos, the caret. What was
  // revealed by scrolling and has hidden again, however late, is shown: the page's own scripts are at rest by now. Then
  // waits until that is painted.
  async freeze() {
    for (const animation of document.getAnimations()) {
      try {
        const timing = animation.effect && animation.effect.getComputedTiming();
        if (timing && timing.endTime !== Infinity) animation.finish();
        else { animation.pause(); animation.currentTime = 0; }
      } catch { /* an animation without a timeline cannot be moved */ }
    }
    for (const media of document.querySelectorAll("video, audio")) media.pause();
    for (const marquee of document.querySelectorAll("marquee")) marquee.stop();
    for (const svg of document.querySelectorAll("svg")) {
      if (!svg.ownerSVGElement) { svg.pauseAnimations(); svg.setCurrentTime(0); }
    }
    const still = "*, *::before, *::after { transition: none !important; caret-color: transparent !important; scroll-behavior: auto !important }";
    if (!gesso.sheet) gesso.sheet = new CSSStyleSheet();
    if (gesso.ratio && gesso.ratio !== devicePixelRatio) gesso.legible = !gesso.legible;
    gesso.ratio = devicePixelRatio;
    const rules = still + (gesso.legible ? " * { text-rendering: optimizeLegibility }" : "");
    if (rules !== gesso.rules) gesso.sheet.replaceSync(gesso.rules = rules); // each time, all that there is is styled anew
    if (!document.adoptedStyleSheets.includes(gesso.sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, gesso.sheet];
    for (const element of gesso.revealed) {
      const style = getComputedStyle(element);
      if (Number(style.opacity) >= 0.5 && style.visibility !== "hidden") continue;
      element.style.setProperty("opacity", "1", "important");
      element.style.setProperty("visibility", "visible", "important");
      element.style.setProperty("transform", "none", "important");
    }
    gesso.pin();
    await gesso.painted();
  },

  sheet: null,
  rules: "",
  // Fonts keep the metrics that they had at another pixel ratio, and set lines a pixel lower, until they are made anew: for
  // that, each change of ratio turns on or off what Chromium does for all text anyway.
  ratio: 0,
  legible: false,
  pinned: [],

  // Answers once and for all what style sheets ask of pointers: while it takes a picture larger than the window, Chromium
  // takes a phone for a thing with a mouse.
  pin() {
    gesso.unpin();
    if (!matchMedia("(any-pointer: coarse)").matches) return;
    const asks = /pointer|hover/;
    const answer = (media) => {
      if (!asks.test(media.mediaText)) return;
      gesso.pinned.push([media, media.mediaText]);
      media.mediaText = matchMedia(media.mediaText).matches ? "all" : "not all";
    };
    const visit = (rules, depth) => {
      for (const rule of rules) {
        if (rule instanceof CSSMediaRule) answer(rule.media);
        if (depth < 8 && rule.cssRules && rule.cssRules.length) visit(rule.cssRules, depth + 1);
      }
    };
    for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) {
      try {
        answer(sheet.media);
        visit(sheet.cssRules, 0);
      } catch { /* from another origin: not to be read */ }
    }
  },

  unpin() {
    for (const [media, text] of gesso.pinned.splice(0).reverse()) media.mediaText = text;
  },

  // Two frames, so that a change has been painted, and the images it brought are there.
  async painted() {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    const late = [...document.images].filter((image) => !image.complete && image.loading !== "lazy");
    const end = performance.now() + 1000;  // counted in frames: no timer fires while the page's scripts are stopped
    while (late.some((image) => !image.complete) && performance.now() < end) await frame();
  },

  // After a change of window or theme: once it is painted, true where a walk down the page may bring more, else false
  // once images and fonts are in. All in one, for each question costs a way to the page and back.
  async arrived({ painted, ...waits }) {
    gesso.unpin();
    if (!painted) await gesso.painted();
    if (gesso.lazy()) return true;
    await gesso.ready(waits);
    return false;
  },

  // Whether a page that knows phones still stands as the window before had it: wider than this one, or with a menu over
  // its content that a phone would open with folded.
  misfits() {
    if (document.querySelector("meta[name=viewport i]") === null) return false;
    const own = Math.min(innerWidth, screen.width); // a phone zooms out until all fits, and then calls that its width
    if ((document.scrollingElement || document.documentElement)?.scrollWidth > own * 1.02 + 1) return true;
    return [...document.querySelectorAll("nav, aside, [role=navigation], [class*=sidebar i], [class*=sidenav i], [class*=drawer i]")].slice(0, 200).some((menu) => {
      const style = getComputedStyle(menu);
      if ((style.position !== "fixed" && style.position !== "absolute") || style.visibility === "hidden" || Number(style.opacity) === 0) return false;
      const box = menu.getBoundingClientRect();
      const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0), height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
      return width > innerWidth * 0.3 && height > innerHeight * 0.7;
    });
  },

  // Leaves nothing of the page behind in its tab.
  forget() {
    try { sessionStorage.clear(); } catch { /* an origin without storage */ }
    window.name = "";
  },

  // The scroller that holds the page where the document itself does not scroll: {top, extra} in CSS pixels, or null.
  scroller() {
    const root = document.scrollingElement || document.documentElement;
    if (!root || root.scrollHeight > innerHeight * 1.2) return null;
    let best = null;
    for (const element of [...document.querySelectorAll("body *")].slice(0, 20000)) {
      const extra = element.scrollHeight - element.clientHeight;
      if (extra < 100 || element.clientHeight < innerHeight * 0.4 || element.clientWidth < innerWidth * 0.4) continue;
      if (!/auto|scroll|overlay/.test(getComputedStyle(element).overflowY)) continue;
      const area = element.clientWidth * element.clientHeight;
      if (!best || area > best.area) best = { element, area, extra };
    }
    gesso.inner = best && best.element;
    return best && { extra: best.extra };
  },

  inner: null,

  // Walks the inner scroller as `scroll` walks the page; answers its length in CSS pixels.
  async scrollInner({ maxSteps }) {
    const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const box = gesso.inner;
    for (let step = 1; step <= maxSteps && step * box.clientHeight * 0.8 < box.scrollHeight; step++) {
      box.scrollTo({ top: step * box.clientHeight * 0.8, behavior: "instant" });
      await frames();
    }
    box.scrollTo({ top: 0, behavior: "instant" });
    await frames();
    return box.scrollHeight - box.clientHeight;
  },

  // How many CSS pixels of the inner scroller are still out of sight: one of a fixed height does not grow with the window.
  innerLeft() {
    const box = gesso.inner;
    return box && box.isConnected ? Math.max(0, box.scrollHeight - box.clientHeight - 1) : 0;
  },
})
