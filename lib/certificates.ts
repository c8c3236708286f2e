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

import {
  type Authority,
  checkAuthority,
  ensureAuthority,
  issue,
  readAuthority,
} from "./certificates_authority.ts";
import { CERT_MODE, commit, exists, KEY_MODE, prepare, waitingFor } from "./certificates_files.ts";
import { isIssuedBy, type PemPair, readCertificate } from "./certificates_issuer.ts";
import { type CertificateOptions, namesOf, nowOf } from "./certificates_options.ts";
import {
  checkDates,
  isRenewalDue,
  problemOf,
  readPair,
  refuse,
  START_AGAIN,
  warningsOf,
} from "./certificates_pair.ts";
import { AppError } from "./errors.ts";
import { reasonOf, remedyOf } from "./file_errors.ts";

export type { CertificateOptions } from "./certificates_options.ts";
export { isRenewalDue } from "./certificates_pair.ts";

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

/**
 * Reads the pair, makes it if neither file exists, and renews it if DREC made it.
 *
 * @param options Which files and names.
 * @returns A pair whose parts belong together and that is valid now.
 * @throws {AppError} `invalid` if a file is missing, unreadable or no use; `unavailable` if files
 *   cannot be written.
 */
export async function ensureCertificates(options: CertificateOptions): Promise<Certificates> {
  if (await isInterrupted(options)) await commit(options.cert);
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
  const found = await findPair(options);
  const { pair, warnings } = await renewIfDue(found, options);
  checkDates(pair, options);
  return {
    ...pair,
    caFile: found.authority?.file,
    notAfter: readCertificate(pair.cert).notAfter,
    generated: found.authority?.key !== undefined,
    created: false,
    warnings: [...warnings, ...warningsOf(pair, options, remedyFor(found))],
  };
}

/**
 * Says whether {@linkcode ensureCertificates} would do, as far as that can be known without making
 * or changing a file.
 *
 * @param options Which files and names.
 * @returns Its warnings.
 * @throws {AppError} `invalid` if a file is missing, unreadable or no use.
 */
export async function inspectCertificates(options: CertificateOptions): Promise<readonly string[]> {
  if (await isInterrupted(options)) return [];
  if (!await exists(options.cert) && !await exists(options.certKey)) {
    checkPaths(options);
    await checkAuthority(options.cert, nowOf(options));
    return [];
  }
  const found = await findPair(options);
  const renewal = renewalOf(found, options);
  if (renewal === "due") {
    await checkAuthority(options.cert, nowOf(options));
    return [];
  }
  checkDates(found.pair, options);
  const warnings = renewal === "in vain" ? [endOfAuthority(options)] : [];
  return [...warnings, ...warningsOf(found.pair, options, remedyFor(found))];
}

/** A pair that belongs together, and the authority beside it if that has issued it. */
interface FoundPair {
  readonly pair: PemPair;
  readonly authority: Authority | undefined;
}

async function findPair(options: CertificateOptions): Promise<FoundPair> {
  const pair = await readPair(options);
  const problem = problemOf(pair);
  if (problem !== undefined) throw refuse(options, problem);
  const authority = await readAuthority(options.cert);
  const isOurs = authority !== undefined && await isIssuedBy(pair.cert, authority.cert);
  return { pair, authority: isOurs ? authority : undefined };
}

/** After a crash between the last two steps of {@linkcode createPair} the certificate waits. */
async function isInterrupted(options: CertificateOptions): Promise<boolean> {
  const waiting = waitingFor(options.cert);
  if (await exists(options.cert) || !await exists(options.certKey)) return false;
  if (!await exists(waiting)) return false;
  return problemOf(await readPair({ ...options, cert: waiting })) === undefined;
}

/**
 * The certificate is written first, but under another name, and renamed last: at any time there is
 * no pair, a whole one, or a key whose certificate waits to be renamed.
 */
async function createPair(options: CertificateOptions): Promise<void> {
  const { cert, certKey } = options;
  checkPaths(options);
  try {
    const authority = await ensureAuthority(cert, nowOf(options));
    const pair = await issue(authority, { names: namesOf(options), now: nowOf(options) });
    await Deno.mkdir(dirname(certKey), { recursive: true });
    await prepare(cert, pair.cert, CERT_MODE);
    await prepare(certKey, pair.key, KEY_MODE);
    await commit(certKey);
    await commit(cert);
  } catch (error) {
    throw unwritable(`Cannot make certificate "${cert}"`, cert, error);
  }
}

function checkPaths(options: CertificateOptions): void {
  if (options.cert !== options.certKey) return;
  throw refuse(options, "the certificate and its key are the same file");
}

/** Whether DREC would renew a pair; `in vain` where the authority cannot give more time. */
function renewalOf(
  { pair, authority }: FoundPair,
  options: CertificateOptions,
): "no" | "due" | "in vain" {
  if (authority?.key === undefined) return "no";
  const now = nowOf(options);
  const { notBefore, notAfter, names } = readCertificate(pair.cert);
  const isComplete = namesOf(options).every((name) => names.includes(name));
  // One that is not valid yet was made while the clock was wrong.
  const isCurrent = notBefore.getTime() <= now && !isRenewalDue(notAfter, now);
  if (isComplete && isCurrent) return "no";
  const end = readCertificate(authority.cert).notAfter;
  const isVain = end.getTime() <= now ||
    (isComplete && notBefore.getTime() <= now && end <= notAfter);
  return isVain ? "in vain" : "due";
}

async function renewIfDue(
  found: FoundPair,
  options: CertificateOptions,
): Promise<{ pair: PemPair; warnings: string[] }> {
  const { pair, authority } = found;
  const renewal = renewalOf(found, options);
  if (renewal === "in vain") return { pair, warnings: [endOfAuthority(options)] };
  if (renewal === "no" || authority?.key === undefined) return { pair, warnings: [] };
  try {
    const names = namesOf(options);
    const issuer = { cert: authority.cert, key: authority.key };
    const next = await issue(issuer, { names, now: nowOf(options), renew: pair });
    await prepare(options.cert, next.cert, CERT_MODE);
    await commit(options.cert);
    return { pair: next, warnings: [] };
  } catch (error) {
    const failure = unwritable(`Cannot renew certificate "${options.cert}"`, options.cert, error);
    const { notAfter } = readCertificate(pair.cert);
    if (notAfter.getTime() <= nowOf(options)) throw failure;
    return { pair, warnings: [`${failure.message}; it serves on until ${notAfter.toISOString()}`] };
  }
}

function endOfAuthority({ cert }: CertificateOptions): string {
  return `the authority of "${cert}" ends, too: ${START_AGAIN}`;
}

/** How the certificate that is served would get a name that it has not. */
function remedyFor({ authority }: FoundPair): string {
  const issue = "have it issued for all of them";
  if (authority === undefined) return issue;
  if (authority.key === undefined) return `put ca.key back beside ca.crt, or ${issue}`;
  return "DREC adds it as soon as the certificate can be renewed";
}

function unwritable(message: string, cert: string, cause: unknown): AppError {
  // The authority is no use: what to do about that is said already.
  if (cause instanceof AppError) return cause;
  const hint = `make the directory "${dirname(cert)}" writable, put a certificate and its key ` +
    "there, or set server.ssl to off behind a proxy that does TLS";
  return new AppError("unavailable", `${message}: ${reasonOf(cause)}`, {
    hint: remedyOf(cause, hint),
    cause,
  });
}
