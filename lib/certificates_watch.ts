/**
 * Takes up new certificate files while the server runs, and renews a generated certificate in time.
 *
 * @module
 */

import {
  type CertificateOptions,
  type Certificates,
  isRenewalDue,
  loadCertificates,
} from "./certificates.ts";
import { readPem } from "./certificates_files.ts";
import { AppError } from "./errors.ts";

/** Looks after the files of a running server. */
export interface CertificateWatcher extends Disposable {
  /** Looks now instead of at the next turn. */
  check(): Promise<void>;
  /** Ends the watch. */
  stop(): void;
}

/** Options of {@linkcode watchCertificates}. */
export interface WatchOptions extends CertificateOptions {
  /** How often to look at the files. Default: 10 seconds. */
  readonly intervalMs?: number;
  /** Receives each new pair, ready to be served. */
  readonly onChange: (certificates: Certificates) => void;
  /** Receives what is wrong with new files or with a renewal, once; the old pair stays in use. */
  readonly onError: (error: unknown) => void;
}

/** A renewal that failed is tried again after this time. */
const RETRY_RENEWAL_MS = 86_400_000;

/** What the watch remembers between two turns. */
interface State {
  readonly current: Certificates;
  /** Files that were no use, and whether that was told. */
  readonly failure?: { readonly files: string; readonly isTold: boolean };
  /** When a renewal was last due. */
  readonly triedAt?: number;
}

/**
 * Watches the files of a certificate.
 *
 * Two files cannot be replaced at once, so that files which do not fit together are given one more
 * turn before they are an error.
 *
 * @param current What is served now.
 * @param options What to watch and whom to tell.
 * @returns A handle to end it. It does not keep the process alive.
 */
export function watchCertificates(
  current: Certificates,
  options: WatchOptions,
): CertificateWatcher {
  let state: State = { current };
  let running: Promise<void> | undefined;

  function check(): Promise<void> {
    running ??= look(state, options)
      .then((next) => void (state = next))
      .finally(() => running = undefined);
    return running;
  }

  const timer = setInterval(check, options.intervalMs ?? 10_000);
  Deno.unrefTimer(timer);
  const stop = (): void => clearInterval(timer);
  return { check, stop, [Symbol.dispose]: stop };
}

async function look(state: State, options: WatchOptions): Promise<State> {
  const { current, failure, triedAt = 0 } = state;
  const { now = Date.now, onChange, onError } = options;
  const files = await contentOf(options);
  const isDue = current.generated && isRenewalDue(current.notAfter, now()) &&
    now() - triedAt >= RETRY_RENEWAL_MS;
  const isUnchanged = files === current.cert + current.key;
  if (isUnchanged && !isDue) return { current, triedAt };
  if (failure?.isTold === true && failure.files === files) return state;
  try {
    const next = await loadCertificates(options);
    const isNew = next.cert !== current.cert || next.key !== current.key;
    if (isNew) onChange(next);
    else if (isDue) onError(new AppError("unavailable", next.warnings.join("; ")));
    return { current: next, triedAt: now() };
  } catch (error) {
    const isTold = isUnchanged || failure?.files === files;
    if (isTold) onError(error);
    return { current, failure: { files, isTold }, triedAt: now() };
  }
}

/** Differs from every valid pair while a file is missing. */
async function contentOf({ cert, certKey }: CertificateOptions): Promise<string> {
  const texts = [cert, certKey].map((path) => readPem(path).catch(() => "(missing)"));
  return (await Promise.all(texts)).join("");
}
