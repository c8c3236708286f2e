import assert from "node:assert/strict";

import { artifactKindOf } from "../lib/artifact.ts";
import type { RegistryEvent } from "../lib/event.ts";
import { digestOf } from "./support/events.ts";

type Described = Pick<RegistryEvent, "mediaType" | "references" | "tag">;

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const dockerType = "application/vnd.docker.distribution.manifest.v2+json";
const ociConfig = "application/vnd.oci.image.config.v1+json";
const layer = "application/vnd.oci.image.layer.v1.tar+gzip";
const hex = "0123456789abcdef".repeat(4);

/** A manifest whose references have these media types, config first. */
function manifest(...types: (string | undefined)[]): Described {
  const references = types.map((mediaType, at) => ({
    digest: digestOf(at),
    ...(mediaType === undefined ? {} : { mediaType }),
  }));
  return { mediaType: imageType, references };
}

const cases: [name: string, event: Described, want: string][] = [
  ["index", { mediaType: indexType }, "index"],
  [
    "manifest list",
    { mediaType: "application/vnd.docker.distribution.manifest.list.v2+json", tag: "1.0" },
    "index",
  ],
  ["index with a parameter", { mediaType: `${indexType}; charset=utf-8` }, "index"],
  ["OCI image", manifest(ociConfig, layer, layer), "image"],
  ["OCI image without layers", manifest(ociConfig), "image"],
  [
    "Docker image",
    {
      ...manifest(
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      ),
      mediaType: dockerType,
    },
    "image",
  ],
  [
    "BuildKit attestation, whose config is that of an image",
    manifest(ociConfig, "application/vnd.in-toto+json", "application/vnd.in-toto+json"),
    "attestation",
  ],
  [
    "an image with one such layer",
    manifest(ociConfig, "application/vnd.in-toto+json", layer),
    "image",
  ],
  [
    "cosign signature by its layer",
    manifest(ociConfig, "application/vnd.dev.cosign.simplesigning.v1+json"),
    "signature",
  ],
  [
    "cosign attestation by its layer",
    manifest(ociConfig, "application/vnd.dsse.envelope.v1+json"),
    "attestation",
  ],
  ["cosign signature by its tag", { mediaType: imageType, tag: `sha256-${hex}.sig` }, "signature"],
  ["cosign attestation by its tag", { tag: `sha256-${hex}.att` }, "attestation"],
  ["cosign SBOM by its tag", { tag: `sha256-${hex}.sbom` }, "sbom"],
  ["another ending", { tag: `sha256-${hex}.txt` }, "unknown"],
  ["63 digits", { tag: `sha256-${hex.slice(1)}.sig` }, "unknown"],
  ["index of referrers", { mediaType: indexType, tag: `sha256-${hex}` }, "referrers"],
  [
    "image with the tag of such an index",
    { ...manifest(ociConfig, layer), tag: `sha256-${hex}` },
    "image",
  ],
  [
    "sigstore bundle",
    manifest("application/vnd.oci.empty.v1+json", "application/vnd.dev.sigstore.bundle.v0.3+json"),
    "artifact",
  ],
  ["oras artifact", manifest("application/vnd.oci.empty.v1+json", "text/plain"), "artifact"],
  [
    "Helm chart",
    manifest(
      "application/vnd.cncf.helm.config.v1+json",
      "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    ),
    "chart",
  ],
  ["BuildKit cache", manifest("application/vnd.buildkit.cacheconfig.v0", layer), "cache"],
  ["Docker plugin", manifest("application/vnd.docker.plugin.v1+json", layer), "plugin"],
  ["config without a media type", manifest(undefined, layer), "artifact"],
  ["image without references", { mediaType: imageType, tag: "1.0" }, "unknown"],
  ["schema 1", { mediaType: "application/vnd.docker.distribution.manifest.v1+json" }, "unknown"],
  ["nothing", {}, "unknown"],
];

Deno.test("artifactKindOf() tells each kind", async (t) => {
  for (const [name, event, want] of cases) {
    await t.step(name, () => assert.equal(artifactKindOf(event), want));
  }
});

Deno.test("artifactKindOf() takes no name of a prototype for a kind", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"]) {
    assert.equal(artifactKindOf(manifest(name, name)), "artifact");
    assert.equal(artifactKindOf(manifest(ociConfig, name)), "image");
  }
});
