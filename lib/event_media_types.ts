/**
 * Media types that decide what an event is about.
 *
 * @module
 */

// deno-fmt-ignore
const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
]);
const BLOB_TYPES: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "application/vnd.docker.container.image.rootfs.diff+x-gtar",
]);
const INDEX_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.index.v1+json",
]);

/**
 * Says whether a media type is that of an image index or a manifest list.
 *
 * @param mediaType As in the event.
 * @returns True for the two index types.
 */
export function isIndexType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && INDEX_TYPES.has(essence(mediaType));
}

/**
 * Says whether a media type is one of the six known manifest types.
 *
 * @param mediaType As in the event.
 * @returns True for image manifests, schema 1, lists and indexes.
 */
export function isManifestType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && MANIFEST_TYPES.has(essence(mediaType));
}

/**
 * Says whether what an index names is a manifest. A cache of BuildKit is an index, too, that names
 * its layers and its configuration.
 *
 * @param mediaType As in the reference; unknown ones are taken by their name.
 * @returns True for manifests and indexes, and where nothing is told.
 */
export function isChildType(mediaType: string | undefined): boolean {
  return mediaType === undefined || /manifest|index/.test(mediaType);
}

/**
 * Says whether a media type is one that registries give to blobs.
 *
 * @param mediaType As in the event.
 * @returns True for the two types of blobs.
 */
export function isBlobType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && BLOB_TYPES.has(essence(mediaType));
}

/** A media type without its parameters. */
function essence(mediaType: string): string {
  const end = mediaType.indexOf(";");
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim();
}
