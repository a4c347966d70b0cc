// A change in two steps: what would happen, and only then the change itself.

import { announce, element } from "./dom.js";
import { errorBox } from "./errors.js";
import { t } from "./language.js";
import { planFails, planView } from "./plan.js";
import { showDialog } from "./shell.js";

/**
 * A dialog that asks for what is needed, shows the plan, and makes the change when that is wanted.
 *
 * @param change `title`, `fields` (nodes; none where there is nothing to ask), `request` (`{ method, path, body }`
 *   of what was filled in), `template` (of the path, as the API's document has it), `summary` (lines of what is
 *   asked for), `verb` (on the button), `isDangerous`, `onDone` (gets the answer)
 */
export function showChange(app, stage, change) {
  return showDialog(change.title, (close) => {
    const body = element("div", { class: "dialog-body" });
    const problem = element("div", {});
    const buttons = element("div", { class: "buttons" });
    const form = element("form", { on: { submit: (event) => { event.preventDefault(); form.onNext(); } } },
      problem, body, buttons);
    const steps = new Steps(app, stage, change, { body, problem, buttons, form, close });
    if (change.fields.length) steps.ask(); else steps.plan();
    return form;
  });
}

class Steps {
  constructor(app, stage, change, parts) {
    Object.assign(this, { app, stage, change, ...parts });
    this.canPlan = app.abilities.plans(change.method, change.template);
  }

  ask() {
    this.body.replaceChildren(...this.change.fields);
    this.#offer([this.#button("cancel", "quiet", this.close), this.#button("showPlan", "main", null, "submit")]);
    this.form.onNext = () => this.plan();
    this.body.querySelector("input, select")?.focus();
  }

  async plan() {
    const request = this.change.request();
    const lines = this.change.summary?.(request) ?? [];
    const facts = element("dl", { class: "details" }, lines.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value))));
    if (!this.canPlan) {
      this.#confirm(request, [facts, element("p", { class: "muted" }, t("plan.cannot"))], false);
      return;
    }
    this.#offer([this.#button("cancel", "quiet", this.close)]);
    await this.#attempt(async () => {
      const { plan } = await this.app.session.call(
        request.method, request.path, { query: [["dry_run", "true"]], body: request.body });
      this.#confirm(request, [facts, element("h3", {}, t("plan.title")), planView(plan)], planFails(plan));
      announce(t("plan.ready"));
    }, () => (this.change.fields.length ? this.ask() : null));
  }

  #confirm(request, content, isWarned) {
    this.problem.replaceChildren();
    this.body.replaceChildren(...content);
    const kind = this.change.isDangerous || isWarned ? "danger" : "main";
    const back = this.change.fields.length ? this.#button("back", "quiet", () => this.ask())
      : this.#button("cancel", "quiet", this.close);
    const go = this.#button(null, kind, null, "submit");
    go.append(isWarned ? t("plan.anyway", { verb: this.change.verb }) : this.change.verb);
    this.#offer([back, go]);
    this.form.onNext = () => this.#make(request);
    // The plan is to be read first, and what cannot be undone is not one key away.
    (this.change.isDangerous || isWarned ? back : go).focus();
  }

  async #make(request) {
    await this.#attempt(async () => {
      const answer = await this.app.session.call(request.method, request.path, { body: request.body });
      this.close();
      announce(t("done", { what: this.change.title }));
      this.change.onDone(answer);
    });
  }

  async #attempt(work, onFailure = () => {}) {
    const buttons = [...this.buttons.querySelectorAll("button")];
    for (const button of buttons) button.disabled = button.type === "submit";
    this.body.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      onFailure();
      this.problem.replaceChildren(errorBox(error));
    } finally {
      this.body.removeAttribute("aria-busy");
      for (const button of buttons) button.disabled = false;
    }
  }

  #offer(buttons) {
    this.form.onNext = () => {};
    this.buttons.replaceChildren(...buttons);
  }

  #button(key, kind, onClick, type = "button") {
    return element("button", { type, class: kind, on: onClick ? { click: () => onClick() } : {} }, key ? t(key) : null);
  }
}

/** A field with its name above it, and a hint below. */
export function field(name, input, hint = "") {
  return element("label", { class: "field" }, element("span", {}, name), input,
    hint ? element("span", { class: "muted small" }, hint) : null);
}

export function textInput(attributes = {}) {
  return element("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
}

export function selectInput(options, current = null, attributes = {}) {
  return element("select", attributes, options.map(([value, text]) =>
    element("option", { value, selected: value === current }, text)));
}
