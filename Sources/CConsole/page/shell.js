// What stands around every place: navigation, project, language, light or dark, and how fresh the page is.

import { announce, element, setText, shape } from "./dom.js";
import { number } from "./format.js";
import { language, languages, t } from "./language.js";

const places = ["overview", "connections", "switches", "hosts", "events", "nodes"];
const themes = ["system", "light", "dark"];

/** Two sites and what joins them. */
export function brandMark() {
  return shape("svg", { class: "brand-mark", viewBox: "0 0 32 32", "aria-hidden": "true" },
    shape("rect", { x: 2, y: 9, width: 10, height: 14, rx: 3 }),
    shape("rect", { x: 20, y: 9, width: 10, height: 14, rx: 3 }),
    shape("path", { d: "M12 13.5h8M12 18.5h8" }));
}

/** @param {string} theme `light`, `dark`, or what the system wants */
export function applyTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** Language and theme: the same two choices on every page. */
export function preferenceChoices(app) {
  const choice = (name, current, options, choose) => element("label", { class: "choice" },
    element("span", { class: "unseen" }, t(`choice.${name}`)),
    element("select", { "data-choice": name, on: { change: (event) => choose(event.target.value) } },
      options.map(([value, text, lang]) =>
        element("option", { value, lang, selected: value === current }, text))));
  return [
    choice("language", language(), Object.entries(languages).map(([code, { name }]) => [code, name, code]),
      (code) => app.prefer({ language: code })),
    choice("theme", app.preferences.theme ?? "system", themes.map((name) => [name, t(`theme.${name}`)]),
      (theme) => app.prefer({ theme })),
  ];
}

/**
 * Fills the page.
 *
 * @returns `mark` (the place that is shown), `choose` (a project) and `tell` (how fresh the page is)
 */
export function frame(app, page) {
  const links = places.map((place) =>
    element("a", { href: app.link(place), "data-place": place }, t(`place.${place}`)));
  const state = element("span", { class: "live" });
  const projects = element("select", {
    id: "project", on: { change: (event) => { location.hash = `#/${event.target.value}/overview`; } },
  }, app.projects.map(({ id, name }) => element("option", { value: id, selected: id === app.project }, name)));
  page.replaceChildren(
    element("a", { class: "skip", href: "#main", on: { click: skip } }, t("skip")),
    element("nav", { class: "side", "aria-label": t("navigation") },
      element("p", { class: "brand" }, brandMark(), element("span", {}, "OpenESW")),
      element("div", { class: "links" }, links)),
    element("header", { class: "top" },
      element("label", { class: "choice" }, element("span", {}, t("project")), projects),
      state, element("span", { class: "stretch" }),
      preferenceChoices(app),
      element("button", { type: "button", class: "quiet", title: t("help.title"), "aria-label": t("help.title"),
        on: { click: showHelp } }, "?"),
      element("span", { class: "who", title: app.session.name }, app.session.name || t("signedIn")),
      element("button", { type: "button", class: "quiet", on: { click: () => app.leave() } }, t("signOut"))),
    element("main", { id: "main", tabindex: "-1" }));
  return {
    mark(place) {
      links.forEach((link, i) => {
        link.href = app.link(places[i]);
        if (places[i] === place) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
      });
    },
    choose(project) {
      projects.value = project;
    },
    tell(word, session) {
      state.className = `live ${word}`;
      const seconds = Math.round((session?.skewMilliseconds ?? 0) / 1000);
      const key = word === "live" && session?.hasCorrectedClock ? "live.clock" : `live.${word}`;
      setText(state, t(key, { seconds: number(Math.abs(seconds)) }));
    },
  };
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** The keys, in a dialog. */
export function showHelp() {
  const keys = [
    ["/", "filter"], ["j k ↓ ↑", "rows"], ["Enter", "open"], ["Esc", "back"], ["g o", "overview"],
    ["g c", "connections"], ["g s", "switches"], ["g h", "hosts"], ["g e", "events"], ["g n", "nodes"], ["?", "help"],
  ];
  showDialog(t("help.title"), (close) => [
    element("dl", { class: "keys" }, keys.map(([key, name]) => [
      element("dt", {}, key.split(" ").map((one) => element("kbd", {}, one))), element("dd", {}, t(`help.${name}`)),
    ])),
    element("div", { class: "buttons" },
      element("button", { type: "button", class: "main", autofocus: true, on: { click: close } }, t("close"))),
  ]);
}

/**
 * A modal dialog; the focus goes back to where it was.
 *
 * @param fill gets the function that closes it, and returns what is in it
 */
export function showDialog(title, fill) {
  const before = document.activeElement;
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" });
  const close = () => dialog.close();
  dialog.append(element("h2", { id: "dialog-title" }, title), ...[fill(close)].flat(Infinity).filter(Boolean));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  announce(title);
  return dialog;
}
