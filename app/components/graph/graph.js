// The graph on the page: draws what Python sends, tells Python what is selected and opened, and keeps both with pins,
// hidden nodes and the legend in the address (address.js; it and names.js stand before this file). Text is only ever set as text.

const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new GraphView(parentElement);
    views.set(parentElement, view);
  }
  view.select = (id) => {
    view.remember();
    setStateValue("selected", id ?? "");
  };
  view.openInPlace = (ids) => {
    view.data.opened = ids;
    view.remember();
    setStateValue("opened", ids);
  };
  view.show(data);
  return () => {
    view.destroy();
    views.delete(parentElement);
  };
}

function whenVis() {
  if (globalThis.vis?.Network) return Promise.resolve(globalThis.vis);
  return new Promise((resolve) => {
    addEventListener("kg-vis-ready", () => resolve(globalThis.vis), { once: true });
    const look = setInterval(() => {
      if (!globalThis.vis?.Network) return;
      clearInterval(look);
      resolve(globalThis.vis);
    }, 50);
  });
}

const SHAPES = {
  dot: "M8 2a6 6 0 1 0 0.01 0Z",
  square: "M2.500 2.500h11v11h-11Z",
  triangle: "M8 2 14.500 13.500H1.500Z",
  diamond: "M8 1 15 8 8 15 1 8Z",
};

const [TINY, LEGIBLE] = [0.32, 0.45]; // scales of a lineage: names have no room, and some room
const WHOLE = { animation: false, maxZoomLevel: 1.5 }; // a small graph may fill the picture, but not with giants

class GraphView {
  constructor(root) {
    this.root = root;
    this.at = (selector) => root.querySelector(selector);
    this.page = location.pathname;
    const kept = readAddress();
    this.off = kept.off; // kinds and roles switched off in the legend
    this.hidden = kept.hidden; // codes
    this.pinned = kept.pinned; // codes, each with its place
    this.selected = kept.selected;
    this.hovered = null;
    this.names = new Names();
    this.lettered = () => {
      WIDTHS.clear(); // they were those of another font
      this.network?.redraw();
    };
    document.fonts.addEventListener("loadingdone", this.lettered);
    this.listen();
  }

  async show(data) {
    this.data = data;
    const vis = await whenVis();
    if (this.gone || data !== this.data) return;
    this.vis = vis;
    this.at(".canvas").style.setProperty("--height", `${data.height}px`);
    this.at(".canvas").setAttribute(
      "aria-label",
      `${data.title}: ${data.nodes.length} nodes, ${data.edges.length} edges. Arrow keys move from node to node, Enter opens a page. The table holds the same.`,
    );
    const colours = this.colours();
    const print = JSON.stringify([data.nodes, data.edges, colours]);
    if (print === this.print) {
      this.data = { ...data, nodes: this.drawn.nodes, edges: this.drawn.edges }; // they know where they were moved
      return;
    }
    this.print = print;
    this.drawn = data;
    for (const node of data.nodes) {
      node.code = codeOf(node.id);
      Object.assign(node, this.pinned.get(node.code));
    }
    this.byId = new Map(data.nodes.map((node) => [node.id, node]));
    this.beside = new Map(data.nodes.map((node) => [node.id, new Set([node.id])]));
    for (const edge of data.edges) {
      this.beside.get(edge.from)?.add(edge.to);
      this.beside.get(edge.to)?.add(edge.from);
    }
    if (this.selected && !this.byId.has(this.selected)) this.selected = null;
    this.paint(colours);
    this.mark(this.selected);
  }

  remember() {
    if (location.pathname !== this.page) return; // the page is being left
    writeAddress({ ...this, opened: this.data.opened ?? [] });
  }

