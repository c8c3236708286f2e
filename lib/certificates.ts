/**
 * The certificate that HTTPS is served with: made at the first start, renewed, or the operator's own.
 *
 * A generated pair comes with an authority, `ca.crt` and `ca.key`, in the directory of the
 * certificate. Registries trust `ca.crt`; the certificate can then be renewed without them. A
 * renewal keeps the key, so that one rename replaces a valid pair by a valid pair.
 *
 * @module
 */

import { dirname } from "node:path";

import { ensureAuthority, issue, readAuthority } from "./certificates_authority.ts";
import {
  CERT_MODE,
  commit,
  exists,
  KEY_MODE,
  prepare,
  readPem,
  waitingFor,
} from "./certificates_files.ts";
import { isIssuedBy, normalizeName, type PemPair, readCertificate } from "./certificates_issuer.ts";
import { AppError } from "./errors.ts";
import { reasonOf } from "./file_errors.ts";

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

/** A pair that can be served. */
export interface Certificates {
  /** PEM of the certificate, with its chain. */
  readonly cert: string;
  /** PEM of the private key. */
  readonly key: string;
  /** Path of the authority that registries have to trust, if it stands beside the certificate. */
  readonly caFile: string | undefined;
  readonly notAfter: Date;
  /** Whether DREC made the pair, and so renews it. */
  readonly generated: boolean;
  /** Whether it was made just now. */
  readonly created: boolean;
  /** What works, but perhaps not everywhere or not for long. */
  readonly warnings: readonly string[];
}

const RENEW_BEFORE_MS = 30 * 86_400_000;
const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];
const OWN_PAIR_HINT = "put a certificate and its key there, or remove both to have new ones made";
const START_AGAIN = "remove it, ca.crt and both keys, start again, and let the registries trust " +
  "the new ca.crt";

/**
 * Reads the pair, makes it if neither file exists, and renews it if DREC made it.
 *
 * @param options Which files and names.
 * @returns A pair whose parts belong together and that is valid now.
 * @throws {AppError} `invalid` if a file is missing, unreadable or no use; `unavailable` if files
 *   cannot be written.
 */
export async function ensureCertificates(options: CertificateOptions): Promise<Certificates> {
  await finishInterrupted(options);
  const isThere = await exists(options.cert) || await exists(options.certKey);
  if (isThere) return await loadCertificates(options);
  await createPair(options);
  return { ...await loadCertificates(options), created: true };
}

/**
 * Reads the pair and renews it if DREC made it; never makes a new one.
 *
 * @param options Which files and names.
 * @returns A pair whose parts belong together and that is valid now.
 * @throws {AppError} `invalid` if a file is missing, unreadable or no use.
 */
