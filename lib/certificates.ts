/**
 * The certificate that HTTPS is served with: made at the first start, renewed, or the operator's own.
 *
 * A generated pair comes with an authority, `ca.crt` and `ca.key`, in the directory of the
 * certificate. Registries trust `ca.crt`; the certificate can then be renewed without them. A
 * renewal keeps the key, so that one rename replaces a valid pair by a valid pair.
 *
 * @module
 */

import { dirname, join } from "node:path";
import {
  createAuthority,
  isIssuedBy,
  issueCertificate,
  normalizeName,
  type PemPair,
  readCertificate,
} from "./certificates_issuer.ts";
import { AppError } from "./errors.ts";

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
  /** Whether it was renewed just now. */
  readonly renewed: boolean;
  /** What works, but perhaps not everywhere or not for long. */
  readonly warnings: readonly string[];
}

const RENEW_BEFORE_MS = 30 * 86_400_000;
const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];
const KEY_MODE = 0o600;
const CERT_MODE = 0o644;
const OWN_PAIR_HINT =
  "put the certificate and its key there, or remove both to have a new pair made";

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
  const [hasCert, hasKey] = [await exists(options.cert), await exists(options.certKey)];
  if (hasCert || hasKey) return await loadCertificates(options);
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
  const pair = await readPair(options);
  const problem = problemOfPair(pair);
  if (problem !== undefined) throw refuse(options, problem);
  const authority = await readAuthority(options);
  const isOurs = authority !== undefined && await isIssuedBy(pair.cert, authority.cert);
  const { pair: current, warnings } = isOurs && authority.key !== undefined
    ? await renewIfDue({ ...pair }, { cert: authority.cert, key: authority.key }, options)
    : { pair, warnings: [] };
  checkValidity(current, options);
  return {
    ...current,
    caFile: isOurs ? authority.file : undefined,
    notAfter: readCertificate(current.cert).notAfter,
    generated: isOurs && authority.key !== undefined,
    created: false,
    renewed: current.cert !== pair.cert,
    warnings: [...warnings, ...warningsOf(current, options)],
  };
}

/** Looks after the files of a running server. */
export interface CertificateWatcher extends Disposable {
  /** Looks now instead of at the next turn. */
  check(): Promise<void>;
  /** Ends the watch. */
  stop(): void;
}

/** Options of {@linkcode watchCertificates}. */
export interface WatchOptions extends CertificateOptions {
  /** What is served now. */
  readonly current: Certificates;
  /** How often to look. Default: 10 seconds. */
  readonly intervalMs?: number;
  /** Receives each new pair, ready to be served. */
  readonly onChange: (certificates: Certificates) => void;
  /** Receives what is wrong with new files, once; the old pair stays in use. */
  readonly onError: (error: unknown) => void;
}

/**
 * Takes up new files while the server runs, and renews a generated certificate in time.
 *
 * Two files cannot be replaced at once, so that files which do not fit together are given one more
 * turn before they are an error.
 *
 * @param options What to watch and whom to tell.
 * @returns A handle to end it. It does not keep the process alive.
 */
export function watchCertificates(options: WatchOptions): CertificateWatcher {
  const { intervalMs = 10_000, onChange, onError } = options;
  let current = options.current;
  let failure: { readonly files: string; readonly isTold: boolean } | undefined;
  let running: Promise<void> | undefined;

  async function look(): Promise<void> {
    const files = await fingerprint(options);
    const isDue = current.generated && isRenewalDue(current.notAfter, options);
    if (!isDue && files === current.cert + current.key) {
      failure = undefined;
      return;
    }
    if (failure?.isTold === true && failure.files === files) return;
    try {
      const next = await loadCertificates(options);
      failure = undefined;
      const isNew = next.cert + next.key !== current.cert + current.key;
      current = next;
      if (isNew) onChange(next);
    } catch (error) {
      const isTold = failure?.files === files;
      failure = { files, isTold };
      if (isTold) onError(error);
    }
  }

  function check(): Promise<void> {
    running ??= look().finally(() => running = undefined);
    return running;
  }

  const timer = setInterval(check, intervalMs);
  Deno.unrefTimer(timer);
  const stop = (): void => clearInterval(timer);
  return { check, stop, [Symbol.dispose]: stop };
}

