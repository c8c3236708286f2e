/**
 * Real registries notify DREC over TLS while real clients push, pull and delete. The numbers were
 * reasoned beforehand from what each command does.
 *
 * @module
 */

import assert from "node:assert/strict";

import { createApi } from "./support/api.ts";
import { createPodman, skopeo } from "./support/clients.ts";
import { type SampleImages, writeSampleImages } from "./support/images.ts";
import { type Drec, startDrec } from "./support/process.ts";
import { type Registry, type RegistryVersion, startRegistry } from "./support/registry.ts";
import { needs } from "./support/require.ts";
import { tempDir } from "./support/wait.ts";

/** A registry's set-up. */
interface Setup {
  readonly name: string;
  readonly version: RegistryVersion;
  readonly includeReferences: boolean;
  readonly user?: { readonly name: string; readonly password: string };
}

const setups: readonly Setup[] = [
  { name: "2.8 with references", version: "2.8", includeReferences: true },
  { name: "2.8 without references", version: "2.8", includeReferences: false },
  {
    name: "2.8 with htpasswd",
    version: "2.8",
    includeReferences: true,
    user: { name: "alice", password: "open sesame" },
  },
  { name: "3.x with references", version: "3", includeReferences: true },
  { name: "3.x without references", version: "3", includeReferences: false },
  {
    name: "3.x with htpasswd",
    version: "3",
    includeReferences: true,
    user: { name: "alice", password: "open sesame" },
  },
];

/** The numbers of a repository that {@linkcode useRegistry} leads to. */
const expected = {
  "team/app": {
    // Pushed, pushed again, retagged.
    pushes: 3,
    unchangedPushes: 1,
    digestPushes: 0,
    // Retag, podman, by digest, inspect, and the GET with which skopeo begins a delete.
    pulls: 5,
    childPulls: 0,
    checks: 0,
    // One request deletes the manifest and both tags that point to it.
    deletes: { tags: 2, manifests: 1, blobs: 0, unknown: 0 },
    tagCount: 0,
  },
  "team/multi": {
    pushes: 1,
    unchangedPushes: 0,
    digestPushes: 2,
    // By podman, and by skopeo for all platforms.
    pulls: 2,
    childPulls: 3,
    checks: 0,
    deletes: { tags: 0, manifests: 0, blobs: 0, unknown: 0 },
    tagCount: 1,
  },
};
const expectedTags = {
  // Retag, inspect.
  "team/app:1.0": { pulls: 2, pushes: 2 },
  // podman, skopeo before its delete.
  "team/app:latest": { pulls: 2, pushes: 1 },
  "team/multi:1.0": { pulls: 2, pushes: 1 },
};

for (const setup of setups) {
  Deno.test({
    name: `DREC counts what skopeo and podman do with registry ${setup.name}`,
    ...needs(setup.version === "3" ? "registry-3" : "registry-2.8", "skopeo", "podman"),
    async fn() {
      await using drec = await startDrec({ env: { DREC_SERVER_PORT: "0" } });
      await drec.ready();
      await using registry = await startRegistry({
        version: setup.version,
        includeReferences: setup.includeReferences,
        notifications: { url: `${drec.url}/events/main`, caFile: `${drec.cwd}/certs/ca.crt` },
        ...(setup.user === undefined
          ? {}
          : { htpasswd: { [setup.user.name]: setup.user.password } }),
      });
      await useRegistry(registry, setup);
      const { Pending, Failures, Errors } = await registry.waitDelivered();
      assert.deepEqual({ Pending, Failures, Errors }, { Pending: 0, Failures: 0, Errors: 0 });
      await checkNumbers(drec, setup, (await registry.metrics()).Successes);
    },
  });
}

/** Does everything whose numbers are {@linkcode expected}. */
async function useRegistry({ host }: Registry, { user }: Setup): Promise<void> {
  await using folder = await tempDir();
  const images: SampleImages = await writeSampleImages(folder.join("layout"));
  const { layout } = images;
  const options = user === undefined ? {} : { creds: `${user.name}:${user.password}` };
  const app = `docker://${host}/team/app`;
  const multi = `docker://${host}/team/multi`;
  await skopeo("copy", [`oci:${layout}:app1`, `${app}:1.0`], options);
  await skopeo("copy", [`oci:${layout}:app1`, `${app}:1.0`], options);
  await skopeo("copy", [`${app}:1.0`, `${app}:latest`], options);
  await skopeo("copy", ["--all", `oci:${layout}:multi`, `${multi}:1.0`], options);

  await using podman = await createPodman();
  const pull = ["pull", "--quiet", "--tls-verify=false"];
  if (user !== undefined) pull.push("--creds", `${user.name}:${user.password}`);
  await podman(...pull, `${host}/team/app:latest`);
  await podman(...pull, `${host}/team/multi:1.0`);
  const digest = images.app1.digest;
  await skopeo("copy", [`${app}@${digest}`, `dir:${folder.join("by-digest")}`], options);
  await skopeo("copy", ["--all", `${multi}:1.0`, `dir:${folder.join("all")}`], options);
  await skopeo("inspect", [`${app}:1.0`], options);
  await skopeo("delete", [`${app}:latest`], options);
}

async function checkNumbers(drec: Drec, setup: Setup, sent: number): Promise<void> {
  const caCert = await Deno.readTextFile(`${drec.cwd}/certs/ca.crt`);
  using api = createApi(drec.url, { caCert });
  for (const [name, numbers] of Object.entries(expected)) {
    const found = await api.get(`repositories/${name}`);
    const picked = Object.fromEntries(Object.keys(numbers).map((key) => [key, found[key]]));
    assert.deepEqual(picked, numbers, name);
    assert.deepEqual(found.actors, setup.user === undefined ? [] : [setup.user.name]);
  }
  for (const [name, numbers] of Object.entries(expectedTags)) {
    const [repository, tag] = name.split(":");
    const found = await api.get(`repositories/${repository}/-/tags/${tag}`);
    assert.deepEqual({ pulls: found.pulls, pushes: found.pushes }, numbers, name);
  }
  const { received, quarantined, duplicate } = await api.get("accounting");
  assert.deepEqual({ received, quarantined, duplicate }, {
    received: sent,
    quarantined: 0,
    duplicate: 0,
  });
}