export async function loadCertificates(options: CertificateOptions): Promise<Certificates> {
  const found = await readPair(options);
  const problem = problemOf(found);
  if (problem !== undefined) throw refuse(options, problem);
  const authority = await readAuthority(options.cert);
  const isOurs = authority !== undefined && await isIssuedBy(found.cert, authority.cert);
  const { pair, warnings } = isOurs && authority.key !== undefined
    ? await renewIfDue(found, { cert: authority.cert, key: authority.key }, options)
    : { pair: found, warnings: [] };
  checkDates(pair, options);
  return {
    ...pair,
    caFile: isOurs ? authority.file : undefined,
    notAfter: readCertificate(pair.cert).notAfter,
    generated: isOurs && authority.key !== undefined,
    created: false,
    warnings: [...warnings, ...warningsOf(pair, options)],
  };
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

/** After a crash between the last two steps of {@linkcode createPair} the certificate waits. */
async function finishInterrupted(options: CertificateOptions): Promise<void> {
  const waiting = waitingFor(options.cert);
  if (await exists(options.cert) || !await exists(options.certKey)) return;
  if (!await exists(waiting)) return;
  const pair = await readPair({ ...options, cert: waiting });
  if (problemOf(pair) === undefined) await commit(options.cert);
}

/**
 * The certificate is written first, but under another name, and renamed last: at any time there is
 * no pair, a whole one, or a key whose certificate waits to be renamed.
 */
async function createPair(options: CertificateOptions): Promise<void> {
  const { cert, certKey } = options;
  if (cert === certKey) throw refuse(options, "the certificate and its key are the same file");
  try {
    const authority = await ensureAuthority(cert, nowOf(options));
    const pair = await issue(authority, { names: namesOf(options), now: nowOf(options) });
    await Deno.mkdir(dirname(certKey), { recursive: true });
    await prepare(cert, pair.cert, CERT_MODE);
    await prepare(certKey, pair.key, KEY_MODE);
    await commit(certKey);
    await commit(cert);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unwritable(`Cannot make certificate "${cert}"`, cert, error);
  }
}

async function renewIfDue(
  pair: PemPair,
  authority: PemPair,
  options: CertificateOptions,
): Promise<{ pair: PemPair; warnings: string[] }> {
  const now = nowOf(options);
  const { notBefore, notAfter, names } = readCertificate(pair.cert);
  const isComplete = namesOf(options).every((name) => names.includes(name));
  // One that is not valid yet was made while the clock was wrong.
  const isCurrent = notBefore.getTime() <= now && !isRenewalDue(notAfter, now);
  if (isComplete && isCurrent) return { pair, warnings: [] };
  const end = readCertificate(authority.cert).notAfter;
  // An authority near its end cannot give more time.
  if (end.getTime() <= now || (isComplete && notBefore.getTime() <= now && end <= notAfter)) {
    return { pair, warnings: [`the authority of "${options.cert}" ends, too: ${START_AGAIN}`] };
  }
  try {
    const next = await issue(authority, { names: namesOf(options), now, renew: pair });
    await prepare(options.cert, next.cert, CERT_MODE);
    await commit(options.cert);
    return { pair: next, warnings: [] };
  } catch (error) {
    const failure = unwritable(`Cannot renew certificate "${options.cert}"`, options.cert, error);
    if (notAfter.getTime() <= now) throw failure;
    return { pair, warnings: [`${failure.message}; it serves on until ${notAfter.toISOString()}`] };
  }
}

async function readPair({ cert, certKey }: CertificateOptions): Promise<PemPair> {
  for (const path of [cert, certKey]) {
    if (await exists(path)) continue;
    throw new AppError("invalid", `Cannot read "${path}": no such file`, { hint: OWN_PAIR_HINT });
  }
  return { cert: await readPem(cert), key: await readPem(certKey) };
}

/** Asks the TLS stack that will serve the pair: no other judge knows all kinds of keys. */
function problemOf({ cert, key }: PemPair): string | undefined {
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

function problemOfTls(error: unknown): string | undefined {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (message.includes("KeyMismatch")) return "it does not belong to its key";
  if (message.includes("No keys found")) return "its key is no private key in PEM form";
  // An error with another name of its own is about the socket and not about the pair.
  return ["Error", "TypeError", "InvalidData"].includes(name) ? message : undefined;
}

function checkDates({ cert }: PemPair, options: CertificateOptions): void {
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

function warningsOf({ cert }: PemPair, options: CertificateOptions): string[] {
  const { isAuthority, names, notAfter } = readCertificate(cert);
  const isNearEnd = isRenewalDue(notAfter, nowOf(options));
  const doubts: [boolean, string][] = [
    [isAuthority, "is that of an authority (CA:TRUE); some clients refuse it as a server's"],
    [names.length === 0, "has no subject alternative names; registries refuse it"],
    [isNearEnd, `expires at ${notAfter.toISOString()}`],
  ];
  return doubts.filter(([isDoubtful]) => isDoubtful)
    .map(([, text]) => `certificate "${options.cert}" ${text}`);
}

function namesOf({ hostname, externalUrl, names }: CertificateOptions): string[] {
  const host = externalUrl === undefined ? [] : [new URL(externalUrl).hostname];
  const all = [hostname, ...LOCAL_NAMES, ...host, ...names];
  const plain = all.map((name) => normalizeName(name.replace(/^\[(.*)\]$/, "$1")));
  return [...new Set(plain.filter((name) => name !== ""))];
}

function nowOf({ now = Date.now }: CertificateOptions): number {
  return now();
}

function refuse({ cert }: CertificateOptions, problem: string, hint = OWN_PAIR_HINT): AppError {
  return new AppError("invalid", `Cannot use certificate "${cert}": ${problem}`, { hint });
}

function unwritable(message: string, cert: string, cause: unknown): AppError {
  return new AppError("unavailable", `${message}: ${reasonOf(cause)}`, {
    hint: `make the directory "${dirname(cert)}" writable, put a certificate and its key there, ` +
      "or set server.ssl to off behind a proxy that does TLS",
    cause,
  });
}
