/**
 * Who may ask what, as the description says it.
 *
 * @module
 */

import type { TokenRole } from "../../store/store.ts";
import type { Security, SecurityScheme } from "./types.ts";

/** Needed by no operation that holds no data. */
export const OPEN: Security = [];

/** The schemes. Each says when no token is needed, for that depends on the configuration. */
export const SECURITY_SCHEMES: Readonly<Record<string, SecurityScheme>> = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A token of the role that the operation names: `ingest` (events), `read`, or" +
      " `admin` (stars), which includes `read`. `drec token read` shows it to the operator. No" +
      " token is needed for a role that is configured as `none`, nor for one that is not" +
      " configured while DREC listens on a loopback address and the request comes from this" +
      " machine without a proxy.",
  },
  basic: {
    type: "http",
    scheme: "basic",
    description: "The same token as the password; the user does not matter.",
  },
  signature: {
    type: "apiKey",
    in: "query",
    name: "sig",
    description:
      "A signature that opens one badge where `read` needs a token: this repository, with" +
      " this `registry` or without one, whatever the other parameters. `drec token badge NAME`" +
      " prints it.",
  },
};

/**
 * Says which tokens are taken.
 *
 * @param role The role that is needed.
 * @returns The schemes.
 */
export function tokenFor(role: TokenRole): Security {
  return [{ bearer: [role] }, { basic: [role] }];
}
