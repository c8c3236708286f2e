/**
 * The yardstick: a server that parses each body as JSON and answers 200. `deno run -A
 * bench/bare_server.ts PORT [CERT KEY]`.
 *
 * @module
 */

const [port = "0", cert, key] = Deno.args;
const pair = cert === undefined || key === undefined
  ? {}
  : { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };

Deno.serve({ hostname: "127.0.0.1", port: Number(port), ...pair }, async (request) => {
  await request.json();
  return new Response(null);
});
