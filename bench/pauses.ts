/**
 * Measures how long a program's event loop is held up: `deno run --preload=bench/pauses.ts …`. It
 * prints `pauses at URL`; what is asked there is answered with the longest pause since the last
 * time, in milliseconds, also one that is not over.
 *
 * A pause is what the program computes in one go. What other programs take of the processor
 * meanwhile does not count; on a machine that is busy it would be most of it.
 *
 * @module
 */

import process from "node:process";

/** A timer that is due so often is late by what holds up everything else. */
const TICK_MS = 1;

/** Processor time of this program in milliseconds. */
function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let [ticked, worked, longest] = [performance.now(), workedMs(), 0];

function tick(): void {
  const [now, nowWorked] = [performance.now(), workedMs()];
  longest = Math.max(longest, Math.min(now - ticked - TICK_MS, nowWorked - worked));
  [ticked, worked] = [now, nowWorked];
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
