// Hands on the map: mouse, wheel, touch with one finger or two, and keys.

const REACH = 18; // px around a point

function listen(map) {
  const { canvas } = map;
  const fingers = new Map();
  let moved = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      canvas.style.cursor = pick(map, px, py) === null ? "grab" : "pointer";
      return;
    }
    if (fingers.size === 2) pinch(map, fingers, event.pointerId, [px, py]);
    else if (event.pointerType === "mouse" || map.view.zoomed) map.view.pan(px - before[0], py - before[1]);
    moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
    fingers.set(event.pointerId, [px, py]);
    if (moved > 4) map.soon();
  });
  const lift = (event) => {
    const [px, py] = place(event);
    const tapped = event.type === "pointerup" && fingers.size === 1 && moved <= 6;
    fingers.delete(event.pointerId);
    if (!tapped) return;
    const found = pick(map, px, py);
    if (found !== null && found === map.selected && event.pointerType === "mouse") map.open();
    else map.select(found);
  };
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, lift);
  canvas.addEventListener("dblclick", (event) => {
    if (pick(map, ...place(event)) === null) map.zoom(2, ...place(event));
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      map.hint.hidden = document.activeElement === canvas || event.ctrlKey || event.metaKey;
      if (!map.hint.hidden) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      map.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0025)), ...place(event));
    },
    { passive: false },
  );
  canvas.addEventListener("pointerleave", () => {
    map.hint.hidden = true;
  });
  canvas.addEventListener("keydown", (event) => onMapKey(map, event));
}

function pinch(map, fingers, id, now) {
  const [other] = [...fingers].filter(([key]) => key !== id).map(([, at]) => at);
  const before = fingers.get(id);
  const apart = (a, b) => Math.max(8, Math.hypot(a[0] - b[0], a[1] - b[1]));
  const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
  map.view.zoom(apart(now, other) / apart(before, other), ...middle);
  map.view.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
}

function pick(map, px, py) {
  const [ux, uy] = map.view.unit(px, py);
  return nearestTo(ux, uy, 1, REACH / map.view.k, (i) => map.strong(i))[0] ?? null;
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function onMapKey(map, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const acts = { "+": () => map.zoom(1.4), "=": () => map.zoom(1.4), "-": () => map.zoom(1 / 1.4), 0: () => map.fit(), Enter: () => map.open() };
  const way = WAYS[event.key];
  if (way) {
    const here = map.selected ?? nearestTo(map.view.x, map.view.y, 1, 2, (i) => map.strong(i))[0];
    if (here === undefined) return;
    const next = map.selected === null ? here : towards(here, ...way, (i) => map.strong(i));
    if (next !== null) map.select(next, { follow: true });
  } else if (acts[event.key]) acts[event.key]();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
