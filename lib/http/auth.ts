/**
 * Who may do what: bearer tokens for the roles `ingest`, `read` and `admin`.
 *
 * A role is open on purpose (`none`), or has its configured tokens, or is not configured. The last
 * is open where DREC listens on a loopback address, to requests that no proxy has forwarded; all
 * others need the token made for the role. `admin` includes `read`.
 *
 * A page whose host name suddenly means this machine (DNS rebinding) looks like a program on it, but
 * for the name that it asks. To read or to change something without a token, that must be an address
 * or a name that DREC has. Events are taken under whatever name: a broken or missing `Host` must not
 * stop a registry, and the browser of a page says that it is one (see `ingest.ts`).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";

import { TOKEN_ROLES, type TokenRole } from "../store/store.ts";
import { createHostCheck, hostOf } from "./host.ts";
import type { ProxyCheck } from "./proxies.ts";
import type { RequestInfo } from "./request.ts";

/** A token of the configuration. */
export interface RoleToken {
  readonly token: string;
  /** The only registry it may send events for. */
  readonly registry?: string;
}

/** How a role is configured: open to all, with tokens, or (also an empty list) not at all. */
export type RoleAccess = "none" | readonly RoleToken[] | undefined;

/** What {@linkcode createAuthorizer} is made with. */
export interface AuthorizerOptions {
  readonly roles: Readonly<Record<TokenRole, RoleAccess>>;
  /** The tokens made for a role that is not configured; asked once for each such role. */
  readonly madeTokens: (role: TokenRole) => readonly string[];
  /** Whether DREC listens on a loopback address only. */
  readonly isLoopbackBound: boolean;
  /** Names that DREC has beside `localhost`; absent: none. */
  readonly hosts?: readonly string[];
  /** Whether an address is that of a proxy, which may forward without saying so; absent: none is. */
  readonly isProxy?: ProxyCheck;
}

/** The answer to a request: in, maybe for one registry only, or out. */
export type Access =
  | { readonly ok: true; readonly registry?: string }
  | Refusal;

/** Out. */
export interface Refusal {
  readonly ok: false;
  readonly status: 401 | 403;
  /** Only where it would be in, had it asked by a name that DREC has: the one that it asked by. */
  readonly host?: string;
}

/** Decides whether a request may do what a role may do. */
export type Authorizer = (request: Request, role: TokenRole, info: RequestInfo) => Access;

interface Grant {
  readonly role: TokenRole;
  readonly hash: Buffer;
  readonly registry?: string;
}

type Openness = "open" | "loopback" | "closed";

/** What proxies add: behind one, a loopback address says nothing about the client. */
const FORWARDING_HEADERS = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "via",
];

const IN: Access = { ok: true };
const UNKNOWN: Refusal = { ok: false, status: 401 };
const WRONG_ROLE: Refusal = { ok: false, status: 403 };

/**
 * Prepares the tokens for comparison.
 *
 * @param options The configuration, and the tokens made for what it leaves out.
 * @returns The authorizer; 401 for a missing or unknown token, 403 for one of another role.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createAuthorizer } from "./auth.ts";
 *
 * const authorize = createAuthorizer({
 *   roles: { ingest: "none", read: [{ token: "secret" }], admin: undefined },
 *   madeTokens: () => ["made"],
 *   isLoopbackBound: false,
 * });
 * const request = new Request("https://drec", { headers: { authorization: "Bearer secret" } });
 * const info = { remoteAddress: "192.0.2.1" };
 * assert.deepEqual(authorize(request, "read", info), { ok: true });
 * assert.deepEqual(authorize(request, "admin", info), { ok: false, status: 403 });
 * ```
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const grants = TOKEN_ROLES.flatMap((role) => grantsOf(role, options));
  const openness = {
    ingest: opennessOf("ingest", options),
    read: opennessOf("read", options),
    admin: opennessOf("admin", options),
  };
  const { isProxy = () => false, hosts = [] } = options;
  const isOwnHost = createHostCheck(hosts);
  return function authorize(request, role, info): Access {
    if (openness[role] === "open") return IN;
    const isLocal = openness[role] === "loopback" && isDirect(request, info) &&
      !isProxy(info.remoteAddress);
    if (isLocal && (role === "ingest" || isOwnHost(hostOf(request)))) return IN;
    const token = tokenOf(request.headers.get("authorization"));
    if (token !== undefined) return judge(token, role, grants);
    return isLocal ? { ...UNKNOWN, host: hostOf(request) } : UNKNOWN;
  };
}

function grantsOf(role: TokenRole, { roles, madeTokens }: AuthorizerOptions): Grant[] {
  const access = roles[role];
  if (access === "none") return [];
  const tokens = isConfigured(access) ? access : madeTokens(role).map((token) => ({ token }));
  return tokens.map(({ token, ...rest }: RoleToken) => ({ role, hash: hashOf(token), ...rest }));
}

function opennessOf(role: TokenRole, { roles, isLoopbackBound }: AuthorizerOptions): Openness {
  const access = roles[role];
  if (access === "none") return "open";
  return isLoopbackBound && !isConfigured(access) ? "loopback" : "closed";
}

function isConfigured(access: readonly RoleToken[] | undefined): access is readonly RoleToken[] {
  return access !== undefined && access.length > 0;
}

function isDirect({ headers }: Request, { remoteAddress }: RequestInfo): boolean {
  return isLoopback(remoteAddress) && !FORWARDING_HEADERS.some((name) => headers.has(name));
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

/** Hashes have one length, and all are compared: the time tells nothing about any token. */
function judge(token: string, role: TokenRole, grants: readonly Grant[]): Access {
  const hash = hashOf(token);
  const known = grants.filter((grant) => timingSafeEqual(grant.hash, hash));
  const grant = known.find((grant) => includes(grant.role, role));
  if (grant === undefined) return known.length > 0 ? WRONG_ROLE : UNKNOWN;
  return grant.registry === undefined ? IN : { ok: true, registry: grant.registry };
}

function includes(granted: TokenRole, asked: TokenRole): boolean {
  return granted === asked || (granted === "admin" && asked === "read");
}

/** The token of `Bearer TOKEN`, or of `Basic` with any user and the token as the password. */
function tokenOf(authorization: string | null): string | undefined {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(authorization?.trim() ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1) || undefined;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
