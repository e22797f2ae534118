const state = (globalThis.__kgNavigate ??= { listening: false, paths: [] });

export default function ({ data }) {
  state.paths = data.paths;
  if (state.listening) return;
  state.listening = true;
  document.addEventListener("click", follow);
  document.addEventListener("click", sort);
}

function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((item) => item instanceof HTMLAnchorElement && item.href);
  if (!link || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.target && link.target !== "_self" && !link.closest(".kg")) return;
  const path = link.pathname.replace(/\/$/, "").split("/").pop();
  if (!state.paths.includes(path) || link.hash) return;
  event.preventDefault();
  if (link.href === location.href) return;
  history.pushState({}, "", link.href);
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
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
