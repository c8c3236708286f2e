/**
 * Certificates for tests, made by a library that the program's own certificates can be checked
 * against.
 *
 * @module
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

import { tempDir } from "./wait.ts";

/** What a test certificate says. */
export interface CertificateOptions {
  /** DNS names and IP addresses; `localhost` and `127.0.0.1` unless told. */
  names?: string[];
  /** When it starts and ends to be valid; from yesterday to tomorrow unless told. */
  notBefore?: Date;
  notAfter?: Date;
}

/** A CA and a certificate signed by it, as text and as files. */
export interface TestCertificates extends AsyncDisposable {
  readonly caCert: string;
  readonly cert: string;
  readonly key: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Makes a CA and a server certificate signed by it.
 *
 * @param options Names and validity of the server certificate.
 * @returns Both; leaving the scope removes the files.
 */
export async function createCertificates(
  options: CertificateOptions = {},
): Promise<TestCertificates> {
  const ca = await generateKeys();
  const caCert = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=DREC test CA",
    keys: ca,
    ...validity({}),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const leaf = await generateKeys();
  const cert = await x509.X509CertificateGenerator.create({
    subject: "CN=DREC test server",
    issuer: caCert.subject,
    publicKey: leaf.publicKey,
    signingKey: ca.privateKey,
    ...validity(options),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension(
        (options.names ?? ["localhost", "127.0.0.1"]).map(alternativeName),
      ),
    ],
  });
  const key = await exportKey(leaf.privateKey);
  return await writeFiles({ caCert: caCert.toString(), cert: cert.toString(), key });
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 60 * 60 * 1000;

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function validity({ notBefore, notAfter }: CertificateOptions): {
  notBefore: Date;
  notAfter: Date;
  signingAlgorithm: EcdsaParams;
} {
  return {
    notBefore: notBefore ?? new Date(Date.now() - dayMs),
    notAfter: notAfter ?? new Date(Date.now() + dayMs),
    signingAlgorithm: algorithm,
  };
}

function alternativeName(value: string): { type: "ip" | "dns"; value: string } {
  return { type: /^[\d.]+$|:/.test(value) ? "ip" : "dns", value };
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

async function writeFiles(
  texts: { caCert: string; cert: string; key: string },
): Promise<TestCertificates> {
  const folder = await tempDir();
  const paths = {
    caFile: folder.join("ca.crt"),
    certFile: folder.join("domain.crt"),
    keyFile: folder.join("domain.key"),
  };
  await Deno.writeTextFile(paths.caFile, texts.caCert);
  await Deno.writeTextFile(paths.certFile, texts.cert);
  await Deno.writeTextFile(paths.keyFile, texts.key);
  return { ...texts, ...paths, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
