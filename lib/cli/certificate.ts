/**
 * The certificate of a running DREC: made where there is none, renewed, taken up when replaced.
 *
 * @module
 */

import { hostname } from "node:os";

import {
  type CertificateOptions,
  type Certificates,
  ensureCertificates,
  inspectCertificates,
} from "../certificates.ts";
import { type CertificateWatcher, watchCertificates } from "../certificates_watch.ts";
import type { Config } from "../config.ts";
import type { KeyPair, Server } from "../http/server.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** A certificate in use. */
export interface ServedCertificate {
  readonly pair: KeyPair;
  /** Whether it was made at this start. */
  readonly isNew: boolean;
  /** Takes up another one whenever the files change. */
  readonly watch: (server: Server) => CertificateWatcher;
}

/**
 * Loads the certificate, or makes one.
 *
 * @param config Where the files are.
 * @param parts Where its expiry is shown, and what is wrong with it.
 * @returns The certificate; `undefined` where DREC speaks plain HTTP.
 * @throws {AppError} `invalid`, if the files are of no use.
 */
export async function loadCertificate(
  config: Config,
  { metrics, log }: { metrics: Metrics; log: Log },
): Promise<ServedCertificate | undefined> {
  const options = optionsOf(config);
  if (options === undefined) return undefined;
  const current = await ensureCertificates(options);
  describe(current);
  return {
    pair: pairOf(current),
    isNew: current.created,
    watch: (server) =>
      watchCertificates(current, {
        ...options,
        onChange: (next) => {
          const onFailure = (error: unknown) =>
            log.error("cannot listen again; nobody is heard, it is tried every second", { error });
          server.reload(pairOf(next), onFailure).then(
            (isServed) => {
              if (!isServed) return;
              describe(next);
              log.info("took up a new certificate", { not_after: next.notAfter.toISOString() });
            },
            (error) => log.error("cannot take up a new certificate; the old one stays", { error }),
          );
        },
        onError: (error) =>
          log.error("cannot use the new certificate; the old one stays", { error }),
      }),
  };

  function describe({ notAfter, warnings }: Certificates): void {
    metrics.certificateExpiry.set(notAfter.getTime() / 1000);
    for (const warning of warnings) log.warning(warning);
  }
}

/**
 * Looks at the certificate as {@linkcode loadCertificate} would find it; makes and changes nothing.
 *
 * @param config Where the files are.
 * @returns Warnings; none where DREC speaks plain HTTP.
 * @throws {AppError} `invalid`, if the files are of no use.
 */
export async function inspectCertificate(config: Config): Promise<readonly string[]> {
  const options = optionsOf(config);
  return options === undefined ? [] : await inspectCertificates(options);
}

function optionsOf({ server: { ssl, externalUrl } }: Config): CertificateOptions | undefined {
  return ssl === "off" ? undefined : { ...ssl, externalUrl, hostname: hostname() };
}

function pairOf({ cert, key }: Certificates): KeyPair {
  return { cert, key };
}
