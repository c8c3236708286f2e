/**
 * `drec healthcheck`: asks a DREC on this machine whether it lives. An image without a shell has
 * nothing else to ask with.
 *
 * @module
 */

import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";

import { type Config, loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { type Command, parseArguments } from "./command.ts";

const TIMEOUT_MS = 3000;
const OTHER_PROTOCOL_HINT = "give `server.ssl` and `server.port` as the running DREC has them";

/** Asks for the health of a running DREC. */
export const healthcheckCommand: Command = {
  name: "healthcheck",
  summary: "ask a running DREC whether it is alive",
  help: `Usage: drec healthcheck [config.yml]

Asks the DREC of the same configuration on this machine. Exit code 0 if it is alive, else 1.`,
  async run(args, { print }) {
    const { positionals: [file], flags } = parseArguments(args, { positionals: 1 });
    const config = await loadConfig(file, { flags });
    const status = await statusOf(config);
    if (status !== 200) {
      throw new AppError("unavailable", `DREC answers ${status}`, { hint: "look at its log" });
    }
    print("alive");
    return 0;
  },
};

/**
 * Asks over a bare socket: the certificate is not judged, for it may be for other names than that
 * of the loopback address, and not every version of the HTTPS client can be told so.
 */
function statusOf({ server: { address, port, ssl } }: Config): Promise<number> {
  const isAny = address === "0.0.0.0" || address === "::";
  const where = { host: isAny ? "127.0.0.1" : address, port };
  return new Promise((resolve, reject) => {
    const socket = ssl === "off"
      ? connectPlain(where)
      : connectTls({ ...where, rejectUnauthorized: false });
    const refuse = (
      reason: string,
      hint = "start it with `drec serve`, or name its configuration",
    ): void => {
      socket.destroy();
      const message = `DREC does not answer on port ${port}: ${reason}`;
      reject(new AppError("unavailable", message, { hint }));
    };
    let answer = "";
    socket.setTimeout(TIMEOUT_MS, () => refuse("no answer in time"));
    socket.on("error", (error) => {
      if (!/wrong version number|InvalidContentType/.test(error.message)) refuse(error.message);
      else refuse("what listens there does not speak TLS", OTHER_PROTOCOL_HINT);
    });
    socket.on("data", (chunk) => answer += chunk);
    socket.on("end", () => {
      const status = /^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1];
      if (status !== undefined) return resolve(Number(status));
      refuse("what listens there gives no answer of HTTP; it may speak TLS", OTHER_PROTOCOL_HINT);
    });
    socket.write("GET /-/healthy HTTP/1.0\r\n\r\n");
  });
}
