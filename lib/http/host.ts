/**
 * Keeps the `Host` header out of routing.
 *
 * `Deno.serve` puts it into `request.url` as it came. With a `/`, `?` or `#` in it (no client sends
 * that, a broken proxy may) nobody could tell from the address alone where the path begins.
 *
 * @module
 */

const ENDS_AUTHORITY = /[/?#]/;

/**
 * Gives a request an address whose path is the one that was asked for.
 *
 * @param request As the server hands it over.
 * @returns The same request, as a rule; else one like it, with `localhost` in its address.
 */
export function withPlainHost(request: Request): Request {
  const host = request.headers.get("host");
  if (host === null || !ENDS_AUTHORITY.test(host)) return request;
  const { url } = request;
  const start = url.indexOf("://") + 3;
  const shown = asShown(host);
  // A request target that is a whole address has a host of its own.
  if (!url.startsWith(`${shown}/`, start)) return request;
  return new Request(`${url.slice(0, start)}localhost${url.slice(start + shown.length)}`, request);
}

/** A header's bytes are Latin-1 to `Headers`, and UTF-8 to whoever made the address. */
function asShown(header: string): string {
  return new TextDecoder().decode(Uint8Array.from(header, (letter) => letter.charCodeAt(0)));
}
