/**
 * What the system's errors about files mean, in the words of an operator.
 *
 * @module
 */

/** Reasons by the system's own codes, which Deno has no classes for. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the quota of the disk is used up",
  EROFS: "the file system is read-only",
};

/** What would mend the same. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "free space on the disk",
  EDQUOT: "free space, or raise the quota",
  EROFS: "mount the file system for writing, or choose a place on another one",
};

/**
 * Says in a few words what went wrong with a file.
 *
 * @param error What was thrown.
 * @returns Such as `no such file`.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  // Deno itself keeps programs away from /dev, /proc and /sys, and advises --allow-all.
  if (error instanceof Deno.errors.NotCapable) {
    return "the program has no permission for that place";
  }
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

/**
 * Says what would mend it, where the error alone tells.
 *
 * @param error What was thrown.
 * @param otherwise The remedy where it does not.
 * @returns An imperative.
 */
export function remedyOf(error: unknown, otherwise: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "choose another path: /dev, /proc and /sys are closed to DREC, and so is all that it " +
      "was not allowed when it was started or compiled";
  }
  return REMEDIES[codeOf(error)] ?? otherwise;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
