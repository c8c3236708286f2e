/**
 * `drec check`: says whether a configuration would do, and starts nothing.
 *
 * @module
 */

import { loadConfig } from "../config.ts";
import { type Command, parseArguments } from "./command.ts";

/** Checks a configuration. */
export const checkCommand: Command = {
  name: "check",
  summary: "check the configuration and start nothing",
  help: `Usage: drec check [config.yml]

Reads the configuration as "serve" would and names every problem with its line; then the certificate
and its key, if there are any. Exit code 2 where something is wrong. Makes and changes no file.`,
  async run(args, { print }) {
    const { positionals: [file], flags } = parseArguments(args, { positionals: 1 });
    const config = await loadConfig(file, { flags });
    // Large, and `serve`, which is loaded with all commands, may not need it.
    const { inspectCertificate } = await import("./certificate.ts");
    for (const warning of [...config.warnings, ...await inspectCertificate(config)]) {
      print(`warning: ${warning}`);
    }
    const { address, port, route, ssl } = config.server;
    const scheme = ssl === "off" ? "http" : "https";
    const place = config.dialInfo === undefined
      ? `SQLite in ${config.sqlite.path}`
      : `MongoDB, ${config.dialInfo.database}.${config.collection}`;
    print(`${config.file ?? "The defaults"}: valid`);
    print(`listens on ${scheme}://${address}:${port}${route}, counts in ${place}`);
    return 0;
  },
};
