/**
 * The handshakes by which Azure Event Grid and other senders of CloudEvents ask whether an address
 * wants their events. They are no events, and so in no accounting.
 *
 * @module
 */

import { parseJson } from "../json.ts";

const VALIDATION = "SubscriptionValidation";
/** No validation code is longer; an answer gives back nothing that is. */
const MAX_CODE = 256;

/**
 * Says whether a request asks for consent as the HTTP binding of CloudEvents has it.
 *
 * @param request The request.
 * @returns True for `OPTIONS` with `WebHook-Request-Origin`.
 */
export function isConsentRequest(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("webhook-request-origin");
}

/**
 * Consents to the delivery of CloudEvents.
 *
 * @param request A {@linkcode isConsentRequest} of a sender with a token.
 * @returns The answer, which names the sender that asked.
 */
export function answerConsent({ headers }: Request): Response {
  return new Response(null, {
    status: 200,
    headers: {
      allow: "POST",
      "webhook-allowed-origin": headers.get("webhook-request-origin") ?? "",
      "webhook-allowed-rate": "*",
    },
  });
}

/**
 * Answers the request by which Event Grid validates a subscription.
 *
 * @param request A request of a sender with a token.
 * @param body Its body.
 * @returns The answer with the code that was sent; `undefined` where it is no such request.
 */
export function answerValidation({ headers }: Request, body: Uint8Array): Response | undefined {
  if (headers.get("aeg-event-type") !== VALIDATION) return undefined;
  const code = validationCodeOf(body);
  return code === undefined ? undefined : Response.json({ validationResponse: code });
}

function validationCodeOf(body: Uint8Array): string | undefined {
  let root: unknown;
  try {
    root = parseJson(body);
  } catch {
    return undefined;
  }
  const events: unknown[] = Array.isArray(root) ? root : [root];
  for (const event of events) {
    const code = memberOf(memberOf(event, "data"), "validationCode");
    if (typeof code === "string" && code !== "" && code.length <= MAX_CODE) return code;
  }
  return undefined;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
