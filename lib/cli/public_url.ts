/**
 * Where others reach DREC.
 *
 * @module
 */

import { hostname } from "node:os";

import type { Config } from "../config.ts";

/**
 * The address of DREC as others reach it.
 *
 * @param config The configuration.
 * @param port That is listened on.
 * @returns `server.external_url`, else one with the name of this machine.
 */
export function publicUrl(config: Config, port: number): string {
  const { address, externalUrl, ssl } = config.server;
  if (externalUrl !== undefined) return externalUrl;
  const isAny = address === "0.0.0.0" || address === "::";
  const host = isAny ? hostname() : address.includes(":") ? `[${address}]` : address;
  return `${ssl === "off" ? "http" : "https"}://${host}:${port}`;
}
