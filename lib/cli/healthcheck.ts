/**
 * `drec healthcheck`: asks a DREC on this machine whether it lives. An image without a shell has
 * nothing else to ask with.
 *
 * @module
 */

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { type Config, loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { type Command, parseArguments } from "./command.ts";

const TIMEOUT_MS = 3000;
const HINT = "start it with `drec serve`, or name its configuration";

/** Asks for the health of a running DREC. */
export const healthcheckCommand: Command = {
  name: "healthcheck",
  summary: "ask a running DREC whether it is alive",
  help: `Usage: drec healthcheck [config.yml]

Asks the DREC of the same configuration on this machine. Exit code 0 if it is alive, else 1.`,
  async run(args, { print }) {
    const { positionals: [file], flags } = parseArguments(args, { positionals: 1 });
    const config = await loadConfig(file, { flags });
    const status = await statusOf(config, await certificateOf(config));
    if (status !== 200) {
      throw new AppError("unavailable", `DREC answers ${status}`, { hint: "look at its log" });
    }
    print("alive");
    return 0;
  },
};

async function certificateOf({ server }: Config): Promise<string | undefined> {
  if (server.ssl === "off") return undefined;
  try {
    return await Deno.readTextFile(server.ssl.cert);
  } catch (error) {
    throw new AppError("unavailable", `Cannot read certificate "${server.ssl.cert}"`, {
      hint: HINT,
      cause: error,
    });
  }
}

/**
 * The certificate is not judged: it is for other names than that of the loopback address. That it
 * is named at all keeps the system's list of authorities from being asked for.
 */
function statusOf({ server }: Config, certificate: string | undefined): Promise<number> {
  const isAny = server.address === "0.0.0.0" || server.address === "::";
  const options = {
    host: isAny ? "127.0.0.1" : server.address,
    port: server.port,
    path: "/-/healthy",
    timeout: TIMEOUT_MS,
    rejectUnauthorized: false,
    agent: false,
    ...(certificate === undefined ? {} : { ca: [certificate] }),
  } as const;
  return new Promise((resolve, reject) => {
    const send = server.ssl === "off" ? requestHttp : requestHttps;
    const request = send(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    const refuse = (reason: string): void =>
      reject(
        new AppError("unavailable", `DREC does not answer on port ${server.port}: ${reason}`, {
          hint: HINT,
        }),
      );
    request.on("error", (error) => refuse(error.message));
    request.on("timeout", () => {
      request.destroy();
      refuse("no answer in time");
    });
    request.end();
  });
}
