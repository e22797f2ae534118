// What the address keeps of a picture, so that reload, the back button and a shared link bring it back: the selected
// node and those opened in place by their ids, what is hidden, pinned or switched off in short codes. The entry in the
// history is replaced, not added to: "back" leaves the page, it does not undo clicks one by one.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CODE = 5; // letters of a node: of some hundred nodes two share a code once in ten thousand pictures
const PLACE = 3; // letters of a coordinate
const MIDDLE = 131072; // half of what three letters count, so that coordinates may be negative

const digits = (number, length) => Array.from({ length }, (_, i) => LETTERS[(number >>> (6 * i)) & 63]).join("");
const value = (text) => [...text].reduce((sum, letter, i) => sum + LETTERS.indexOf(letter) * 64 ** i, 0);
const pieces = (text, length) => text.match(new RegExp(`[A-Za-z0-9_-]{${length}}`, "g")) ?? [];

// The code of a node: its id's FNV-1a hash, folded to 30 bits.
function codeOf(id) {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  return digits((hash ^ (hash >>> 30)) & 0x3fffffff, CODE);
}

function readAddress() {
  const given = new URLSearchParams(location.search);
  const pins = pieces(given.get("pin") ?? "", CODE + 2 * PLACE);
  const at = (text, from) => value(text.slice(from, from + PLACE)) - MIDDLE;
  return {
    selected: given.get("node"),
    hidden: new Set(pieces(given.get("hide") ?? "", CODE)),
    pinned: new Map(pins.map((pin) => [pin.slice(0, CODE), { x: at(pin, CODE), y: at(pin, CODE + PLACE) }])),
    off: new Set((given.get("off") ?? "").split(".").filter(Boolean)),
  };
}

function writeAddress({ selected, opened, hidden, pinned, off }) {
  const place = (number) => digits(Math.min(Math.max(Math.round(number) + MIDDLE, 0), 2 * MIDDLE - 1), PLACE);
  const kept = {
    node: selected ?? "",
    expand: opened.join("|"),
    hide: [...hidden].join(""),
    pin: [...pinned].map(([code, { x, y }]) => code + place(x) + place(y)).join(""),
    off: [...off].join("."),
  };
  const url = new URL(location.href);
  for (const [key, text] of Object.entries(kept)) {
    if (text) url.searchParams.set(key, text);
    else url.searchParams.delete(key);
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}