/** What the files hold; differs from every valid pair while one is missing. */
async function fingerprint({ cert, certKey }: CertificateOptions): Promise<string> {
  const texts = [cert, certKey].map((path) => Deno.readTextFile(path).catch(() => "(missing)"));
  return (await Promise.all(texts)).join("");
}

/** After a crash between the last two steps of {@linkcode createPair} the certificate waits. */
async function finishInterrupted(options: CertificateOptions): Promise<void> {
  const waiting = temporary(options.cert);
  if (await exists(options.cert) || !await exists(options.certKey)) return;
  if (!await exists(waiting)) return;
  const pair = await readPair({ ...options, cert: waiting });
  if (problemOfPair(pair) === undefined) await Deno.rename(waiting, options.cert);
}

/**
 * The certificate is written first, but under another name, and renamed last: at any time there is
 * no pair, a whole one, or a key whose certificate waits to be renamed.
 */
async function createPair(options: CertificateOptions): Promise<void> {
  const { cert, certKey } = options;
  if (cert === certKey) throw refuse(options, "the certificate and its key are the same file");
  try {
    const authority = await ensureAuthority(options);
    const pair = await issueCertificate(authority, {
      names: namesOf(options),
      now: nowOf(options),
    });
    await Deno.mkdir(dirname(certKey), { recursive: true });
    await write(temporary(cert), pair.cert, CERT_MODE);
    await replace(certKey, pair.key, KEY_MODE);
    await Deno.rename(temporary(cert), cert);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("unavailable", `Cannot make certificate "${cert}": ${reasonOf(error)}`, {
      hint:
        `make the directory "${dirname(cert)}" writable, put a certificate and its key there, ` +
        "or set server.ssl to off behind a proxy that does TLS",
      cause: error,
    });
  }
}

/** An authority that exists is used again, since registries may trust it already. */
async function ensureAuthority(options: CertificateOptions): Promise<PemPair> {
  const { file, keyFile } = authorityFiles(options);
  const [hasCert, hasKey] = [await exists(file), await exists(keyFile)];
  const now = nowOf(options);
  if (hasCert && !hasKey) {
    throw new AppError(
      "invalid",
      `Cannot make certificate "${options.cert}": "${keyFile}" is missing`,
      {
        hint: `put it beside "${file}", or remove that to have a new authority made`,
      },
    );
  }
  const key = hasKey ? await readText(keyFile) : undefined;
  if (hasCert && key !== undefined) {
    const authority = { cert: await readText(file), key };
    if (readCertificate(authority.cert).notAfter.getTime() > now) return authority;
    throw new AppError("invalid", `Cannot make certificate "${options.cert}": "${file}" expired`, {
      hint:
        `remove "${file}" and "${keyFile}", start again, and let the registries trust the new one`,
    });
  }
  const authority = await createAuthority(now, key);
  await Deno.mkdir(dirname(file), { recursive: true });
  if (!hasKey) await replace(keyFile, authority.key, KEY_MODE);
  await replace(file, authority.cert, CERT_MODE);
  return authority;
}

