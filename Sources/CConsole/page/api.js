// Calls of the API, with who is signed in.

import { authorization, canonicalQuery, signedDate, signer } from "./signature.js";

const longestWaitMilliseconds = 20_000;

/** What the API declined, in its own code and words. */
export class APIError extends Error {
  constructor(status, code, message, requestID) {
    super(message);
    Object.assign(this, { name: "APIError", status, code, requestID });
  }
}

/** Nothing came back. */
export class UnreachableError extends Error {
  constructor(cause) {
    super(cause?.message ?? "");
    this.name = "UnreachableError";
  }
}

/** Who calls: by a key pair or by a token. Both live in the memory of this page. */
export class Session {
  /** How far the server's clock is ahead of this machine's, in milliseconds; by the newest answer. */
  skewMilliseconds = 0;
  /** The clock was so wrong that signatures failed until it was allowed for. */
  hasCorrectedClock = false;
  /** Called when the server no longer takes the credential. */
  onRefused = () => {};

  constructor(credential) {
    this.credential = credential;
  }

  static async withKey(keyID, secret) {
    return new Session({ kind: "key", name: keyID, sign: await signer(secret) });
  }

  static withToken(token, name = "") {
    return new Session({ kind: "token", name, token });
  }

  get name() {
    return this.credential.name;
  }

  get now() {
    return Date.now() + this.skewMilliseconds;
  }

  get(path, query = []) {
    return this.call("GET", path, { query });
  }

  /**
   * @returns what the answer's body holds; null for none
   * @throws {APIError | UnreachableError}
   */
  async call(method, path, { query = [], body = undefined } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      return (await this.#send(method, path, canonicalQuery(query), text)).body;
    } catch (error) {
      // The answer's Date has told the server's time: signed by that, once more.
      const isLate = error instanceof APIError && error.status === 401 && /expired/.test(error.message);
      if (isLate && this.credential.kind === "key" && !this.hasCorrectedClock) {
        this.hasCorrectedClock = true;
        return (await this.#send(method, path, canonicalQuery(query), text)).body;
      }
      if (error instanceof APIError && error.status === 401) this.onRefused(error);
      throw error;
    }
  }

  async #send(method, path, query, body) {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    if (this.credential.kind === "key") {
      headers["X-Sdk-Date"] = signedDate(new Date(this.now));
      headers.Authorization = await authorization(
        { method, path, query, headers, body }, this.credential.name, this.credential.sign);
    } else {
      headers["X-Auth-Token"] = this.credential.token;
    }
    return exchange(method, query ? `${path}?${query}` : path, headers, body, (date) => {
      this.skewMilliseconds = skew(date, Date.now(), this.skewMilliseconds);
    });
  }
}

/**
 * How far another clock is ahead. A `Date` has whole seconds: what differs by less than two is no difference.
 *
 * @param {string | null} date of an answer
 */
export function skew(date, now, before) {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return before;
  const difference = there - now;
  return Math.abs(difference) < 2000 ? 0 : difference;
}

/** One request and its answer, `{ status, body, headers }`. */
async function exchange(method, target, headers, body, onDate = () => {}) {
  let response;
  let text;
  try {
    response = await fetch(target, {
      method, headers, body, cache: "no-store", credentials: "omit", redirect: "error",
      signal: AbortSignal.timeout(longestWaitMilliseconds),
    });
    text = await response.text();
  } catch (error) {
    throw new UnreachableError(error);
  }
  onDate(response.headers.get("Date"));
  const read = parsed(text);
  if (!response.ok) {
    throw new APIError(
      response.status, read?.error_code ?? read?.error?.code ?? `HTTP ${response.status}`,
      read?.error_msg ?? read?.error?.message ?? text.slice(0, 200),
      response.headers.get("X-Request-Id") ?? "");
  }
  return { status: response.status, body: read, headers: response.headers };
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** A token for a user's password: `{ token, name, expiresAt }`. */
export async function tokenByPassword(name, password, domain) {
  const { body, headers } = await exchange(
    "POST", "/v3/auth/tokens?nocatalog", { "Content-Type": "application/json" },
    JSON.stringify({
      auth: { identity: { methods: ["password"], password: { user: { name, password, domain: { name: domain } } } } },
    }));
  return { token: headers.get("X-Subject-Token"), name, expiresAt: body?.token?.expires_at ?? null };
}

/**
 * What this server can do beside what every server of ours can: by its own OpenAPI document.
 *
 * @returns {Promise<{ has: (path: string) => boolean, plans: (method: string, path: string) => boolean }>}
 */
export async function abilities() {
  const paths = (await exchange("GET", "/openesw/v1/openapi.json", {})).body?.paths ?? {};
  return {
    has: (path) => path in paths,
    plans: (method, path) =>
      (paths[path]?.[method.toLowerCase()]?.parameters ?? []).some(({ name }) => name === "dry_run"),
  };
}
