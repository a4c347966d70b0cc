// The page: who is signed in, which place it shows, and what is common to all places.

import { Session, abilities } from "./api.js";
import { announce, element, setText } from "./dom.js";
import { errorBox } from "./errors.js";
import { preferred, setLanguage, t } from "./language.js";
import { Poll } from "./poll.js";
import { Resources } from "./resources.js";
import { parseRoute, routeHash } from "./route.js";
import { frame, applyTheme, showHelp } from "./shell.js";
import { signIn } from "./sign-in.js";
import { views } from "./views.js";

const keptSession = "openesw.session";

class App {
  session = null;
  projects = [];
  project = "";
  abilities = { has: () => false, plans: () => false };
  #stage = null;

  constructor() {
    this.preferences = readPreferences();
    setLanguage(this.preferences.language ?? preferred(navigator.languages ?? []));
    applyTheme(this.preferences.theme);
    addEventListener("hashchange", () => this.session && this.show());
    addEventListener("keydown", (event) => this.#onKey(event));
  }

  async start() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(keptSession) ?? "null");
      if (kept) {
        const session = kept.kind === "key"
          ? await Session.withKey(kept.id, kept.secret) : Session.withToken(kept.token, kept.name);
        await this.enter(session);
        return;
      }
    } catch {
      sessionStorage.removeItem(keptSession);
    }
    this.askWho();
  }

  askWho(error = null) {
    this.#leave();
    this.session = null;
    document.title = `${t("signIn.title")} · OpenESW`;
    signIn(this, document.getElementById("page"), error);
  }

  /**
   * @param kept what a reload of this tab may sign in with again; null: nothing is kept
   * @throws whatever the API says to the first call
   */
  async enter(session, kept = null) {
    const projects = (await session.get("/v3/auth/projects")).projects;
    this.abilities = await abilities();
    this.projects = projects;
    this.session = session;
    session.onRefused = (error) => this.askWho(error);
    if (kept) sessionStorage.setItem(keptSession, JSON.stringify(kept));
    const wanted = parseRoute(location.hash).project;
    this.project = projects.find(({ id }) => id === wanted)?.id ?? projects[0]?.id ?? "";
    this.frame = frame(this, document.getElementById("page"));
    this.show();
  }

  leave() {
    sessionStorage.removeItem(keptSession);
    this.askWho();
  }

  link(view, id = "", query = {}) {
    return routeHash({ project: this.project, view, id, query });
  }

  go(view, id = "", query = {}) {
    location.hash = this.link(view, id, query);
  }

  /** Another filter or order of the same place: no step back leads to the old one. */
  keepQuery(query) {
    const route = parseRoute(location.hash);
    history.replaceState(null, "", routeHash({ ...route, project: this.project, query }));
  }

  prefer(change) {
    this.preferences = { ...this.preferences, ...change };
    localStorage.setItem("openesw.preferences", JSON.stringify(this.preferences));
    setLanguage(this.preferences.language ?? preferred(navigator.languages ?? []));
    applyTheme(this.preferences.theme);
    if (this.session) {
      this.frame = frame(this, document.getElementById("page"));
      this.show();
    } else {
      this.askWho();
    }
  }

  /** Shows the place of the address. */
  show() {
    const route = parseRoute(location.hash);
    if (route.project && route.project !== this.project && this.projects.some(({ id }) => id === route.project)) {
      this.project = route.project;
      this.frame.choose(this.project);
    }
    const isMove = this.#stage !== null;
    this.#leave();
    const view = views[route.view] ?? views.overview;
    this.#stage = new Stage(this, view);
    this.frame.mark(view.place);
    if (!this.project) {
      this.#stage.root.append(element("p", { class: "empty" }, t("noProject")));
    } else {
      view.show(this, route, this.#stage);
    }
    if (isMove) this.#stage.heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  #leave() {
    this.#stage?.stop();
    this.#stage = null;
  }

  #onKey(event) {
    const isTyping = event.target.closest?.("input, select, textarea, dialog");
    if (!this.session || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const table = this.#stage?.table;
    const goes = { o: "overview", c: "connections", s: "switches", h: "hosts", e: "events", n: "nodes" };
    if (this.isGoing) {
      this.isGoing = false;
      if (event.key in goes) this.go(goes[event.key]);
    } else if (event.key === "g") {
      this.isGoing = true;
    } else if (event.key === "/" && table) {
      table.focusFilter();
    } else if (["j", "k", "ArrowDown", "ArrowUp"].includes(event.key) && table
      && [document.body, this.#stage.heading].includes(document.activeElement)) {
      table.focusRows();
    } else if (event.key === "?") {
      showHelp();
    } else if (event.key === "Escape" && this.#stage?.back) {
      this.go(...this.#stage.back);
    } else {
      return;
    }
    event.preventDefault();
  }
}

/** What a place has while it is shown: its part of the page, its polls; all ends with it. */
class Stage {
  #polls = [];
  #ends = [];
  table = null;
  back = null;

  constructor(app, view) {
    this.app = app;
    this.resources = new Resources(app.session, app.project);
    this.heading = element("h1", { tabindex: "-1" }, t(view.title));
    this.actions = element("div", { class: "actions" });
    this.problem = element("div", {});
    this.root = element("div", { class: "place" });
    document.title = `${t(view.title)} · OpenESW`;
    document.getElementById("main").replaceChildren(
      element("header", { class: "head" }, this.heading, this.actions), this.problem, this.root);
  }

  name(text) {
    setText(this.heading, text);
    document.title = `${text} · OpenESW`;
  }

  /** @param work gets a function that tells whether it is over, and the answer is nobody's any more */
  poll(work, everyMilliseconds) {
    const poll = new Poll(work, everyMilliseconds, (state, error) => {
      this.app.frame.tell(state, this.app.session);
      if (state === "failing") {
        const wasFine = this.problem.childElementCount === 0;
        this.problem.replaceChildren(errorBox(error, wasFine ? "alert" : "none"));
      } else if (state === "live") {
        if (this.problem.childElementCount > 0) announce(t("live.again"));
        this.problem.replaceChildren();
      }
    });
    this.#polls.push(poll);
    return poll;
  }

  onEnd(end) {
    this.#ends.push(end);
  }

  hold(table) {
    this.table = table;
    this.onEnd(() => table.stop());
    return table.node;
  }

  stop() {
    for (const poll of this.#polls) poll.stop();
    for (const end of this.#ends) end();
  }
}

function readPreferences() {
  try {
    return JSON.parse(localStorage.getItem("openesw.preferences") ?? "{}") ?? {};
  } catch {
    return {};
  }
}

new App().start();
