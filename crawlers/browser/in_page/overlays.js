// Consent dialogs and what else lies over a page.
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
})
