// The names in the picture, written after all else and by importance; one that would cover another waits until there is
// room (zoom in). They stay within the picture and have the same size at every zoom: pixels of the screen are the
// measure here, while the picture's own places are only what they hang on.

const HEADINGS = 26; // pixels at the upper edge that headings of columns take
const CHIEF = 24; // so many of the most important nodes may write over lesser ones
const WIDTHS = new Map(); // of texts measured before, by font and text; kept from picture to picture

class Names {
  draw(pen, view) {
    const { clientWidth: width, clientHeight: height } = pen.canvas;
    const scale = view.network.getScale();
    const corner = view.network.canvasToDOM({ x: 0, y: 0 });
    const upper = view.data.columns.length ? HEADINGS : 0;
    const [written, drawn] = [[], []];
    const apart = (boxes) => ([left, top, right, bottom]) => !boxes.some((other) => left < other[2] && other[0] < right && top < other[3] && other[1] < bottom);
    const [clearOfNames, clearOfNodes] = [apart(written), apart(drawn)];
    const inside = ([left, top, right, bottom]) => left >= 0 && right <= width && top >= upper && bottom <= height;
    const shown = this.shown(view, scale, corner, width, height);
    for (const { x, y, reach } of shown) {
      if (reach > 6) drawn.push([x - reach * 0.8, y - reach * 0.8, x + reach * 0.8, y + reach * 0.8]);
    }
    pen.save();
    pen.setTransform(pen.canvas.width / width, 0, 0, pen.canvas.height / height, 0, 0);
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = view.palette.ground;
    this.face ??= getComputedStyle(view.at(".graph")).fontFamily;
    this.font = "";
    for (const [place, { node, x, y, reach, strong }] of shown.entries()) {
      const size = strong ? 15 : node.kind === "paper" ? 11 : Math.round(Math.min(11.5 + node.size / 9, 14.5));
      const half = this.width(pen, node.text, strong ? 700 : node.kind === "paper" ? 400 : 500, size) / 2 + 2;
      const within = Math.max(half + 1, Math.min(x, width - half - 1));
      const [below, above, beside] = [y + reach + 3, y - reach - 3 - size * 1.25, y - size / 1.6];
      const spots = [[within, below], [within, above], [x + reach + 3 + half, beside], [x - reach - 3 - half, beside]];
      const box = ([at, top]) => [at - half, top, at + half, top + size * 1.2];
      const open = spots.filter((one) => inside(box(one)) && clearOfNames(box(one)));
      const spot = open.find((one) => clearOfNodes(box(one))) ?? (place < CHIEF ? open[0] : null) ?? (strong ? spots[0] : null);
      if (!spot) continue;
      written.push(box(spot));
      pen.fillStyle = node.kind === "paper" && !strong ? view.palette["kind:paper-ink"] : view.palette.text;
      pen.strokeText(node.text, ...spot);
      pen.fillText(node.text, ...spot);
    }
    this.headings(pen, view, (x) => corner.x + x * scale, width);
    pen.restore();
  }

  // The nodes in sight, the most important first, with their places on the screen.
  shown(view, scale, corner, width, height) {
    const places = view.network.getPositions();
    const found = [];
    for (const node of view.data.nodes) {
      const place = places[node.id];
      if (!place || node.dim || !view.shownNode(node)) continue;
      const [x, y, reach] = [corner.x + place.x * scale, corner.y + place.y * scale, node.size * scale];
      if (x < -reach || y < -reach || x > width + reach || y > height + reach) continue;
      const [hovered, selected] = [node.id === view.hovered, node.id === view.selected];
      const rank = (hovered ? 4e3 : 0) + (selected ? 3e3 : 0) + (node.focus ? 2e3 : 0) + node.size;
      found.push({ node, x, y, reach, rank, strong: hovered || selected || node.focus });
    }
    return found.sort((a, b) => b.rank - a.rank);
  }

  headings(pen, view, across, width) {
    pen.fillStyle = view.palette["kind:paper-ink"];
    let end = 0;
    for (const { x, text } of view.data.columns) {
      const half = this.width(pen, text, 600, 12) / 2;
      const at = across(x);
      const within = Math.max(half + 2, Math.min(at, width - half - 2));
      if (at < 0 || at > width || within - half < end) continue; // out of sight, or it would run into the one before
      pen.fillText(text, within, 10);
      end = within + half + 6;
    }
  }

  // What a text takes across; the pen is then set to its font.
  width(pen, text, weight, size) {
    const font = `${weight} ${size}px ${this.face}`;
    if (this.font !== font) pen.font = this.font = font;
    const key = `${font} ${text}`;
    if (!WIDTHS.has(key)) {
      if (WIDTHS.size > 5000) WIDTHS.clear();
      WIDTHS.set(key, pen.measureText(text).width);
    }
    return WIDTHS.get(key);
  }
}

