// A page's semantic sections.
({
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
