import assert from "node:assert/strict";

import { clientFamilyOf } from "../lib/client.ts";

const userAgents: [userAgent: string, family: string][] = [
  [
    "docker/28.5.2 go/go1.27.1 git-commit/89c5e8f kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/28.5.2 \\(linux\\))",
    "docker",
  ],
  ["docker/1.8.1 go/go1.4.2 git-commit/d12ea79 kernel/4.0.9 os/linux arch/amd64", "docker"],
  ["docker/17.09.0-ce", "docker"],
  ["Docker-Client/19.03.8 (linux)", "docker"],
  ["containerd/2.1.9+unknown", "containerd"],
  ["containerd/1.6.20", "containerd"],
  ["containerd/v1.7.27-k3s1", "containerd"],
  ["kubelet/v1.34.1 (linux/amd64) kubernetes/93248f9", "kubelet"],
  ["nerdctl/2.1.6", "nerdctl"],
  ["cri-o/1.28.4 go/go1.20.10 os/linux arch/amd64", "cri-o"],
  ["containers/5.23.1 (github.com/containers/image)", "podman"],
  ["libpod/5.8.6", "podman"],
  ["podman/4.3.1", "podman"],
  ["Buildah/1.28.2", "buildah"],
  ["skopeo/1.22.0", "skopeo"],
  ["buildkit/v0.0-dev", "buildkit"],
  ["kaniko/v1.24.0", "kaniko"],
  ["cosign/v3.1.1 (linux; amd64)", "cosign"],
  ["crane/0.20.7 go-containerregistry/v0.20.7", "crane"],
  ["go-containerregistry/v0.20.7", "crane"],
  ["gcrane/0.20.7", "crane"],
  ["oras/1.3.3", "oras"],
  ["oras-go", "oras"],
  ["Helm/3.15.2", "helm"],
  ["regclient/regctl (v0.9.2)", "regctl"],
  ["jib 3.4.0 jib-maven-plugin", "jib"],
  ["flux/v2.7.2", "flux"],
  ["source-controller/v1.7.0", "flux"],
  ["argocd-image-updater", "argocd"],
  ["Renovate/41.100.0 (https://github.com/renovatebot/renovate)", "renovate"],
  ["Watchtower/1.7.1", "watchtower"],
  ["trivy/0.67.2", "trivy"],
  ["syft/1.34.0", "grype"],
  ["harbor-registry-client", "harbor"],
  ["curl/7.88.1", "curl"],
  ["Wget/1.21.3", "wget"],
  ["python-requests/2.32.3", "python"],
  ["Go-http-client/1.1", "go"],
  ["Mozilla/5.0 (X11; Linux x86_64) docker/28", "other"],
  ["dockerish", "other"],
  ["", "other"],
];

Deno.test("clientFamilyOf() tells the families of real user agents", () => {
  for (const [userAgent, family] of userAgents) {
    assert.equal(clientFamilyOf(userAgent), family, userAgent);
  }
  assert.equal(clientFamilyOf(undefined), "other");
});

Deno.test("clientFamilyOf() does not mind upper and lower case", () => {
  for (const [userAgent, family] of userAgents) {
    assert.equal(clientFamilyOf(userAgent.toUpperCase()), family, userAgent);
  }
});
