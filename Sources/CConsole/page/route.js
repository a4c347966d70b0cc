// The place that the page shows, in its address: `#/PROJECT/VIEW/ID?filter=…`. It can be sent as a link;
// nothing secret is ever in it.

/** @returns `{ project, view, id, query }` */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [project = "", view = "overview", id = ""] = path.split("/").map(decoded);
  return { project, view: view || "overview", id, query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export function routeHash({ project, view, id = "", query = {} }) {
  const path = [project, view, id].filter((part) => part !== "").map(encodeURIComponent).join("/");
  const pairs = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(pairs).toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}
