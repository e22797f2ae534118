const state = (globalThis.__kgNavigate ??= { listening: false, paths: [] });

export default function ({ data }) {
  state.paths = data.paths;
  if (state.listening) return;
  state.listening = true;
  document.addEventListener("click", menu, true);
  document.addEventListener("click", follow);
  // Streamlit says late which page it drew: a push to another page that no click asked for would lead astray
  const push = (state.push = history.pushState.bind(history));
  addEventListener("popstate", () => {
    state.menu = false;
    state.redrawn?.disconnect();
  });
  history.pushState = (data, title, url) => {
    if (url && new URL(url, location.href).pathname !== location.pathname && !state.menu) return;
    state.menu = false;
    push(data, title, url);
  };
  document.addEventListener("click", sort);
}

// Whether a click is one of the first button alone: others open tabs and windows.
function isPlain(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

function follow(event) {
  state.menu = true;
  if (event.defaultPrevented || !isPlain(event)) return;
  const link = event.composedPath().find((item) => item instanceof HTMLAnchorElement && item.href);
  if (!link || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.target && link.target !== "_self" && !link.closest(".kg")) return;
  const path = link.pathname.replace(/\/$/, "").split("/").pop();
  if (!state.paths.includes(path) || link.hash) return;
  event.preventDefault();
  go(link.href, link.closest(".kg-matrix td a"));
}

function go(address, cell) {
  if (address === location.href) return;
  state.push({}, "", address);
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  if (cell) stay(cell);
  else document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
}

// A press on a cell draws its matrix anew: that then stands where it stood, the focus on the cell, and where the cell's
// papers come below the matrix, as on narrow screens, they are brought into view.
function stay(pressed) {
  const { scrollLeft, scrollTop } = pressed.closest(".kg-scroll");
  const wanted = new URL(pressed.href).searchParams.get("cell");
  let known = null;
  state.redrawn = new MutationObserver((_, observer) => {
    const cell = document.querySelector(".kg-matrix td a[aria-current]");
    if (cell?.href !== pressed.href) return;
    const matrix = cell.closest(".kg-scroll");
    if (cell !== known) {
      known = cell;
      matrix.scrollTo({ left: scrollLeft, top: scrollTop, behavior: "instant" });
      if (document.activeElement === document.body) cell.focus({ preventScroll: true });
    }
    const papers = document.querySelector(".kg-behind");
    if (papers?.dataset.cell !== wanted) return;
    observer.disconnect();
    const title = papers.querySelector("h2");
    if (title.getBoundingClientRect().top > matrix.getBoundingClientRect().bottom) title.scrollIntoView({ block: "center" });
  });
  state.redrawn.observe(document.body, { childList: true, subtree: true });
}

function menu(event) {
  const link = event.target.closest?.('[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]');
  if (!link || !isPlain(event)) return;
  const to = new URL(link.href);
  const sure = new URLSearchParams(location.search).get("min_confidence");
  if (sure) to.searchParams.set("min_confidence", sure);
  event.preventDefault();
  event.stopPropagation();
  go(to.href);
}

// Sort the rows of a table by the column of the pressed heading; numbers by value, the rest by text.
function sort(event) {
  const button = event.target.closest?.(".kg-sort th button");
  if (!button) return;
  const heading = button.closest("th");
  const body = heading.closest("table").tBodies[0];
  const column = [...heading.parentElement.children].indexOf(heading);
  const up = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = (row) => row.children[column]?.dataset.v ?? row.children[column]?.textContent.trim() ?? "";
  const rows = [...body.rows].map((row) => ({ row, text: value(row), number: Number(value(row)) }));
  rows.sort((a, b) => (Number.isNaN(a.number) || Number.isNaN(b.number) ? a.text.localeCompare(b.text) : a.number - b.number));
  if (!up) rows.reverse();
  body.append(...rows.map(({ row }) => row));
}
