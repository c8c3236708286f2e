/**
 * Which family of clients a user agent belongs to.
 *
 * @module
 */

/**
 * The families, each with what its user agents begin with (lower case). The order matters where one
 * is the beginning of another.
 */
const FAMILIES: readonly (readonly [family: string, prefixes: readonly string[]])[] = [
  ["docker", ["docker/", "docker-client/"]],
  ["containerd", ["containerd/"]],
  ["kubelet", ["kubelet/"]],
  ["nerdctl", ["nerdctl"]],
  ["cri-o", ["cri-o/", "crio/"]],
  // podman and its library say "containers/5.23.1 (github.com/containers/image)" or "libpod/5.8.6".
  ["podman", ["containers/", "libpod/", "podman/"]],
  ["buildah", ["buildah/"]],
  ["skopeo", ["skopeo/"]],
  ["buildkit", ["buildkit/"]],
  ["kaniko", ["kaniko/"]],
  ["cosign", ["cosign/"]],
  ["crane", ["crane/", "go-containerregistry", "krane/", "gcrane/"]],
  ["oras", ["oras/", "oras-go"]],
  ["helm", ["helm/"]],
  ["regctl", ["regclient/", "regctl/"]],
  ["jib", ["jib"]],
  ["flux", ["flux/", "source-controller/", "image-reflector-controller/"]],
  ["argocd", ["argocd", "argo-cd"]],
  ["renovate", ["renovate"]],
  ["watchtower", ["watchtower"]],
  ["keel", ["keel"]],
  ["trivy", ["trivy", "aquasecurity/trivy"]],
  ["grype", ["grype", "syft"]],
  ["harbor", ["harbor-"]],
  ["curl", ["curl/"]],
  ["wget", ["wget/"]],
  ["python", ["python-requests/", "python-urllib", "python/", "python-httpx/"]],
  // Distribution's own pull-through cache and programs that set no user agent.
  ["go", ["go-http-client/"]],
];

/**
 * Tells the family of a client.
 *
 * @param userAgent As in the event.
 * @returns For example `docker`, `containerd`, `podman`, `skopeo`, `crane`; `other` when unknown.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clientFamilyOf } from "./client.ts";
 *
 * assert.equal(clientFamilyOf("docker/28.5.2 go/go1.27.1"), "docker");
 * assert.equal(clientFamilyOf(undefined), "other");
 * ```
 */
export function clientFamilyOf(userAgent: string | undefined): string {
  if (userAgent === undefined) return "other";
  const text = userAgent.toLowerCase();
  for (const [family, prefixes] of FAMILIES) {
    if (prefixes.some((prefix) => text.startsWith(prefix))) return family;
  }
  return "other";
}
