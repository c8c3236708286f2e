/**
 * Which certificate is served, and for what names it has to be good.
 *
 * @module
 */

import { normalizeName } from "./certificates_issuer.ts";

/** Which pair to serve, and for what names to make one. */
export interface CertificateOptions {
  /** Path of the certificate. */
  readonly cert: string;
  /** Path of its private key. */
  readonly certKey: string;
  /** Names beside the host's own for a generated certificate. */
  readonly names: readonly string[];
  /** The URL under which others reach DREC; its host is one of the names. */
  readonly externalUrl?: string | undefined;
  /** The name of this machine. */
  readonly hostname: string;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/**
 * Lists the names that a generated certificate is made for.
 *
 * @param options The names that were asked for, and that of the machine.
 * @returns In the form of {@linkcode normalizeName}, each once.
 */
export function namesOf(options: CertificateOptions): string[] {
  return plain([options.hostname, ...LOCAL_NAMES, ...askedNamesOf(options)]);
}

/**
 * Lists the names that somebody has asked for: that of the machine may be nobody's business.
 *
 * @param options The names, and the URL.
 * @returns In the form of {@linkcode normalizeName}, each once.
 */
export function askedNamesOf({ externalUrl, names }: CertificateOptions): string[] {
  const host = externalUrl === undefined ? [] : [new URL(externalUrl).hostname];
  return plain([...host, ...names]);
}

/**
 * Tells the time.
 *
 * @param options Perhaps with a clock.
 * @returns Milliseconds since 1970.
 */
export function nowOf({ now = Date.now }: CertificateOptions): number {
  return now();
}

function plain(names: readonly string[]): string[] {
  const all = names.map((name) => normalizeName(name.replace(/^\[(.*)\]$/, "$1")));
  return [...new Set(all.filter((name) => name !== ""))];
}
