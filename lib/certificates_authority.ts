/**
 * The authority beside a generated certificate: `ca.crt`, which registries trust, and `ca.key`.
 *
 * @module
 */

import { createPrivateKey, type KeyObject } from "node:crypto";
import { dirname, join } from "node:path";

import { CERT_MODE, commit, exists, KEY_MODE, prepare, readPem } from "./certificates_files.ts";
import {
  createAuthority,
  isIssuedBy,
  isKeyOf,
  issueCertificate,
  type IssueOptions,
  type PemPair,
  readCertificate,
} from "./certificates_issuer.ts";
import { AppError } from "./errors.ts";

/** An authority, as found. */
export interface Authority {
  /** Path of its certificate. */
  readonly file: string;
  /** PEM. */
  readonly cert: string;
  /** PEM; absent if it is kept elsewhere: then it issues nothing. */
  readonly key: string | undefined;
}

/**
 * Reads the authority beside a certificate.
 *
 * @param cert Path of that certificate.
 * @returns The authority, or `undefined` if there is none.
 * @throws {AppError} `invalid` if it cannot be read.
 */
export async function readAuthority(cert: string): Promise<Authority | undefined> {
  const { file, keyFile } = filesBeside(cert);
  if (!await exists(file)) return undefined;
  const key = await exists(keyFile) ? await readPem(keyFile) : undefined;
  return { file, cert: await readPem(file), key };
}

/**
 * Reads the authority beside a certificate, or makes it. One that is there is used again, since
 * registries may trust it already.
 *
 * @param cert Path of that certificate.
 * @param now The time, in milliseconds.
 * @returns The authority with its key.
 * @throws {AppError} `invalid` if what is there cannot issue certificates.
 */
export async function ensureAuthority(cert: string, now: number): Promise<PemPair> {
  return await checkAuthority(cert, now) ?? await makeAuthority(cert, now);
}

/**
 * Checks that {@linkcode ensureAuthority} finds nothing that is of no use.
 *
 * @param cert Path of the certificate beside it.
 * @param now The time, in milliseconds.
 * @returns The authority, `undefined` if it has to be made.
 * @throws {AppError} `invalid` if what is there cannot issue certificates.
 */
export async function checkAuthority(cert: string, now: number): Promise<PemPair | undefined> {
  const { file, keyFile } = filesBeside(cert);
  const found = await readAuthority(cert);
  if (found === undefined) {
    if (await exists(keyFile)) checkOwnKind(await readPem(keyFile), cert);
    return undefined;
  }
  if (found.key === undefined) {
    const message = `Cannot make certificate "${cert}": "${keyFile}" is missing`;
    const hint = `put it beside "${file}", or ${beginAnew(cert)}`;
    throw new AppError("invalid", message, { hint });
  }
  if (endOf(found.cert) <= now) {
    const message = `Cannot make certificate "${cert}": "${file}" has expired or is none`;
    throw new AppError("invalid", message, { hint: beginAnew(cert) });
  }
  readKey(found.key, cert);
  if (!isKeyOf(found.key, found.cert)) throw foreignKey();
  return { cert: found.cert, key: found.key };
}

/** The curve P-256, as OpenSSL calls it, and as older Denos do. */
const OWN_CURVES: readonly unknown[] = ["prime256v1", "p256"];

/** A new certificate is only made for what {@linkcode createAuthority} makes itself. */
function checkOwnKind(key: string, cert: string): void {
  if (OWN_CURVES.includes(readKey(key, cert).asymmetricKeyDetails?.namedCurve)) return;
  throw unusableKey(cert, "it is no key of the curve P-256");
}

function readKey(key: string, cert: string): KeyObject {
  try {
    return createPrivateKey(key);
  } catch (cause) {
    throw unusableKey(cert, "it is no private key in PEM form, or encrypted", cause);
  }
}

function unusableKey(cert: string, problem: string, cause?: unknown): AppError {
  const hint = `put back the key of the authority, or ${beginAnew(cert)}`;
  return new AppError("invalid", `Cannot use "${filesBeside(cert).keyFile}": ${problem}`, {
    hint,
    cause,
  });
}

function foreignKey(): AppError {
  return new AppError("invalid", "Cannot make certificate: ca.key does not belong to ca.crt", {
    hint: "put back the key of the authority, or remove both files to have new ones made",
  });
}

function beginAnew(cert: string): string {
  const { file, keyFile } = filesBeside(cert);
  return `remove "${file}" and "${keyFile}", start again, and let the registries trust the new ` +
    `"${file}"`;
}

/**
 * Issues a server certificate.
 *
 * @param authority Its certificate and key.
 * @param options For what names, from when on, for which key.
 * @returns The certificate with its key.
 * @throws {AppError} `invalid` if the key is not that of the authority.
 */
export async function issue(authority: PemPair, options: IssueOptions): Promise<PemPair> {
  const pair = await issueCertificate(authority, options);
  if (await isIssuedBy(pair.cert, authority.cert)) return pair;
  throw foreignKey();
}

/** The key goes first: a certificate made again for the same key is trusted like the first. */
async function makeAuthority(cert: string, now: number): Promise<PemPair> {
  const { file, keyFile } = filesBeside(cert);
  const hasKey = await exists(keyFile);
  const authority = await createAuthority(now, hasKey ? await readPem(keyFile) : undefined);
  await Deno.mkdir(dirname(file), { recursive: true });
  if (!hasKey) {
    await prepare(keyFile, authority.key, KEY_MODE);
    await commit(keyFile);
  }
  await prepare(file, authority.cert, CERT_MODE);
  await commit(file);
  return authority;
}

function endOf(cert: string): number {
  try {
    return readCertificate(cert).notAfter.getTime();
  } catch {
    return 0;
  }
}

function filesBeside(cert: string): { file: string; keyFile: string } {
  return { file: join(dirname(cert), "ca.crt"), keyFile: join(dirname(cert), "ca.key") };
}
