/**
 * A load of events whose right numbers are known, for tests that disturb it.
 *
 * @module
 */

import { digestOf, mediaTypes } from "./events.ts";
import { createPoster } from "./http.ts";

/** An event as a registry sends it. */
export interface SentEvent {
  readonly id: string;
  readonly target: { readonly repository: string };
  /** Unknown to DREC; makes the body larger. */
  readonly padding?: string;
}

/** Events that are made as they are asked for. */
export interface EventSource {
  /** The event of that number, the same to all who ask; `undefined` after the end. */
  at(index: number): SentEvent | undefined;
  /** Ends it: no more events are made. */
  end(): void;
  /** All that have been made. */
  readonly events: readonly SentEvent[];
}

/**
 * Makes pulls of `team/app-0`, `team/app-1`, … by tag, each with an id of its own.
 *
 * @param repositories Spread over how many repositories.
 * @param options `count`: how many there are at most, without end unless told; `padding`: bytes that
 *   each has in addition.
 * @returns The source.
 */
export function pullsOf(
  repositories: number,
  { count = Infinity, padding = 0 }: { count?: number; padding?: number } = {},
): EventSource {
  const events: SentEvent[] = [];
  let limit = count;
  return {
    events,
    at(index) {
      while (events.length <= index && events.length < limit) {
        const pull = pullOf(events.length, repositories);
        events.push(padding === 0 ? pull : { ...pull, padding: "x".repeat(padding) });
      }
      return events[index];
    },
    end: () => limit = events.length,
  };
}

function pullOf(index: number, repositories: number): SentEvent {
  const event = {
    id: crypto.randomUUID(),
    timestamp: new Date().toISOString(),
    action: "pull",
    target: {
      mediaType: mediaTypes.image,
      digest: digestOf(index % repositories),
      repository: `team/app-${index % repositories}`,
      tag: "1.0",
    },
    request: {
      id: crypto.randomUUID(),
      addr: "192.0.2.1:50000",
      method: "GET",
      useragent: "skopeo/1.9.3",
    },
    actor: { name: `robot-${index % 3}` },
  };
  return event;
}

/** Where and how to send. */
export interface DeliveryOptions {
  /** Senders at once; each sends one body at a time, until it hears 2xx, as a registry does. */
  readonly senders: number;
  /** Events in a body; one, as a registry does, unless told. */
  readonly perBody?: number;
  /** Event routes; the senders take them in turn. */
  readonly urls: readonly string[];
  /** The CA to trust, PEM. */
  readonly caCert: string;
}

/**
 * Sends each event twice: two senders have the same ones, as two endpoints of a registry would.
 *
 * @param source The events.
 * @param options Where to.
 * @returns How often something was posted, when all has been acknowledged.
 */
export async function deliverTwice(
  source: EventSource,
  { senders, urls, caCert, perBody = 1 }: DeliveryOptions,
): Promise<number> {
  const posts = await Promise.all(Array.from({ length: senders }, async (_, sender) => {
    using poster = createPoster(urls[sender % urls.length] ?? "", { caCert });
    // Senders 0 and 1 have the same share, 2 and 3, and so on.
    let count = 0;
    for (let index = Math.floor(sender / 2);; index += Math.ceil(senders / 2)) {
      const numbers = Array.from({ length: perBody }, (_, n) => index * perBody + n);
      const events = numbers.flatMap((number) => source.at(number) ?? []);
      if (events.length === 0) return count;
      count += await poster.deliver(events);
    }
  }));
  return posts.reduce((sum, count) => sum + count, 0);
}

/**
 * Counts what the events must lead to.
 *
 * @param events All of them, each once.
 * @returns Pulls by repository.
 */
export function pullsByRepository(events: readonly SentEvent[]): Map<string, number> {
  const pulls = new Map<string, number>();
  for (const { target: { repository } } of events) {
    pulls.set(repository, (pulls.get(repository) ?? 0) + 1);
  }
  return pulls;
}
