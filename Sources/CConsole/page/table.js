// A list of any length: only the rows that are seen are there. One row is the active one; the keyboard moves
// it, opens it, sorts and filters.

import { element, setText, unseen } from "./dom.js";
import { naturalOrder, number } from "./format.js";
import { t } from "./language.js";

const rowHeight = 38;
const rowsBeyond = 12;
const filterPauseMilliseconds = 80;

/** The rows that have all words of a filter, in the order of a column. Pure. */
export function arranged(rows, columns, { filter, sort, descending }) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = words.length === 0 ? [...rows] : rows.filter((row) => {
    const text = columns.map((column) => column.text(row)).join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const column = columns.find((one) => one.id === sort);
  if (!column) return chosen;
  const compare = naturalOrder();
  const keys = new Map(chosen.map((row) => [row, column.order ? column.order(row) : column.text(row)]));
  chosen.sort((a, b) => {
    const [first, second] = [keys.get(a), keys.get(b)];
    return typeof first === "number" && typeof second === "number" ? first - second
      : compare(String(first), String(second));
  });
  return descending ? chosen.reverse() : chosen;
}

export class Table {
  #rows = [];
  #shown = [];
  #made = new Map();
  #activeKey = null;
  #view;

  /**
   * @param options `label`, `key` (row to text), `columns` of `{ id, title, text, cell, order, width }`,
   *   `onOpen`, `empty` (text), `view` (`{ filter, sort, descending }`) and `onView`
   */
  constructor(options) {
    Object.assign(this, options);
    this.#view = { filter: "", sort: null, descending: false, ...options.view };
    this.filter = element("input", {
      type: "search", class: "filter", "aria-label": t("list.filter", { list: this.label }),
      placeholder: t("list.filterHint"), value: this.#view.filter, autocomplete: "off", spellcheck: "false",
      on: { input: () => this.#filterSoon(), keydown: (event) => this.#onFilterKey(event) },
    });
    this.count = element("span", { class: "muted", role: "status" });
    this.body = element("tbody", {
      on: { keydown: (event) => this.#onKey(event), click: (event) => this.#onClick(event) },
    });
    this.heads = this.columns.map((column) => this.#head(column));
    const widths = this.columns.map((column) => {
      const col = element("col");
      if (column.width) col.style.width = column.width;
      return col;
    });
    this.grid = element("table", { role: "grid", class: "list", "aria-label": this.label },
      element("colgroup", {}, widths), element("thead", {}, element("tr", {}, this.heads)), this.body);
    this.scroller = element("div", {
      class: "scroller", tabindex: "-1",
      on: { scroll: () => this.#render(), keydown: (event) => this.#onKey(event) },
    }, this.grid);
    this.emptyText = element("p", { class: "empty", hidden: true });
    this.tools = element("div", { class: "tools" }, this.filter, this.count);
    this.node = element("div", { class: "listing" }, this.tools, this.scroller, this.emptyText);
    this.observer = new ResizeObserver(() => this.#render());
    this.observer.observe(this.scroller);
  }

  stop() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  get currentView() {
    return { ...this.#view };
  }

  setRows(rows) {
    this.#rows = rows;
    this.#arrange();
  }

  focusFilter() {
    this.filter.focus();
    this.filter.select();
  }

  /** @returns whether there was a row to go to */
  focusRows() {
    if (this.#shown.length === 0) return false;
    if (this.#activeIndex() < 0) this.#activeKey = this.key(this.#shown[0]);
    this.#focusActive();
    return true;
  }

  #head(column) {
    const button = element("button", { type: "button", on: { click: () => this.#sortBy(column.id) } },
      column.title, element("span", { class: "arrow", "aria-hidden": "true" }));
    return element("th", {
      scope: "col", class: column.class?.includes("number") ? "number" : null, "data-column": column.id,
    }, button);
  }

  #sortBy(id) {
    const isAgain = this.#view.sort === id;
    this.#view.descending = isAgain && !this.#view.descending;
    this.#view.sort = id;
    this.#arrange();
    this.onView?.(this.#view);
  }

  #filterSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.#view.filter = this.filter.value;
      this.scroller.scrollTop = 0;
      this.#arrange();
      this.onView?.(this.#view);
    }, filterPauseMilliseconds);
  }

  #arrange() {
    this.#shown = arranged(this.#rows, this.columns, this.#view);
    this.columns.forEach((column, i) => {
      const isSorted = column.id === this.#view.sort;
      const order = this.#view.descending ? "descending" : "ascending";
      if (isSorted) this.heads[i].setAttribute("aria-sort", order); else this.heads[i].removeAttribute("aria-sort");
    });
    this.grid.setAttribute("aria-rowcount", this.#shown.length + 1);
    setText(this.count, this.#shown.length === this.#rows.length
      ? t("list.count", { count: this.#rows.length, number: number(this.#rows.length) })
      : t("list.countOf", { shown: number(this.#shown.length), all: number(this.#rows.length) }));
    this.emptyText.hidden = this.#shown.length > 0;
    this.scroller.hidden = this.#shown.length === 0;
    setText(this.emptyText, this.#rows.length === 0 ? this.empty : t("list.noMatch"));
    this.#render();
  }

  #render() {
    const top = Math.floor(this.scroller.scrollTop / rowHeight);
    const fits = Math.ceil((this.scroller.clientHeight || 600) / rowHeight);
    const start = Math.max(0, Math.min(top - rowsBeyond, this.#shown.length - fits));
    const end = Math.min(this.#shown.length, top + fits + rowsBeyond);
    const hadFocus = this.body.contains(document.activeElement) ? document.activeElement : null;
    const made = new Map();
    const rows = this.#shown.slice(start, end).map((row, i) => this.#row(row, start + i, made));
    this.#made = made;
    const wanted = [this.#spacer(start), ...rows, this.#spacer(this.#shown.length - end)];
    const isSame = wanted.length === this.body.childNodes.length
      && rows.every((row, i) => this.body.childNodes[i + 1] === row);
    if (isSame) {
      this.body.firstChild.firstChild.style.height = wanted[0].firstChild.style.height;
      this.body.lastChild.firstChild.style.height = wanted.at(-1).firstChild.style.height;
    } else {
      this.body.replaceChildren(...wanted);
    }
    // The row with the focus may be out of sight now: keys go on from it all the same.
    if (hadFocus && !this.body.contains(document.activeElement)) {
      const again = this.#made.get(this.#activeKey)?.node;
      (again ?? this.scroller).focus({ preventScroll: true });
    }
  }

  #spacer(rows) {
    const cell = element("td", { colspan: this.columns.length });
    cell.style.height = `${rows * rowHeight}px`;
    return element("tr", { class: "spacer", "aria-hidden": "true" }, cell);
  }

  #row(row, index, made) {
    const key = this.key(row);
    const sign = this.columns.map((column) => column.sign?.(row) ?? column.text(row)).join("\u0000");
    let known = this.#made.get(key);
    if (!known || known.sign !== sign) {
      const cells = this.columns.map((column) => element("td", { role: "gridcell", class: column.class },
        column.cell ? column.cell(row) : element("span", { title: column.text(row) }, column.text(row))));
      known = { sign, node: element("tr", { role: "row", "data-key": key }, cells) };
    }
    known.node.setAttribute("aria-rowindex", index + 2);
    const isActive = this.#activeKey === null ? index === 0 : key === this.#activeKey;
    known.node.tabIndex = isActive ? 0 : -1;
    made.set(key, known);
    return known.node;
  }

  #activeIndex() {
    return this.#shown.findIndex((row) => this.key(row) === this.#activeKey);
  }

  #focusActive() {
    const index = Math.max(this.#activeIndex(), 0);
    const [top, height] = [index * rowHeight, this.scroller.clientHeight - rowHeight];
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    if (top + rowHeight > this.scroller.scrollTop + height) this.scroller.scrollTop = top + rowHeight - height;
    this.#render();
    this.#made.get(this.#activeKey)?.node.focus({ preventScroll: true });
  }

  #onKey(event) {
    if (event.target.closest("input, button, a") || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / rowHeight) - 2);
    const steps = {
      ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page,
      Home: -Infinity, End: Infinity,
    };
    if (event.key in steps) {
      const last = this.#shown.length - 1;
      const next = Math.min(Math.max(Math.max(this.#activeIndex(), 0) + steps[event.key], 0), last);
      this.#activeKey = this.key(this.#shown[next]);
      this.#focusActive();
    } else if (event.key === "Enter" && this.#activeIndex() >= 0) {
      this.onOpen?.(this.#shown[this.#activeIndex()]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #onFilterKey(event) {
    if (event.key === "Escape" && this.filter.value) {
      this.filter.value = "";
      this.#filterSoon();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      if (!this.focusRows()) return;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #onClick(event) {
    const row = event.target.closest("tr[data-key]");
    if (!row || event.target.closest("a, button") || getSelection()?.type === "Range") return;
    this.#activeKey = row.dataset.key;
    this.#render();
    const found = this.#shown[this.#activeIndex()];
    if (found) this.onOpen?.(found);
  }
}

/** A status in the API's word: a mark, and the word in the reader's language. */
export function statusPill(state, text, description) {
  const mark = { good: "✓", warn: "!", bad: "✕", idle: "–" }[state];
  return element("span", { class: `pill ${state}` },
    element("span", { class: "mark", "aria-hidden": "true" }, mark), text, description ? unseen(description) : null);
}
