const boxes = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let box = boxes.get(parentElement);
  if (!box) {
    box = new SearchBox(parentElement);
    boxes.set(parentElement, box);
  }
  box.ask = (text) => setStateValue("text", text);
  box.show(data);
  return () => boxes.delete(parentElement);
}

class SearchBox {
  constructor(root) {
    this.form = root.querySelector("form");
    this.input = root.querySelector("input");
    this.list = root.querySelector("ul");
    this.at = -1;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.input.value.trim() && this.links().length && this.open(true));
    this.form.addEventListener("focusout", (event) => !this.form.contains(event.relatedTarget) && this.open(false));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter();
    });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // keep the focus until the click
    this.list.addEventListener("click", () => this.done());
  }

  show(data) {
    this.data = data;
    this.form.classList.toggle("large", data.large);
    this.input.placeholder = data.label;
    this.input.setAttribute("aria-label", data.label);
    if (data.text !== this.input.value.trim()) return; // an answer to what is no longer asked
    this.at = -1;
    this.list.replaceChildren(...data.found.map((row, number) => this.row(row, number)));
    if (data.text && !data.found.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = "Nothing found. Try fewer or other letters.";
      this.list.append(none);
    }
    if (this.form.getRootNode().activeElement === this.input) this.open(Boolean(data.text));
    if (this.waiting) {
      this.waiting = false;
      this.enter();
    }
  }

  row({ href, label, kind, note }, number) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    item.id = `kg-found-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    link.href = href;
    link.tabIndex = -1;
    for (const [css, text] of [["kind", kind], ["label", label], ["note", note]]) {
      const part = document.createElement("span");
      part.className = css;
      if (css === "kind") part.style.setProperty("--k-ink", `var(--kg-${kind}-ink)`);
      part.textContent = text;
      link.append(part);
    }
    item.append(link);
    return item;
  }

  links() {
    return [...this.list.querySelectorAll("a")];
  }

  typed() {
    clearTimeout(this.timer);
    this.waiting = false;
    const text = this.input.value.trim();
    if (!text) this.open(false);
    if (text === this.data.text) return this.show(this.data); // known already
    this.timer = setTimeout(() => this.ask(text), 110);
  }

  key(event) {
    const links = this.links();
    if (event.key === "Escape") this.open(false);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!links.length) return;
      this.open(true);
      const next = this.at + (event.key === "ArrowDown" ? 1 : -1);
      this.choose((next + links.length) % links.length);
    } else return;
    event.preventDefault();
  }

  choose(number) {
    this.at = number;
    this.links().forEach((link, place) => link.parentElement.setAttribute("aria-selected", String(place === number)));
    const item = this.links()[number]?.parentElement;
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  // Enter goes to what is chosen, or the best; if the answer to the last letters is not there yet, once it comes.
  enter() {
    const text = this.input.value.trim();
    if (!text) return;
    if (this.data.text !== text) {
      clearTimeout(this.timer);
      this.waiting = true;
      this.ask(text);
      return;
    }
    const link = this.links()[Math.max(this.at, 0)];
    if (link) link.click();
  }

  open(yes) {
    this.list.hidden = !yes;
    this.input.setAttribute("aria-expanded", String(yes));
    if (yes) {
      const place = this.form.getBoundingClientRect();
      this.list.classList.toggle("left", place.left + 340 > innerWidth && place.right > 340);
    }
  }

  // Python is not told: a message from the page that is being left could overtake the way to the next one.
  done() {
    clearTimeout(this.timer);
    this.open(false);
    this.input.value = "";
    this.input.blur();
  }
}
