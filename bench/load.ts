/**
 * A load of unique events over plain sockets: `deno run -A bench/load.ts URL MODE SENDERS SECONDS`.
 *
 * MODE is `keep-alive`, or `per-event` for a new connection (with TLS where the URL says so) for
 * each event, as a registry does. Prints one line of JSON: rate and latencies.
 *
 * @module
 */

/** What a run measured. */
export interface LoadResult {
  readonly events: number;
  /** Per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 200. */
  readonly failures: number;
}

interface Load {
  readonly url: URL;
  readonly isKeptAlive: boolean;
  readonly until: number;
  readonly latencies: number[];
  failures: number;
}

const encoder = new TextEncoder();

/** An event as Distribution 2.8 sends it: a pull by tag with references. */
function bodyOf(sender: number): string {
  const hex = (length: number): string =>
    crypto.randomUUID().replaceAll("-", "").repeat(3).slice(0, length);
  const repository = `team-${sender % 8}/app-${sender}`;
  const digest = `sha256:${"0".repeat(60)}${String(sender).padStart(4, "0")}`;
  const reference = (mediaType: string, name: string) => ({
    mediaType,
    size: 1234,
    digest: `sha256:${name.repeat(64)}`,
  });
  return JSON.stringify(
    {
      events: [{
        id: crypto.randomUUID(),
        timestamp: new Date().toISOString(),
        action: "pull",
        target: {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          size: 1607,
          digest,
          length: 1607,
          repository,
          url: `https://registry.example/v2/${repository}/manifests/${digest}`,
          tag: "latest",
          references: [
            reference("application/vnd.oci.image.config.v1+json", "a"),
            reference("application/vnd.oci.image.layer.v1.tar+gzip", "b"),
          ],
        },
        request: {
          id: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
          addr: `10.0.${sender % 256}.7:50420`,
          host: "registry.example",
          method: "GET",
          useragent: "containers/5.23.1 (github.com/containers/image)",
        },
        actor: { name: `robot-${sender % 4}` },
        source: { addr: "registry:5000", instanceID: "bde9b0c4-7d74-4228-a12c-e66c728552ba" },
      }],
    },
    undefined,
    3,
  );
}

async function connect(url: URL): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  // Registries are written in Go, which does not wait to fill its packets either.
  connection.setNoDelay(true);
  if (url.protocol === "http:") return connection;
  const caCerts = [await Deno.readTextFile(Deno.env.get("CA") ?? "certs/ca.crt")];
  return await Deno.startTls(connection, { hostname: url.hostname, caCerts });
}

/** Reads an answer that has no body. */
async function readStatus(connection: Deno.Conn, buffer: Uint8Array): Promise<number> {
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return 0;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return Number(text.slice(9, 12));
}

async function send(load: Load, sender: number): Promise<void> {
  const { url, isKeptAlive, latencies } = load;
  const buffer = new Uint8Array(16_384);
  let connection: Deno.Conn | undefined;
  while (performance.now() < load.until) {
    const body = bodyOf(sender);
    const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n` +
      `Content-Type: application/vnd.docker.distribution.events.v1+json\r\n` +
      `${isKeptAlive ? "" : "Connection: close\r\n"}Content-Length: ${body.length}\r\n\r\n`;
    const request = encoder.encode(head + body);
    const start = performance.now();
    connection ??= await connect(url);
    await connection.write(request);
    if (await readStatus(connection, buffer) !== 200) load.failures++;
    latencies.push(performance.now() - start);
    if (isKeptAlive) continue;
    connection.close();
    connection = undefined;
  }
  connection?.close();
}

/**
 * Sends events for a while.
 *
 * @param target The event route.
 * @param options How, from how many senders at once, for how long.
 * @returns What was measured.
 */
export async function sendLoad(
  target: string,
  { mode, senders, seconds }: {
    mode: "keep-alive" | "per-event";
    senders: number;
    seconds: number;
  },
): Promise<LoadResult> {
  const start = performance.now();
  const load: Load = {
    url: new URL(target),
    isKeptAlive: mode === "keep-alive",
    until: start + seconds * 1000,
    latencies: [],
    failures: 0,
  };
  await Promise.all(Array.from({ length: senders }, (_, sender) => send(load, sender)));
  const sorted = load.latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2));
  const rate = Math.round(sorted.length / ((performance.now() - start) / 1000));
  return { events: sorted.length, rate, p50: at(0.5), p99: at(0.99), failures: load.failures };
}

if (import.meta.main) {
  const [target = "", mode = "", senders = "1", seconds = "5"] = Deno.args;
  if (mode !== "keep-alive" && mode !== "per-event") throw new RangeError(`Unknown mode "${mode}"`);
  const result = await sendLoad(target, {
    mode,
    senders: Number(senders),
    seconds: Number(seconds),
  });
  await Deno.stdout.write(encoder.encode(`${JSON.stringify(result)}\n`));
}
