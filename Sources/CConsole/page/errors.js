// An error as a person can act on it: what happened, the API's code, and what to do.

import { APIError, UnreachableError } from "./api.js";
import { element } from "./dom.js";
import { t } from "./language.js";

/** The key of the advice for an error. */
export function adviceKey(error) {
  if (error instanceof UnreachableError) return "advice.unreachable";
  if (!(error instanceof APIError)) return "advice.page";
  if (/expired/.test(error.message) && error.status === 401) return "advice.clock";
  const byStatus = {
    400: "advice.input", 401: "advice.signIn", 403: "advice.rights", 404: "advice.gone", 409: "advice.conflict",
    429: "advice.slower", 503: "advice.later",
  };
  return byStatus[error.status] ?? (error.status >= 500 ? "advice.log" : "advice.input");
}

/** A box that names an error; `role` says whether it interrupts. */
export function errorBox(error, role = "alert") {
  const isOfAPI = error instanceof APIError;
  const title = error instanceof UnreachableError ? t("error.unreachable")
    : isOfAPI ? error.message : t("error.page", { message: error.message });
  return element("div", { class: "notice bad", role },
    element("p", { class: "strong" }, title),
    element("p", {}, t(adviceKey(error))),
    isOfAPI ? element("p", { class: "muted small" },
      t("error.code", { code: error.code, status: error.status, request: error.requestID || "–" })) : null);
}
