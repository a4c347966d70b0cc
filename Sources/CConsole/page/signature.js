// Requests signed by SDK-HMAC-SHA256, as the vendor's clients sign theirs. The secret is turned into a
// function that signs, and kept nowhere else.

import { hex, hmacSHA256, sha256 } from "./sha256.js";

export const algorithm = "SDK-HMAC-SHA256";
const utf8 = new TextEncoder();

/**
 * A function that signs text by the secret. Where the browser has WebCrypto, not even this page can read the
 * secret from then on.
 *
 * @param {string} secret
 * @param {SubtleCrypto | undefined} subtle none where the page came by plain HTTP from another machine
 * @returns {Promise<(text: string) => Promise<string>>} to 64 hexadecimal digits
 */
export async function signer(secret, subtle = globalThis.crypto?.subtle) {
  const bytes = utf8.encode(secret);
  if (!subtle) return async (text) => hex(hmacSHA256(bytes, utf8.encode(text)));
  const key = await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (text) => hex(new Uint8Array(await subtle.sign("HMAC", key, utf8.encode(text))));
}

/** By RFC 3986: all but letters, digits and `-._~` as `%XX` of their UTF-8. */
export function percentEncoded(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A query as it is signed and sent: sorted by name, then by value; what has no value is left out. */
export function canonicalQuery(pairs) {
  return pairs
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [name, String(value)])
    .sort(([a, c], [b, d]) => (a < b ? -1 : a > b ? 1 : c < d ? -1 : c > d ? 1 : 0))
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`).join("&");
}

function canonicalPath(path) {
  const text = decodeURIComponent(path).split("/").map(percentEncoded).join("/");
  return text.endsWith("/") ? text : `${text}/`;
}

/** `20260105T090000Z` */
export function signedDate(moment) {
  return moment.toISOString().replace(/[-:]|\.\d+/g, "");
}

/**
 * The value of `Authorization`.
 *
 * @param request `method`, `path`, `query` (a canonical one), `headers` (all are signed; `X-Sdk-Date` is
 *   among them) and `body` (text)
 * @param {string} keyID
 * @param {(text: string) => Promise<string>} sign
 */
export async function authorization(request, keyID, sign) {
  const headers = Object.entries(request.headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = headers.map(([name]) => name).join(";");
  const canonical = [
    request.method.toUpperCase(), canonicalPath(request.path), request.query,
    headers.map(([name, value]) => `${name}:${value}\n`).join(""), names,
    hex(sha256(utf8.encode(request.body ?? ""))),
  ].join("\n");
  const date = headers.find(([name]) => name === "x-sdk-date")[1];
  const signature = await sign([algorithm, date, hex(sha256(utf8.encode(canonical)))].join("\n"));
  return `${algorithm} Access=${keyID}, SignedHeaders=${names}, Signature=${signature}`;
}