  // The style sheet's colours, each read off an element of its own: so the browser works out its styles but once.
  colours() {
    const wanted = { text: "--st-text-color", ground: "--st-background-color", "kind:paper-ink": "--kg-paper-ink" };
    for (const { key } of this.data.kinds) wanted[`kind:${key}`] = `--kg-${key}`;
    for (const { key } of this.data.roles) wanted[`role:${key}`] = `--kg-edge-${key}`;
    const probes = document.createElement("div");
    for (const variable of Object.values(wanted)) {
      probes.append(document.createElement("i"));
      probes.lastChild.style.color = `var(${variable})`;
    }
    this.at(".graph").append(probes);
    const found = Object.keys(wanted).map((key, place) => [key, getComputedStyle(probes.children[place]).color]);
    probes.remove();
    return Object.fromEntries(found);
  }

  shownNode(node) {
    return !this.hidden.has(node.code) && (node.focus || !this.off.has(node.kind));
  }

  node(node, colours) {
    const fill = colours[`kind:${node.kind}`] ?? colours.text;
    const chosen = node.id === this.selected;
    const strong = chosen || node.focus;
    return {
      id: node.id,
      x: node.x,
      y: node.y,
      shape: node.shape,
      size: node.size,
      hidden: !this.shownNode(node),
      physics: false,
      fixed: this.pinned.has(node.code),
      borderWidth: strong ? 3 : 1.2,
      borderWidthSelected: 3,
      shapeProperties: { borderDashes: this.pinned.has(node.code) ? [3, 2] : false },
      color: {
        background: fill,
        border: strong ? colours.text : colours.ground,
        highlight: { background: fill, border: colours.text },
        hover: { background: fill, border: colours.text },
      },
    };
  }

  edge(edge, colours) {
    const line = colours[`role:${edge.role}`] ?? colours.text;
    return {
      id: edge.id,
      from: edge.from,
      to: edge.to,
      width: edge.width,
      dashes: edge.dashes,
      hidden: this.off.has(edge.role),
      arrows: edge.arrows ? { to: { enabled: true, scaleFactor: 0.6 } } : "",
      color: { color: line, highlight: line, hover: line, opacity: 0.75 },
    };
  }

  paint(colours) {
    this.palette = colours;
    const nodes = this.data.nodes.map((node) => this.node(node, colours));
    const edges = this.data.edges.map((edge) => this.edge(edge, colours));
    this.at(".wait").hidden = true;
    if (!this.network) {
      this.nodes = new this.vis.DataSet(nodes);
      this.edges = new this.vis.DataSet(edges);
      this.network = new this.vis.Network(
        this.at(".canvas"),
        { nodes: this.nodes, edges: this.edges },
        {
          physics: false,
          layout: { improvedLayout: false },
          interaction: { hover: true, hoverConnectedEdges: false, selectConnectedEdges: false, multiselect: false, hideEdgesOnDrag: edges.length > 1200, zoomSpeed: 0.7 },
          nodes: { scaling: { label: { enabled: false } } },
          edges: { smooth: this.data.columns.length ? { type: "cubicBezier", forceDirection: "horizontal", roundness: 0.5 } : false, selectionWidth: 1.5, hoverWidth: 1.5 },
        },
      );
      this.network.on("afterDrawing", (pen) => this.names.draw(pen, this));
      this.network.on("click", (event) => this.clicked(event));
      this.network.on("doubleClick", (event) => event.nodes.length && this.open(event.nodes[0]));
      this.network.on("hoverNode", ({ node, event }) => this.hover(node, event));
      this.network.on("blurNode", () => this.hover(null));
      this.network.on("hoverEdge", ({ edge, event }) => this.hoverEdge(edge, event));
      this.network.on("blurEdge", () => this.tip(null));
      this.network.on("dragStart", () => this.tip(null));
      this.network.on("dragEnd", ({ nodes: moved }) => moved.forEach((id) => this.moved(id)));
      this.begin();
    } else {
      const before = new Set(this.nodes.getIds());
      const now = new Set(nodes.map((node) => node.id));
      this.edges.clear();
      this.nodes.remove([...before].filter((id) => !now.has(id)));
      this.nodes.update(nodes);
      this.edges.add(edges);
      const kept = [...now].filter((id) => before.has(id)).length;
      if (kept < Math.min(before.size, now.size) / 2) this.network.fit(WHOLE);
    }
    this.legend();
    this.network.once("afterDrawing", () => this.root.host?.setAttribute("data-ready", String(nodes.length)));
  }

