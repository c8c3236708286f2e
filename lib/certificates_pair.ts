/**
 * A certificate and its key as they are on the disk: read, and judged.
 *
 * @module
 */

import { isIP } from "node:net";

import { DAY_MS } from "./calendar.ts";
import { exists, readPem } from "./certificates_files.ts";
import { type PemPair, readCertificate } from "./certificates_issuer.ts";
import { askedNamesOf, type CertificateOptions, nowOf } from "./certificates_options.ts";
import { AppError } from "./errors.ts";

const RENEW_BEFORE_MS = 30 * DAY_MS;
const OWN_PAIR_HINT = "put a certificate and its key there, or remove both to have new ones made";

/** How an authority that ends is replaced. */
export const START_AGAIN = "remove it, ca.crt and both keys, start again, and let the registries " +
  "trust the new ca.crt";

/**
 * Reads a pair.
 *
 * @param options Which files.
 * @returns Their texts.
 * @throws {AppError} `invalid` if one of them is missing or cannot be read.
 */
export async function readPair({ cert, certKey }: CertificateOptions): Promise<PemPair> {
  for (const path of [cert, certKey]) {
    if (await exists(path)) continue;
    throw new AppError("invalid", `Cannot read "${path}": no such file`, { hint: OWN_PAIR_HINT });
  }
  return { cert: await readPem(cert), key: await readPem(certKey) };
}

/**
 * Says why a pair cannot be served. Asks the TLS stack that will serve it: no other judge knows all
 * kinds of keys.
 *
 * @param pair Its texts.
 * @returns What is wrong, `undefined` for nothing.
 */
export function problemOf({ cert, key }: PemPair): string | undefined {
  if (key.includes("ENCRYPTED")) return "its key is encrypted; decrypt it with `openssl pkey`";
  try {
    readCertificate(cert);
  } catch {
    return "it is no certificate in PEM form";
  }
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key }).close();
    return undefined;
  } catch (error) {
    return problemOfTls(error);
  }
}

/** What the TLS stack says, and what it means. */
const TLS_PROBLEMS: readonly (readonly [said: string, meaning: string])[] = [
  ["KeyMismatch", "it does not belong to its key"],
  ["No keys found", "its key is no private key in PEM form"],
  ["UnsupportedCertVersion", "it is of version 1 of X.509; have it issued as version 3"],
  [
    "failed to parse private key",
    "its key is of a kind or size that nobody should serve; take RSA with 2048 bits or more, or " +
    "the elliptic curve P-256",
  ],
];

function problemOfTls(error: unknown): string | undefined {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const known = TLS_PROBLEMS.find(([said]) => message.includes(said));
  if (known !== undefined) return known[1];
  // An error with another name of its own is about the socket and not about the pair.
  return ["Error", "TypeError", "InvalidData"].includes(name) ? message : undefined;
}

/**
 * Checks that a certificate is valid now.
 *
 * @param pair With the certificate.
 * @param options For messages, and the time.
 * @throws {AppError} `invalid` if it is not.
 */
export function checkDates({ cert }: PemPair, options: CertificateOptions): void {
  const { notBefore, notAfter } = readCertificate(cert);
  const now = nowOf(options);
  if (notAfter.getTime() <= now) {
    const hint = `replace it by a renewed one; if DREC made it, ${START_AGAIN}`;
    throw refuse(options, `it expired at ${notAfter.toISOString()}`, hint);
  }
  if (notBefore.getTime() > now) {
    const hint = "check the clock of this machine, or wait";
    throw refuse(options, `it is not valid before ${notBefore.toISOString()}`, hint);
  }
}

/**
 * Says what works, but perhaps not everywhere or not for long.
 *
 * @param pair With the certificate that is served.
 * @param options The names that were asked for, and the time.
 * @param remedy How it gets names that it has not.
 * @returns Sentences without a full stop.
 */
export function warningsOf(
  { cert }: PemPair,
  options: CertificateOptions,
  remedy: string,
): string[] {
  const { isAuthority, names, notAfter } = readCertificate(cert);
  const missing = askedNamesOf(options).filter((name) => !isCovered(name, names));
  const isNearEnd = isRenewalDue(notAfter, nowOf(options));
  const doubts: [boolean, string][] = [
    [isAuthority, "is that of an authority (CA:TRUE); some clients refuse it as a server's"],
    [names.length === 0, "has no subject alternative names; registries refuse it"],
    [
      names.length > 0 && missing.length > 0,
      `is not good for ${missing.join(", ")}, asked for by server.ssl.names or ` +
      `server.external_url; registries that use such a name refuse it: ${remedy}`,
    ],
    [isNearEnd, `expires at ${notAfter.toISOString()}`],
  ];
  return doubts.filter(([isDoubtful]) => isDoubtful)
    .map(([, text]) => `certificate "${options.cert}" ${text}`);
}

/** A wildcard stands for one label. */
function isCovered(name: string, names: readonly string[]): boolean {
  const parent = isIP(name) === 0 ? name.replace(/^[^.]+\./, "*.") : name;
  return names.includes(name) || names.includes(parent);
}

/**
 * Says whether a certificate is so near its end that a generated one is renewed.
 *
 * @param notAfter Its end.
 * @param now The time, in milliseconds.
 * @returns True in the last 30 days.
 */
export function isRenewalDue(notAfter: Date, now: number): boolean {
  return notAfter.getTime() - now < RENEW_BEFORE_MS;
}

/**
 * An error about a pair that cannot be served.
 *
 * @param options Which files.
 * @param problem What is wrong.
 * @param hint What to do about it.
 * @returns The error.
 */
export function refuse(
  { cert }: CertificateOptions,
  problem: string,
  hint: string = OWN_PAIR_HINT,
): AppError {
  return new AppError("invalid", `Cannot use certificate "${cert}": ${problem}`, { hint });
}
