/**
 * What kind of artifact a manifest is: a label, so that signatures, attestations, caches and charts
 * can be told from images in a report. It never changes what is counted.
 *
 * @module
 */

import { isIndexType, type RegistryEvent } from "./event.ts";

/** `unknown` where the registry sends no `references` and neither media type nor tag tells. */
export type ArtifactKind =
  | "image"
  | "index"
  | "attestation"
  | "signature"
  | "sbom"
  | "referrers"
  | "chart"
  | "cache"
  | "plugin"
  | "artifact"
  | "unknown";

type Described = Pick<RegistryEvent, "mediaType" | "references" | "tag">;

/** cosign's names for what belongs to a digest. */
const COSIGN_TAG = /^sha256-[0-9a-f]{64}(?:\.(sig|att|sbom))?$/;
const COSIGN_KINDS: ReadonlyMap<string, ArtifactKind> = new Map([
  ["sig", "signature"],
  ["att", "attestation"],
  ["sbom", "sbom"],
]);

/** Kinds told by the media type of the config, the first entry of an image's references. */
const CONFIG_KINDS: ReadonlyMap<string, ArtifactKind> = new Map([
  ["application/vnd.cncf.helm.config.v1+json", "chart"],
  ["application/vnd.buildkit.cacheconfig.v0", "cache"],
  ["application/vnd.docker.plugin.v1+json", "plugin"],
]);
const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);
const LAYER_KINDS: ReadonlyMap<string, ArtifactKind> = new Map([
  ["application/vnd.in-toto+json", "attestation"],
  ["application/vnd.dsse.envelope.v1+json", "attestation"],
  ["application/vnd.dev.cosign.simplesigning.v1+json", "signature"],
]);

/**
 * Tells the kind of artifact that an event is about.
 *
 * @param event A manifest event, or the three fields of it that tell.
 * @returns The kind.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { artifactKindOf } from "./artifact.ts";
 *
 * assert.equal(artifactKindOf({ tag: `sha256-${"0".repeat(64)}.sig` }), "signature");
 * ```
 */
export function artifactKindOf(event: Described): ArtifactKind {
  const cosign = event.tag === undefined ? null : COSIGN_TAG.exec(event.tag);
  if (cosign?.[1] !== undefined) return COSIGN_KINDS.get(cosign[1]) ?? "artifact";
  if (isIndexType(event.mediaType)) return cosign === null ? "index" : "referrers";
  if (event.references === undefined) return "unknown";
  return kindOfParts(event.references.map((reference) => reference.mediaType ?? ""));
}

/**
 * Says which of two kinds says more: a special one is told by a tag or by references.
 *
 * @param known What has been known of a manifest, if anything.
 * @param kind What another event tells of it.
 * @returns The known one, unless the other says more.
 */
export function betterKind(known: string | undefined, kind: ArtifactKind): ArtifactKind {
  return known !== undefined && rankOf(known) >= rankOf(kind) ? known as ArtifactKind : kind;
}

function rankOf(kind: string): number {
  if (kind === "unknown") return 0;
  return ["image", "index", "artifact"].includes(kind) ? 1 : 2;
}

function kindOfParts([config = "", ...layers]: readonly string[]): ArtifactKind {
  const byConfig = CONFIG_KINDS.get(config);
  if (byConfig !== undefined) return byConfig;
  const [first = ""] = layers;
  const byLayer = LAYER_KINDS.get(first);
  if (byLayer !== undefined && layers.every((layer) => layer === first)) return byLayer;
  return IMAGE_CONFIGS.has(config) ? "image" : "artifact";
}