  // Begin with the whole picture; with a lineage too wide for a small screen, where its centre stands.
  begin() {
    this.network.fit(WHOLE);
    const centre = this.byId.get(this.data.focus);
    if (!centre || !this.data.columns.length || this.network.getScale() >= TINY) return;
    this.network.moveTo({ position: { x: centre.x, y: centre.y }, scale: LEGIBLE });
  }

  // Selecting, opening, hovering

  clicked(event) {
    const id = event.nodes[0] ?? null;
    if (id === this.selected) return;
    this.mark(id);
    this.select(id);
  }

  mark(id) {
    const before = this.selected;
    this.selected = id;
    for (const one of [before, id]) {
      const node = one && this.byId?.get(one);
      if (node && this.nodes?.get(one)) this.nodes.update({ ...this.node(node, this.palette), x: undefined, y: undefined });
    }
    for (const action of ["pin", "hide", "expand"]) this.button(action).disabled = !id;
    const opened = this.data.opened ?? [];
    const [name, hint] = opened.includes(id)
      ? ["Collapse", "Take away what expanding this node added (e)"]
      : ["Expand", "Add the neighbours of the selected node (e)"];
    this.button("expand").textContent = name;
    this.button("expand").title = hint;
    this.button("expand").hidden = !this.data.expandable;
    this.button("fold").hidden = opened.length < 2;
    this.button("pin").setAttribute("aria-pressed", String(this.pinned.has(this.byId?.get(id)?.code)));
    if (id) this.network?.selectNodes([id], false);
    else if (this.network?.getSelectedNodes().length) this.network.unselectAll();
  }

  open(id) {
    clearTimeout(this.told);
    const link = document.createElement("a"); // the app's own links are caught and followed without a reload
    link.href = this.byId.get(id).href;
    document.body.append(link);
    link.click();
    link.remove();
  }

  hover(id, event) {
    this.hovered = id;
    this.at(".canvas").classList.toggle("over", Boolean(id));
    this.light(id ? this.beside.get(id) : null);
    if (!id) return this.tip(null);
    const node = this.byId.get(id);
    const kind = this.data.kinds.find(({ key }) => key === node.kind)?.label ?? node.kind;
    const facts = node.kind === "paper" ? ["paper", node.date] : [kind.replace(/s$/, ""), `${node.papers} paper${node.papers === 1 ? "" : "s"}`, node.date && `since ${node.date}`];
    this.tip(node.full, facts.filter(Boolean).join(" · "), event);
  }

  hoverEdge(id, event) {
    const edge = this.data.edges[id];
    if (!edge || this.hovered) return;
    this.tip(`${this.byId.get(edge.from)?.full} – ${this.byId.get(edge.to)?.full}`, edge.label_text, event);
  }

  light(lit) {
    const nodes = [];
    for (const node of this.data.nodes) {
      const dim = lit !== null && !lit.has(node.id);
      if (dim === Boolean(node.dim)) continue;
      node.dim = dim;
      nodes.push({ id: node.id, opacity: dim ? 0.18 : 1 });
    }
    const edges = [];
    for (const edge of this.data.edges) {
      const dim = lit !== null && edge.from !== this.hovered && edge.to !== this.hovered;
      if (dim === Boolean(edge.dim)) continue;
      edge.dim = dim;
      edges.push({ id: edge.id, color: { ...this.edge(edge, this.palette).color, opacity: dim ? 0.08 : 0.75 } });
    }
    if (nodes.length) this.nodes.update(nodes);
    if (edges.length) this.edges.update(edges);
    this.network.redraw();
  }

  tip(title, facts = "", event = null) {
    const tip = this.at(".tip");
    tip.hidden = !title;
    if (!title) return;
    const name = document.createElement("b");
    const rest = document.createElement("span");
    name.dir = "auto";
    name.textContent = title;
    rest.textContent = facts;
    tip.replaceChildren(name, rest);
    const stage = this.at(".stage").getBoundingClientRect();
    const x = (event?.clientX ?? stage.left) - stage.left;
    const y = (event?.clientY ?? stage.top) - stage.top;
    tip.style.left = `${Math.max(4, Math.min(x + 14, stage.width - tip.offsetWidth - 8))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > stage.height ? Math.max(4, y - tip.offsetHeight - 14) : y + 18}px`;
  }

