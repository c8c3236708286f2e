/**
 * Counts of what passed and what failed, and the closing line.
 *
 * @module
 */

/** Results of some tests. */
export interface Results {
  passed: number;
  /** The names of those that failed. */
  failed: string[];
  /** The names of those that were skipped. */
  skipped: string[];
}

/**
 * Reads the report that `deno test --junit-path` writes: one entry for each test and each step.
 *
 * @param xml The report.
 * @returns The results, each named by its file and its title.
 */
export function parseJunit(xml: string): Results {
  const results: Results = { passed: 0, failed: [], skipped: [] };
  // The texts inside are escaped, so that no text can look like an element.
  for (const [, attributes = "", body = ""] of xml.matchAll(testCase)) {
    const file = fileOf(attribute(attributes, "classname"));
    const name = `${file}: ${attribute(attributes, "name")}`;
    if (/<(failure|error)\b/.test(body)) results.failed.push(name);
    else if (/<skipped\b/.test(body)) results.skipped.push(name);
    else results.passed++;
  }
  return results;
}

/**
 * Lists the files whose tests are in a report.
 *
 * @param xml The report.
 * @returns Their paths, without a leading `./`.
 */
export function reportedFiles(xml: string): Set<string> {
  const suites = Array.from(xml.matchAll(/<testsuite\s([^>]*)>/g));
  return new Set(
    suites.map(([, attributes = ""]) => fileOf(attribute(attributes, "name"))),
  );
}

/**
 * Adds results to others.
 *
 * @param all What is added to.
 * @param more What is added.
 */
export function addResults(all: Results, more: Results): void {
  all.passed += more.passed;
  all.failed.push(...more.failed);
  all.skipped.push(...more.skipped);
}

/**
 * Renders the closing line, alone on its line.
 *
 * @param results All results.
 * @returns `N passed, N failed`; what was skipped is in neither number.
 */
export function closingLine({ passed, failed }: Results): string {
  return `${passed} passed, ${failed.length} failed`;
}

const testCase = /<testcase\s([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

function fileOf(path: string): string {
  return path.replace(/^\.\//, "");
}

function attribute(attributes: string, name: string): string {
  const value = attributes.match(new RegExp(`(?:^|\\s)${name}="([^"]*)"`))?.[1] ?? "";
  return value.replace(/&(?:lt|gt|quot|apos|amp|#(\d+));/g, unescape);
}

function unescape(entity: string, code: string | undefined): string {
  if (code !== undefined) return String.fromCodePoint(Number(code));
  const characters: Record<string, string> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&amp;": "&",
  };
  return characters[entity] ?? entity;
}
