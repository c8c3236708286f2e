/**
 * A small certificate authority: makes itself, issues a server certificate, reads certificates.
 *
 * Works on PEM text alone; what is a file is the business of `certificates.ts`.
 *
 * @module
 */

import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { isIP } from "node:net";

import { firstCertificateIn } from "./certificates_files.ts";
import { DAY_MS } from "./calendar.ts";

/** A certificate and its private key, both PEM. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateFacts {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it may issue others. */
  readonly isAuthority: boolean;
  /** The names it is good for, in lower case; addresses in their shortest form. */
  readonly names: readonly string[];
}

/** Registries whose clock is behind accept a certificate as soon as it is made. */
const BACKDATED_MS = 3_600_000;
const AUTHORITY_DAYS = 3650;
/** Apple's clients refuse server certificates that live for more than 398 days. */
const LEAF_DAYS = 397;
const EC_KEY = { name: "ECDSA", namedCurve: "P-256" } as const;

/**
 * Makes the certificate of an authority.
 *
 * @param now The time, in milliseconds.
 * @param key PEM of a P-256 key to make it for. Default: a new one.
 * @returns The certificate, good for ten years, and the key.
 */
export async function createAuthority(now: number, key?: string): Promise<PemPair> {
  const privateKey = key === undefined ? await generateKey() : await importKey(key, EC_KEY);
  const pem = key ?? await exportKey(privateKey);
  const publicKey = publicPartOf(pem);
  const id = await SubjectKeyIdentifierExtension.create(publicKey);
  const name = [{ O: ["Docker Registry Event Collector"] }, {
    // Authorities of different collectors must not look alike where both are trusted.
    CN: [`DREC CA ${id.keyId.slice(0, 8)}`],
  }];
  const cert = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: name,
    issuer: name,
    ...validity(now, AUTHORITY_DAYS),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    publicKey,
    signingKey: privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      id,
    ],
  });
  return { cert: cert.toString("pem") + "\n", key: pem };
}

/** Options of {@linkcode issueCertificate}. */
export interface IssueOptions {
  /** Host names and IP addresses; the first is also the subject. */
  readonly names: readonly string[];
  /** The time, in milliseconds. */
  readonly now: number;
  /** A certificate whose key is to be certified anew. Default: a new key. */
  readonly renew?: PemPair;
}

/**
 * Issues a server certificate.
 *
 * @param authority Its certificate and key; RSA and elliptic curves alike.
 * @param options For what names, from when on, for which key.
 * @returns The certificate, good for 397 days but no longer than the authority, and its key.
 */
export async function issueCertificate(
  authority: PemPair,
  { names, now, renew }: IssueOptions,
): Promise<PemPair> {
  const issuer = new X509Certificate(authority.cert);
  const key = renew?.key ?? await exportKey(await generateKey());
  const publicKey = renew === undefined
    ? publicPartOf(key)
    : new X509Certificate(renew.cert).publicKey;
  const algorithm = signingAlgorithmOf(issuer.publicKey);
  const { notBefore, notAfter } = validity(now, LEAF_DAYS);
  const cert = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    // A subject is at most 64 characters, and only the alternative names are looked at.
    subject: [{ CN: [names.find((name) => name.length <= 64) ?? "drec"] }],
    // Byte for byte the authority's subject, or verifiers do not find it.
    issuer: issuer.subjectName,
    notBefore,
    notAfter: issuer.notAfter < notAfter ? issuer.notAfter : notAfter,
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: await importKey(authority.key, { ...issuer.publicKey.algorithm, ...algorithm }),
    extensions: await leafExtensions(names, publicKey, issuer),
  });
  return { cert: cert.toString("pem") + "\n", key };
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @param pem A certificate, perhaps with its chain.
 * @returns What it says.
 * @throws {Error} If there is none.
 */
export function readCertificate(pem: string): CertificateFacts {
  const cert = new X509Certificate(firstCertificateIn(pem));
  const alternatives = cert.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    notBefore: cert.notBefore,
    notAfter: cert.notAfter,
    isAuthority: cert.getExtension(BasicConstraintsExtension)?.ca ?? false,
    names: alternatives
      .filter(({ type }) => type === "dns" || type === "ip")
      .map(({ value }) => normalizeName(value)),
  };
}

/**
 * Says whether one certificate was issued by another.
 *
 * @param cert PEM.
 * @param authority PEM.
 * @returns True if the signature and the name are those of the authority.
 */
export async function isIssuedBy(cert: string, authority: string): Promise<boolean> {
  try {
    const [leaf, issuer] = [cert, authority].map(firstCertificateIn)
      .map((pem) => new X509Certificate(pem));
    if (leaf === undefined || issuer === undefined) return false;
    return leaf.issuer === issuer.subject &&
      await leaf.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    return false;
  }
}

/**
 * Says whether a key is that of a certificate.
 *
 * @param key PEM, a private key.
 * @param cert PEM.
 * @returns True if the certificate has its public part.
 */
export function isKeyOf(key: string, cert: string): boolean {
  const { publicKey } = new X509Certificate(firstCertificateIn(cert));
  return Buffer.from(publicPartOf(key).rawData).equals(Buffer.from(publicKey.rawData));
}

/**
 * Brings a name of a certificate into one form.
 *
 * @param name A host name or an IP address.
 * @returns In lower case without a dot at the end; an address in its shortest form.
 */
export function normalizeName(name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, "");
  if (isIP(plain) !== 6) return plain;
  return new URL(`http://[${plain}]`).hostname.slice(1, -1);
}

async function leafExtensions(
  names: readonly string[],
  publicKey: PublicKey,
  issuer: X509Certificate,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value): { type: "dns" | "ip"; value: string } => ({
        type: isIP(value) === 0 ? "dns" : "ip",
        value,
      })),
    ),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await authorityIdOf(issuer),
  ];
}

/** An authority made elsewhere may have an id of its own making. */
function authorityIdOf(issuer: X509Certificate): Promise<Extension> {
  const id = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  return id === undefined
    ? AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : Promise.resolve(new AuthorityKeyIdentifierExtension(id));
}

function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor((now - BACKDATED_MS) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS - 1000) };
}

function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // The number is signed, and must be positive.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toHex();
}

function signingAlgorithmOf({ algorithm }: PublicKey): { name: string; hash: string } {
  const isP384 = "namedCurve" in algorithm && algorithm.namedCurve === "P-384";
  return { name: algorithm.name, hash: isP384 ? "SHA-384" : "SHA-256" };
}

async function generateKey(): Promise<CryptoKey> {
  const { privateKey } = await crypto.subtle.generateKey(EC_KEY, true, ["sign", "verify"]);
  return privateKey;
}

async function exportKey(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY") + "\n";
}

function importKey(
  pem: string,
  algorithm: Parameters<SubtleCrypto["importKey"]>[2],
): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return crypto.subtle.importKey("pkcs8", new Uint8Array(der), algorithm, true, ["sign"]);
}

function publicPartOf(privateKey: string): PublicKey {
  const der = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" });
  return new PublicKey(new Uint8Array(der));
}