  moved(id) {
    const { x, y } = this.network.getPosition(id);
    Object.assign(this.byId.get(id), { x, y });
  }

  // Tools

  button(action) {
    return this.at(`[data-do="${action}"]`);
  }

  act(action) {
    const id = this.selected;
    const scale = this.network?.getScale() ?? 1;
    const moves = { animation: { duration: 200 } };
    if (!this.network) return;
    if (action === "fit") this.network.fit({ ...WHOLE, animation: { duration: 350 } });
    else if (action === "in") this.network.moveTo({ scale: scale * 1.35, ...moves });
    else if (action === "out") this.network.moveTo({ scale: scale / 1.35, ...moves });
    else if (action === "png") this.picture();
    else if (action === "restore") {
      this.hidden.clear();
      this.remember();
      this.refresh();
    } else if (action === "fold") this.openInPlace([]);
    else if (id && action === "hide") {
      this.hidden.add(this.byId.get(id).code);
      this.mark(null);
      this.select(null);
      this.refresh();
    } else if (id && action === "pin") {
      const { code } = this.byId.get(id);
      if (!this.pinned.delete(code)) this.pinned.set(code, this.network.getPosition(id));
      this.remember();
      this.mark(id);
    } else if (id && action === "expand" && this.data.expandable) {
      const opened = this.data.opened ?? [];
      this.openInPlace(opened.includes(id) ? opened.filter((one) => one !== id) : [...opened, id].slice(-this.data.most));
    }
  }

  refresh() {
    this.nodes.update(this.data.nodes.map((node) => ({ id: node.id, hidden: !this.shownNode(node) })));
    this.edges.update(this.data.edges.map((edge) => ({ id: edge.id, hidden: this.off.has(edge.role) })));
    this.legend();
  }

