/**
 * Tiny images, made by hand and without a network: OCI layouts that `skopeo` and `podman` read as
 * `oci:FOLDER:TAG`. The same input gives the same digests.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** What names a blob or a manifest, as in an OCI index. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
  annotations?: Record<string, string>;
}

/** An image for one platform. */
export interface ImageOptions {
  /** `os/architecture`; `linux/amd64` unless told. */
  platform?: string;
  /** One layer each: the text of the one file in it. */
  layers: string[];
  /** The name in the layout, if it is to have one. */
  tag?: string;
}

/** Options of {@linkcode writeIndex}. */
export interface IndexOptions {
  /** The name in the layout, if it is to have one. */
  tag?: string;
}

/** The images that most tests need. */
export interface SampleImages {
  /** The folder: `oci:${layout}:app1`. */
  layout: string;
  /** Two layers each, for linux/amd64; the first layer is the same in both. */
  app1: Descriptor;
  app2: Descriptor;
  /** An index of two images. */
  multi: Descriptor;
  /** Its images: linux/amd64, linux/arm64. */
  platforms: Descriptor[];
  /** An index of the same two images and an attestation for each. */
  attested: Descriptor;
}

/**
 * Makes a layout with the images `app1`, `app2`, `multi` and `attested`.
 *
 * @param layout The folder, which is made if need be.
 * @returns Their descriptors.
 */
export async function writeSampleImages(layout: string): Promise<SampleImages> {
  const app1 = await writeImage(layout, { layers: ["base", "app 1"], tag: "app1" });
  const app2 = await writeImage(layout, { layers: ["base", "app 2"], tag: "app2" });
  const platforms: Descriptor[] = [];
  for (const platform of ["linux/amd64", "linux/arm64"]) {
    platforms.push(await writeImage(layout, { platform, layers: ["base", `for ${platform}`] }));
  }
  const multi = await writeIndex(layout, platforms, { tag: "multi" });
  const attestations: Descriptor[] = [];
  for (const image of platforms) attestations.push(await writeAttestation(layout, image));
  const attested = await writeIndex(layout, [...platforms, ...attestations], { tag: "attested" });
  return { layout, app1, app2, multi, platforms, attested };
}

/**
 * Adds an image to a layout.
 *
 * @param layout The folder, which is made if need be.
 * @param image Platform, layers, name.
 * @returns Its descriptor.
 */
export async function writeImage(layout: string, image: ImageOptions): Promise<Descriptor> {
  const [os = "linux", architecture = "amd64"] = (image.platform ?? "linux/amd64").split("/");
  const tars = image.layers.map((text, i) => tarOf(`file-${i}.txt`, text));
  const config = await writeJson(layout, `${oci}.config.v1+json`, {
    architecture,
    os,
    config: {},
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
  });
  const layers: Descriptor[] = [];
  for (const tar of tars) {
    layers.push(await writeBlob(layout, `${oci}.layer.v1.tar+gzip`, gzipSync(tar)));
  }
  const manifest = { ...await writeManifest(layout, { config, layers }) };
  manifest.platform = { os, architecture };
  await addToLayout(layout, manifest, image.tag);
  return manifest;
}

/**
 * Adds an index to a layout.
 *
 * @param layout The folder.
 * @param manifests What it lists, already in the layout.
 * @param options Its name.
 * @returns Its descriptor.
 */
export async function writeIndex(
  layout: string,
  manifests: Descriptor[],
  { tag }: IndexOptions = {},
): Promise<Descriptor> {
  const mediaType = `${oci}.index.v1+json`;
  const index = await writeJson(layout, mediaType, { schemaVersion: 2, mediaType, manifests });
  await addToLayout(layout, index, tag);
  return index;
}

/**
 * Adds what BuildKit adds for each image: a manifest with a statement about it.
 *
 * @param layout The folder.
 * @param image The image that the statement is about.
 * @returns Its descriptor, as an index lists it.
 */
export async function writeAttestation(layout: string, image: Descriptor): Promise<Descriptor> {
  const statement = new TextEncoder().encode(`{"subject":"${image.digest}"}`);
  const layer = await writeBlob(layout, "application/vnd.in-toto+json", statement);
  const platform = { os: "unknown", architecture: "unknown" };
  const config = await writeJson(layout, `${oci}.config.v1+json`, {
    ...platform,
    config: {},
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  return {
    ...await writeManifest(layout, { config, layers: [layer] }),
    platform,
    annotations: {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
  };
}

const oci = "application/vnd.oci.image";

function writeManifest(
  layout: string,
  content: { config: Descriptor; layers: Descriptor[] },
): Promise<Descriptor> {
  const mediaType = `${oci}.manifest.v1+json`;
  return writeJson(layout, mediaType, { schemaVersion: 2, mediaType, ...content });
}

function writeJson(layout: string, mediaType: string, value: unknown): Promise<Descriptor> {
  return writeBlob(layout, mediaType, new TextEncoder().encode(JSON.stringify(value)));
}

async function writeBlob(
  layout: string,
  mediaType: string,
  content: Uint8Array,
): Promise<Descriptor> {
  const digest = digestOf(content);
  const folder = join(layout, "blobs", "sha256");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, digest.slice("sha256:".length)), content);
  return { mediaType, digest, size: content.length };
}

async function addToLayout(
  layout: string,
  descriptor: Descriptor,
  tag: string | undefined,
): Promise<void> {
  if (tag === undefined) return;
  const path = join(layout, "index.json");
  const { manifests } = await readIndex(path);
  manifests.push({ ...descriptor, annotations: { "org.opencontainers.image.ref.name": tag } });
  await Deno.writeTextFile(path, JSON.stringify({ schemaVersion: 2, manifests }));
  await Deno.writeTextFile(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

async function readIndex(path: string): Promise<{ manifests: Descriptor[] }> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { manifests: [] };
    throw error;
  }
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** A tar archive (POSIX ustar) of one file. */
function tarOf(name: string, text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const blocks = Math.ceil(content.length / 512);
  // One block of header, the content in whole blocks, two empty blocks as the end.
  const tar = new Uint8Array(512 * (blocks + 3));
  const put = (offset: number, field: string) => tar.set(new TextEncoder().encode(field), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  put(124, `${octal(content.length, 11)}\0${octal(0, 11)}\0`);
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  tar.set(content, 512);
  return tar;
}
