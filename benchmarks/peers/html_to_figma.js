// Joins a converter from npm to a page: what it gives becomes one tree of layers, each frame's children in the order in
// which its plugin puts them on the canvas. `packed` is the converter's own bundle; see benchmarks/converters.py.
(() => {
  // A plugin reads SVG as XML; a page's own is HTML, where a namespace goes without saying.
  const asXml = (source) => {
    const svg = new DOMParser().parseFromString(source, "text/html").querySelector("svg");
    return svg ? new XMLSerializer().serializeToString(svg) : "";
  };

  const walk = (layer, change) => {
    change(layer);
    for (const child of layer.children || []) walk(child, change);
  };

  // What is left once references to the page are gone, with every SVG well-formed.
  const cleaned = (root) => {
    walk(root, (layer) => {
      if (layer.type === "SVG") layer.svg = asXml(layer.svg || "");
    });
    return JSON.parse(JSON.stringify(root, (key, value) => (key === "ref" ? undefined : value)));
  };

  return {
    // @builder.io/html-to-figma: a list, the first of which is the frame that holds the others. Asked for the document
    // element, it converts the body's own background, which it leaves out when it is asked for the body.
    builder() {
      const [root, ...others] = packed.htmlToFigma(document.documentElement);
      return cleaned({ ...root, children: others });
    },

    // html-figma: a tree; its plugin puts the last child on the canvas first.
    figma() {
      const root = packed.htmlToFigma("body");
      if (Array.isArray(root)) return null;
      walk(root, (layer) => layer.children && layer.children.reverse());
      return cleaned(root);
    },

    // Both plugins fit a text to its box once it is set: the one makes its letters smaller, the other its box wider.
    fit({ shrinks }) {
      const texts = [...document.querySelectorAll("[data-height]")].map((element) => ({
        element,
        left: shrinks ? Math.floor(element.dataset.size * 0.3) + 1 : 6,
        most: shrinks ? 1.2 * Math.max(element.dataset.height, element.dataset.line) : Number(element.dataset.height),
      }));
      for (let open = texts; open.length; ) {
        open = open.filter(({ element, left, most }) => left > 0 && element.offsetHeight > most);
        for (const text of open) {
          const style = text.element.style;
          if (shrinks) style.fontSize = `${parseFloat(style.fontSize) - 1}px`;
          else style.width = `${parseFloat(style.width) + 1}px`;
          text.left -= 1;
        }
      }
      return document.documentElement.outerHTML;
    },
  };
})()