  picture() {
    const canvas = this.at("canvas");
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const pen = copy.getContext("2d");
    pen.fillStyle = this.palette.ground;
    pen.fillRect(0, 0, copy.width, copy.height);
    pen.drawImage(canvas, 0, 0);
    copy.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.data.title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "graph"}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 5000);
    });
  }

  offer() {
    if (this.offered === this.drawn) return;
    this.offered = this.drawn;
    const list = this.at("datalist");
    list.replaceChildren(
      ...this.data.nodes.map((node) => {
        const option = document.createElement("option");
        option.value = node.full;
        return option;
      }),
    );
  }

  seek(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted || !this.network) return;
    const shown = this.data.nodes.filter((node) => this.shownNode(node));
    const found =
      shown.find((node) => node.full.toLowerCase() === wanted) ??
      shown.find((node) => node.full.toLowerCase().startsWith(wanted)) ??
      shown.find((node) => node.full.toLowerCase().includes(wanted));
    this.at(".seek input").setAttribute("aria-invalid", String(!found));
    if (found) this.fly(found.id);
  }

  fly(id) {
    this.root.host?.removeAttribute("data-at");
    this.network.once("animationFinished", () => this.root.host?.setAttribute("data-at", id));
    this.network.focus(id, { scale: Math.max(this.network.getScale(), 1.1), animation: { duration: 500 } });
    if (id === this.selected) return;
    this.mark(id);
    this.select(id);
  }

  legend() {
    const row = (place, list, group, count, icon) => {
      this.at(place).replaceChildren(
        ...list.flatMap(({ key, label }) => {
          const number = count.get(key);
          if (!number) return [];
          const button = document.createElement("button");
          button.type = "button";
          button.className = group === "role" ? "line" : "";
          button.setAttribute("aria-pressed", String(!this.off.has(key)));
          button.dataset.legend = key;
          const text = document.createElement("span");
          const small = document.createElement("small");
          text.textContent = label;
          small.textContent = number;
          button.append(icon(key), text, small);
          return [button];
        }),
      );
    };
    const tally = (items, of) => items.reduce((sum, item) => sum.set(of(item), (sum.get(of(item)) ?? 0) + 1), new Map());
    row(".kinds", this.data.kinds, "kind", tally(this.data.nodes, (node) => node.kind), (key) => {
      const shape = this.data.nodes.find((node) => node.kind === key)?.shape;
      return svg("0 0 16 16", { d: SHAPES[shape] ?? SHAPES.dot, fill: this.palette[`kind:${key}`] });
    });
    row(".roles", this.data.roles, "role", tally(this.data.edges, (edge) => edge.role), (key) => {
      const like = this.data.edges.find((edge) => edge.role === key);
      return svg("0 0 26 14", {
        d: like.arrows ? "M1 7H22M18 3 23 7 18 11" : "M1 7H25",
        fill: "none",
        stroke: this.palette[`role:${key}`],
        "stroke-width": "2.2",
        "stroke-dasharray": like.dashes ? like.dashes.join(" ") : "none",
      });
    });
    this.button("restore").hidden = this.hidden.size === 0;
  }

  listen() {
    const graph = this.at(".graph");
    graph.addEventListener("click", (event) => {
      const action = event.target.closest("[data-do]");
      const legend = event.target.closest("[data-legend]");
      if (action) this.act(action.dataset.do);
      if (!legend) return;
      const key = legend.dataset.legend;
      if (!this.off.delete(key)) this.off.add(key);
      this.remember();
      this.refresh();
      this.at(`[data-legend="${CSS.escape(key)}"]`)?.focus();
    });
    const box = this.at(".seek input");
    this.at(".seek").addEventListener("submit", (event) => {
      event.preventDefault();
      this.seek(box.value);
    });
    box.addEventListener("focus", () => this.offer());
    box.addEventListener("input", (event) => {
      box.removeAttribute("aria-invalid");
      if (event.inputType === "insertReplacementText" || event.inputType === undefined) this.seek(box.value);
    });
    this.at(".canvas").addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (!this.network || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const letters = { "+": "in", "=": "in", "-": "out", 0: "fit", e: "expand", p: "pin", h: "hide", r: "restore" };
    if (ways[event.key]) this.step(...ways[event.key]);
    else if (event.key === "Enter" && this.selected) this.open(this.selected);
    else if (event.key === "Escape") {
      this.mark(null);
      this.select(null);
      this.tip(null);
    } else if (letters[event.key]) this.act(letters[event.key]);
    else return;
    event.preventDefault();
  }

  // Move the selection to the nearest node on that side.
  step(dx, dy) {
    const shown = this.data.nodes.filter((node) => this.shownNode(node));
    const from = this.byId.get(this.selected) ?? this.byId.get(this.data.focus) ?? { x: 0, y: 0 };
    let best = null;
    for (const node of shown) {
      const along = (node.x - from.x) * dx + (node.y - from.y) * dy;
      const aside = Math.abs((node.x - from.x) * dy + (node.y - from.y) * dx);
      if (along <= 1) continue;
      const cost = along + 2.5 * aside;
      if (!best || cost < best.cost) best = { cost, node };
    }
    const target = best?.node ?? (this.selected ? null : shown[0]);
    if (!target) return;
    this.mark(target.id);
    this.network.moveTo({ position: { x: target.x, y: target.y }, animation: { duration: 200 } });
    clearTimeout(this.told);
    this.told = setTimeout(() => this.select(target.id), 250);
    const dom = this.network.canvasToDOM({ x: target.x, y: target.y });
    const stage = this.at(".stage").getBoundingClientRect();
    this.tip(target.full, target.kind, { clientX: stage.left + dom.x, clientY: stage.top + dom.y });
  }

  destroy() {
    this.gone = true;
    document.fonts.removeEventListener("loadingdone", this.lettered);
    this.network?.destroy();
    this.network = null;
  }
}

function svg(box, attributes) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  picture.setAttribute("viewBox", box);
  picture.setAttribute("aria-hidden", "true");
  for (const [key, value] of Object.entries(attributes)) path.setAttribute(key, value);
  picture.append(path);
  return picture;
}
