// Functions that run inside a page, in a world of their own where they are `gesso`; each answers plain JSON.
// The page is hostile: whoever calls these sets a time limit and checks what comes back.
({
  // Consent dialogs and modal overlays that cover the page, as [{kind, share, rejectable, closable, wall}]; kept for
  // `reject` and `hide`. A wall locks the page and offers nothing but acceptance.
  overlays() {
    const viewArea = innerWidth * innerHeight;
    const words = /\b(cookies?|consent|gdpr|datenschutz|privacy (settings|choices|preferences))\b/i;
    const names = /cookie|consent|gdpr|onetrust|usercentrics|cmp-|cky-|truste|didomi/i;
    const body = document.body;
    const bodyText = (body && body.innerText || "").length;
    const locked = [document.documentElement, body].some((element) => element && /hidden|clip/.test(getComputedStyle(element).overflowY)) ||
      (body && getComputedStyle(body).position === "fixed");
    gesso.found = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT);
    for (let seen = 0; walk.nextNode() && seen < 20000; seen++) {
      const element = walk.currentNode;
      const style = getComputedStyle(element);
      if (style.position !== "fixed" && style.position !== "sticky" && element.tagName !== "DIALOG") continue;
      if (style.display === "none" || style.visibility === "hidden" || Number(style.opacity) === 0) continue;
      if (element === body || element.contains(body)) continue;
      const box = element.getBoundingClientRect();
      const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
      const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
      if (width <= 0 || height <= 0) continue;
      const share = (width * height) / viewArea;
      const text = (element.innerText || "").slice(0, 5000);
      const label = `${element.id} ${element.getAttribute("class") || ""} ${element.getAttribute("aria-label") || ""}`;
      const modal = element.matches("dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]");
      const navigation = element.matches("nav, header, aside, [role=navigation], [role=banner]");
      const asks = element.querySelector("button, a, input, [role=button], iframe") !== null;
      // A banner that calls itself a cookie banner is one, be it an aside or a header; others are judged by their words.
      const consent = style.position !== "sticky" && asks && text.length < 4000 &&
        (names.test(label) || (!navigation && words.test(text) && (modal || text.length < 1200)));
      const restIsPage = bodyText - text.length > 200;
      const curtain = share > 0.3 && restIsPage && (modal || Number(style.zIndex) >= 1000) && !navigation;
      if (!consent && !curtain) continue;
      if (gesso.found.some((other) => other.element.contains(element))) continue;
      const choices = gesso.choices(element);
      const wall = consent && (locked || share > 0.5) && choices.accept && !choices.reject && !choices.other;
      gesso.found.push({ element, kind: consent ? "consent" : "overlay", share, reject: choices.reject, wall });
    }
    return gesso.found.map(({ kind, share, reject, wall }) => ({ kind, share, rejectable: Boolean(reject), wall }));
  },

  found: [],

  // The buttons of an overlay by what they say: the one that rejects, whether one accepts, whether there is another way.
  choices(element) {
    const rejects = /\b(reject|decline|refuse|deny|disagree|no,? thanks|without (accepting|agreeing)|necessary only|essential only|ablehnen|verweigern|refuser|continuer sans accepter|rechazar|rifiuta|weiger|avvisa|odrzu|recusar|hylk)|(only|nur|solo|seulement|alleen)( \w+)? (necessary|essential|required|notwendige|essenzielle|erforderliche|necesari|nécessaires|necessari|noodzakelijk)|拒绝|拒否/i;
    const accepts = /\b(accept|agree|allow|got it|ok|okay|akzeptieren|zustimmen|einverstanden|accepter|aceptar|accetta|accepteren|godkänn|zaakceptuj|aceitar)\b|接受|同意/i;
    // "Accept all (you can decline later)" is no refusal, whatever else it says.
    const everything = /\b(accept|allow|agree to) (all|every)|\balle[ns]? (akzeptieren|zulassen)|\btout accepter|\baceptar tod|\baccetta tutt/i;
    // Nor is a link: it leads to a page on the matter.
    const leads = (button) => button.tagName === "A" && !/^(#|javascript:|$)/i.test((button.getAttribute("href") || "").trim());
    const out = { reject: null, accept: false, other: false };
    for (const button of [...element.querySelectorAll("button, a, input[type=button], input[type=submit], [role=button]")].slice(0, 60)) {
      const box = button.getBoundingClientRect();
      if (box.width < 4 || box.height < 4) continue;
      const text = (button.innerText || button.value || button.getAttribute("aria-label") || "").trim().slice(0, 80);
      if (rejects.test(text) && !everything.test(text)) { if (leads(button)) out.other = true; else out.reject = out.reject || button; }
      else if (accepts.test(text)) out.accept = true;
      else if (/close|dismiss|settings|preferences|manage|customi[sz]e|options|einstellungen|schlie|ferm|cerrar|chiudi|[×✕✖]/i.test(text)) out.other = true;
    }
    return out;
  },

  // Says no to every consent overlay that has a button for it; answers how many.
  reject() {
    let clicked = 0;
    for (const { kind, reject } of gesso.found) {
      if (kind === "consent" && reject) {
        reject.click();
        clicked++;
      }
    }
    return clicked;
  },

  // Takes the overlays that `overlays` found out of the picture, walls excepted; answers which kinds went.
  hide() {
    const hidden = new Set();
    for (const { element, kind, wall } of gesso.found) {
      if (wall || !element.isConnected) continue;
      element.style.setProperty("display", "none", "important");
      hidden.add(kind);
    }
    if (!hidden.size) return [];
    const viewArea = innerWidth * innerHeight;
    for (const element of [...document.querySelectorAll("body *")].slice(0, 20000)) {
      const style = getComputedStyle(element);
      if (style.position !== "fixed" || (element.innerText || "").trim() || element.querySelector("img, svg, canvas, video")) continue;
      const box = element.getBoundingClientRect();
      const backdrop = box.width * box.height > 0.9 * viewArea &&
        (style.backdropFilter !== "none" || /rgba\(.+, 0\.\d+\)/.test(style.backgroundColor) || Number(style.opacity) < 1);
      if (backdrop) element.style.setProperty("display", "none", "important");
    }
    for (const element of [document.documentElement, document.body]) {
      if (element && getComputedStyle(element).overflowY === "hidden") element.style.setProperty("overflow", "visible", "important");
    }
    return [...hidden];
  },

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
    gesso.sheet.replaceSync(still + (gesso.legible ? " * { text-rendering: optimizeLegibility }" : ""));
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
  // Fonts keep the metrics that they had at another pixel ratio, and set lines a pixel lower, until they are made anew: for
  // that, each change of ratio turns on or off what Chromium does for all text anyway.
  ratio: 0,
  legible: false,
  pinned: [],

  // Answers once and for all what style sheets ask of pointers: while it takes a picture larger than the window, Chromium
  // takes a phone for a thing with a mouse.
  pin() {
    gesso.unpin();
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
    const found = [], all = [...document.querySelectorAll("*")];
    for (const video of document.querySelectorAll("video")) {
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

  // The page's semantic sections from top to bottom: [{name, path, x, y, width, height}], CSS pixels of the page; `path`
  // is the way of child element numbers from the root. The largest blocks that are neither the page nor a fragment.
  sections() {
    if (!gesso.chosen || gesso.chosen.some(([element]) => !element.isConnected)) gesso.chosen = gesso.choose();
    return gesso.chosen.map(([element, name]) => {
      const path = [];
      for (let at = element; at.parentElement; at = at.parentElement) path.unshift([...at.parentElement.children].indexOf(at));
      const b = element.getBoundingClientRect();
      return { name, path, x: b.left + scrollX, y: b.top + scrollY, width: b.width, height: b.height };
    });
  },

  // The choice is made once a document, so that the windows and themes of a page show the same sections.
  chosen: null,

  // The blocks and their names, from top to bottom.
  choose() {
    const wide = innerWidth * 0.8;
    const tall = (element) => element.getBoundingClientRect().height;
    const seen = (element) => {
      const b = element.getBoundingClientRect(), style = getComputedStyle(element);
      return b.height >= 60 && b.width >= wide && style.visibility !== "hidden" && Number(style.opacity) > 0.1 && style.position !== "fixed";
    };
    const taken = [];
    const take = (element, depth) => {
      if (taken.length >= 60 || depth > 14) return;
      const children = [...element.children].filter(seen);
      const height = tall(element);
      const covered = children.reduce((sum, child) => sum + tall(child), 0);
      const landmark = element.matches("section, header, footer, nav, article, aside, form, [role=region], [role=banner], [role=contentinfo], [role=navigation]");
      const named = gesso.sectionWords.some(([, words]) => words.test(`${element.id} ${element.getAttribute("class") || ""}`));
      const inside = children.filter((child) => child.matches("section, header, footer, [role=region], article")).length;
      const whole = element === document.body || height > innerHeight * 2.5 || inside > 1;
      const splits = children.length > 0 && covered >= height * 0.6 && (whole || (!landmark && !(named && height < innerHeight * 1.6)));
      if (splits && (children.length > 1 || whole || !landmark)) for (const child of children) take(child, depth + 1);
      else if (element !== document.body && height >= 80) taken.push(element);
    };
    if (document.body) take(document.body, 0);
    const named = new Set();
    return taken.slice(0, 40).map((element, index) => {
      let name = gesso.sectionName(element, index, taken);
      if (name === "hero" && (named.has(name) || tall(element) < innerHeight * 0.25)) name = "content";
      named.add(name);
      return [element, name];
    });
  },

  sectionWords: [
    ["pricing", /pric(e|ing)|plans?\b|tarif/i],
    ["testimonials", /testimonial|review|quotes?\b|customer-?stor/i],
    ["faq", /\bfaqs?\b|questions|accordion/i],
    ["team", /\bteam\b|people|staff|about-?us/i],
    ["features", /feature|service|benefit|why-|capabilit/i],
    ["gallery", /gallery|portfolio|showcase|projects?\b|\bwork\b/i],
    ["logos", /logos|clients|partners|brands|trusted/i],
    ["stats", /stats|numbers|counter|metrics/i],
    ["steps", /how-?it|steps|process|timeline/i],
    ["contact", /contact/i],
    ["signup", /subscribe|newsletter|sign-?up|\bcta\b|call-?to-?action|download|get-?started/i],
    ["posts", /blog|news\b|posts?\b|articles/i],
    ["hero", /hero|jumbotron|masthead|banner|intro\b|splash/i],
  ],

  // What a section is for: by its tag, its own name, then by what is in it.
  sectionName(element, index, all) {
    const own = `${element.id} ${element.getAttribute("class") || ""} ${element.getAttribute("aria-label") || ""}`;
    const text = (element.innerText || "").slice(0, 8000);
    const heading = element.querySelector("h1, h2, h3");
    const title = heading ? heading.innerText || "" : "";
    const height = element.getBoundingClientRect().height;
    const has = (selector) => element.querySelector(selector) !== null || element.matches(selector);
    if (element.matches("footer, [role=contentinfo]") || (/footer/i.test(own) && index > all.length / 2)) return "footer";
    if ((element.matches("nav, [role=navigation]") || (has("nav") && height < 160)) && height < innerHeight * 0.4) return "navigation";
    if (index <= 1 && height < 160 && element.matches("header, [role=banner]")) return "navigation";
    if (index <= 2 && has("h1") && height > innerHeight * 0.3) return "hero";
    for (const [name, words] of gesso.sectionWords) if (words.test(own)) return name;
    for (const [name, words] of gesso.sectionWords) if (name !== "hero" && title.length < 80 && words.test(title)) return name;
    if ((text.match(/[$€£¥]\s?\d|\d\s?(€|USD|EUR)|\/\s?mo(nth)?\b/g) || []).length >= 2) return "pricing";
    if (element.querySelectorAll("details").length >= 3) return "faq";
    if (has("blockquote")) return "testimonials";
    if (has("textarea")) return "contact";
    if (has("input[type=email]")) return "signup";
    const pictures = element.querySelectorAll("img, picture, svg, video").length;
    const headings = element.querySelectorAll("h2, h3, h4, h5").length;
    if (headings >= 3) return "features";
    if (pictures >= 4 && text.length < 400) return "gallery";
    if (index === all.length - 1 && /©|\(c\)|copyright|all rights reserved/i.test(text)) return "footer";
    const first = element.getBoundingClientRect().top + scrollY < innerHeight * 0.4;
    if (first && index <= 1 && height > innerHeight * 0.4 && has("h1, h2")) return "hero";
    return "content";
  },
})
