/**
 * Recorded notifications and the counts they must give; `tests/testdata/README.md` says how they
 * came about.
 *
 * @module
 */

const folder = new URL("../testdata/", import.meta.url);

/** One POST of a registry. */
export interface RecordedPost {
  /** When it came, RFC 3339. */
  receivedAt: string;
  /** To which path it was sent. */
  path: string;
  headers: Record<string, string>;
  /** The text of the body. */
  body: string;
  /** What the recorder answered, where that was not a 200 in time: a status, or `late`. */
  answered?: string;
}

/** The numbers of one repository. */
export interface ExpectedRepository {
  pulls: number;
  pushes: number;
  checks: number;
  childpulls: number;
  digestpushes: number;
  /** GET and HEAD together. */
  blobpulls: number;
  blobpushes: number;
  mounts: number;
  deletes: { tags: number; manifests: number; blobs: number; unknown: number };
}

/** What a recording must come to. */
export interface ExpectedCounts {
  /** By the name of the repository. */
  repositories: Record<string, ExpectedRepository>;
  /** By `repository:tag`; tags that are only deleted may be missing. */
  tags: Record<string, { pulls: number; pushes: number }>;
}

/** What one client did to one registry, and what that must come to. */
export interface Recording {
  /** Registry, client and scenario, such as `3.1.1-podman-pull-multi`. */
  name: string;
  /** The registry's version. */
  registry: string;
  /** The client and its version. */
  client: string;
  /** Whether the registry named the references of manifests. */
  references: boolean;
  /** What the client was told to do, in words. */
  steps: string[];
  /** The POSTs, in the order in which they came. */
  posts: RecordedPost[];
  /** How many different events are in them. */
  uniqueEvents: number;
  expected: ExpectedCounts;
}

/**
 * Reads all recordings.
 *
 * @returns The recordings, sorted by name.
 */
export function readRecordings(): Recording[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => readRecording(name.slice(0, -".ndjson".length)))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Reads one recording.
 *
 * @param name Its name, such as `3.1.1-podman-pull-multi`.
 * @returns The recording.
 */
export function readRecording(name: string): Recording {
  const lines = Deno.readTextFileSync(new URL(`${name}.ndjson`, folder)).trimEnd().split("\n");
  const posts: RecordedPost[] = lines.map((line) => JSON.parse(line));
  const facts = JSON.parse(Deno.readTextFileSync(new URL(`${name}.expected.json`, folder)));
  return { ...facts, name, posts };
}
