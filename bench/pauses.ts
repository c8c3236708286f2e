/**
 * Measures how long a program's event loop is held up: `deno run --preload=bench/pauses.ts …`. It
 * prints `pauses at URL`; what is asked there is answered with the longest pause since the last
 * time, in milliseconds, also one that is not over.
 *
 * @module
 */

/** A timer that is due so often is late by what holds up everything else. */
const TICK_MS = 1;

let [ticked, longest] = [performance.now(), 0];

function tick(): void {
  const now = performance.now();
  longest = Math.max(longest, now - ticked - TICK_MS);
  ticked = now;
}

const timer = setInterval(tick, TICK_MS);
Deno.unrefTimer(timer);

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`pauses at http://127.0.0.1:${port}/\n`));
  },
}, () => {
  tick();
  const answer = longest.toFixed(2);
  longest = 0;
  return new Response(answer);
});
server.unref();
