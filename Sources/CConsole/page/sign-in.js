// Who is it? By key pair, by password, or by a token that somebody has already.

import { APIError, Session, tokenByPassword } from "./api.js";
import { element } from "./dom.js";
import { errorBox } from "./errors.js";
import { t } from "./language.js";
import { brandMark, preferenceChoices } from "./shell.js";

const ways = {
  key: [["id", "text"], ["secret", "password"]],
  password: [["user", "text"], ["password", "password"], ["domain", "text", "default"]],
  token: [["token", "password"]],
};

/** Fills the page with the form. `error` says why a session has ended. */
export function signIn(app, page, error) {
  let way = app.preferences.way in ways ? app.preferences.way : "key";
  const fields = element("div", { class: "fields" });
  const problem = element("div", {});
  const button = element("button", { type: "submit", class: "main wide-button" }, t("signIn.button"));
  const keep = element("input", { type: "checkbox", id: "keep" });
  const tabs = element("fieldset", { class: "ways" }, element("legend", { class: "unseen" }, t("signIn.way")),
    Object.keys(ways).map((name) => element("label", {},
      element("input", {
        type: "radio", name: "way", value: name, checked: name === way,
        on: { change: () => { way = name; show(); } },
      }), element("span", {}, t(`signIn.${name}`)))));
  const show = () => fields.replaceChildren(
    ...ways[way].map(([name, type, initial]) => field(name, type, initial)),
    element("p", { class: "muted small" }, t(`signIn.${way}.note`)));
  const form = element("form", { class: "card sign-in", "aria-labelledby": "sign-in-title", on: { submit } },
    element("p", { class: "brand" }, brandMark(), element("span", {}, "OpenESW")),
    element("h1", { id: "sign-in-title" }, t("signIn.title")), problem, tabs, fields,
    element("label", { class: "check" }, keep, element("span", {}, t("signIn.keep"))), button);
  show();
  if (error) problem.append(errorBox(error));
  page.replaceChildren(
    element("main", { id: "main", class: "center" }, form,
      element("div", { class: "preferences" }, preferenceChoices(app))));
  form.querySelector("input:not([type=radio])").focus();

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    problem.replaceChildren();
    try {
      const values = Object.fromEntries(ways[way].map(([name]) => [name, form.elements[name].value.trim()]));
      const { session, kept } = await sessionOf(way, values);
      await app.enter(session, keep.checked ? kept : null);
      app.preferences.way = way;
    } catch (failure) {
      problem.replaceChildren(errorBox(failure));
      button.disabled = false;
      if (failure instanceof APIError) form.querySelector("input:not([type=radio])").focus();
    }
  }
}

function field(name, type, initial = "") {
  return element("label", { class: "field" }, element("span", {}, t(`field.${name}`)),
    element("input", {
      name, type, required: true, value: initial, autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    }));
}

async function sessionOf(way, values) {
  if (way === "key") {
    return {
      session: await Session.withKey(values.id, values.secret),
      kept: { kind: "key", id: values.id, secret: values.secret },
    };
  }
  const { token, name } = way === "token"
    ? { token: values.token, name: "" } : await tokenByPassword(values.user, values.password, values.domain);
  return { session: Session.withToken(token, name), kept: { kind: "token", token, name } };
}
