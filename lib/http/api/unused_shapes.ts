/**
 * The JSON of what is unused.
 *
 * @module
 */

import type { UnusedItem } from "../../store/unused.ts";
import { renderTime, type Shape } from "./shapes.ts";

/** How far what is said of an item can be relied upon. */
export interface Observed {
  /** Since when its registry has been watched without a possible gap; `null`: unknown. */
  readonly observedSince: number | null;
  /** Whether that is at least as long as the item is to be unused. */
  readonly certain: boolean;
}

/**
 * An unused repository or tag.
 *
 * @param item From the store.
 * @returns What is known of it; `tag`, `digest` and `protectedBy` only of a tag.
 */
export function unusedShape(item: UnusedItem & Observed): Shape {
  const { registry, repository, tag, digest, size, lastUsed, lastConsumer } = item;
  const isTag = tag !== null;
  return {
    registry,
    repository,
    ...(isTag ? { tag, digest } : {}),
    size,
    lastUsed: renderTime(lastUsed),
    lastConsumer,
    observedSince: renderTime(item.observedSince),
    certain: item.certain,
    ...(isTag ? { protectedBy: item.protectedBy } : {}),
  };
}