async function renewIfDue(
  pair: PemPair,
  authority: PemPair,
  options: CertificateOptions,
): Promise<{ pair: PemPair; warnings: string[] }> {
  const { notAfter, names } = readCertificate(pair.cert);
  const isComplete = namesOf(options).every((name) => names.includes(name));
  if (isComplete && !isRenewalDue(notAfter, options)) return { pair, warnings: [] };
  const end = readCertificate(authority.cert).notAfter;
  if (isComplete && end <= notAfter) {
    const text =
      `the authority beside "${options.cert}" expires on ${render(end)}: remove it with ` +
      "the certificate and both keys, start again, and let the registries trust the new one";
    return { pair, warnings: [text] };
  }
  try {
    const next = await issueCertificate(authority, {
      names: namesOf(options),
      now: nowOf(options),
      renew: pair,
    });
    await replace(options.cert, next.cert, CERT_MODE);
    return { pair: next, warnings: [] };
  } catch (error) {
    // What is there serves on; if it has expired, the check that follows refuses it.
    return { pair, warnings: [`cannot renew "${options.cert}": ${reasonOf(error)}`] };
  }
}

function isRenewalDue(notAfter: Date, options: CertificateOptions): boolean {
  return notAfter.getTime() - nowOf(options) < RENEW_BEFORE_MS;
}

async function readPair({ cert, certKey }: CertificateOptions): Promise<PemPair> {
  try {
    return { cert: await readText(cert), key: await readText(certKey) };
  } catch (error) {
    throw error instanceof AppError && error.cause instanceof Deno.errors.NotFound
      ? new AppError("invalid", error.message, { hint: OWN_PAIR_HINT, cause: error.cause })
      : error;
  }
}

/** Asks the TLS stack that will serve the pair: no other judge knows all kinds of keys. */
function problemOfPair({ cert, key }: PemPair): string | undefined {
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
  // Anything else that has a name of its own is about the socket and not about the pair.
  return ["Error", "TypeError", "InvalidData"].includes(name) ? message : undefined;
}

function checkValidity({ cert }: PemPair, options: CertificateOptions): void {
  const { notBefore, notAfter } = readCertificate(cert);
  const now = nowOf(options);
  if (notAfter.getTime() <= now) {
    throw refuse(options, `it expired on ${render(notAfter)}`, "replace it by a renewed one");
  }
  if (notBefore.getTime() > now) {
    const hint = "check the clock of this machine, or wait";
    throw refuse(options, `it is not valid before ${render(notBefore)}`, hint);
  }
}

function warningsOf({ cert }: PemPair, options: CertificateOptions): string[] {
  const { isAuthority, names, notAfter } = readCertificate(cert);
  const doubts: [boolean, string][] = [
    [isAuthority, "is that of an authority (CA:TRUE); some clients refuse it as a server's"],
    [names.length === 0, "has no subject alternative names; registries refuse it"],
    [isRenewalDue(notAfter, options), `expires on ${render(notAfter)}`],
  ];
  return doubts.filter(([isDoubtful]) => isDoubtful)
    .map(([, text]) => `certificate "${options.cert}" ${text}`);
}

interface Authority {
  readonly file: string;
  readonly cert: string;
  /** Absent if it is kept elsewhere: then nothing is renewed. */
  readonly key: string | undefined;
}

async function readAuthority(options: CertificateOptions): Promise<Authority | undefined> {
  const { file, keyFile } = authorityFiles(options);
  if (!await exists(file)) return undefined;
  const key = await exists(keyFile) ? await readText(keyFile) : undefined;
  return { file, cert: await readText(file), key };
}

function authorityFiles({ cert }: CertificateOptions): { file: string; keyFile: string } {
  return { file: join(dirname(cert), "ca.crt"), keyFile: join(dirname(cert), "ca.key") };
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

function temporary(path: string): string {
  return `${path}.new`;
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  await write(temporary(path), text, mode);
  await Deno.rename(temporary(path), path);
}

async function write(path: string, text: string, mode: number): Promise<void> {
  // A file left over by a crash would keep its mode.
  await Deno.remove(path).catch(() => {});
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  const writer = file.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await file.syncData();
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new AppError("invalid", `Cannot read "${path}": ${reasonOf(error)}`, {
      hint: "make it readable for the user that DREC runs as",
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new AppError("invalid", `Cannot read "${path}": ${reasonOf(error)}`, {
      hint: "make its directory readable for the user that DREC runs as",
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
