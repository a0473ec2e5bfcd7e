import { request } from "node:https";
import type { LookupFunction } from "node:net";
import { type Delivery, DeliveryError } from "@cadastre/core/forwarding/ports";
import { toWebhookMessage } from "@cadastre/core/forwarding/webhook-message";

/** What is wrong with what was sent, and not with who takes it or when. */
const REFUSALS = [400, 413, 415, 422];

function judge(status: number): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400) throw new DeliveryError("redirected", { status });
  throw new DeliveryError(REFUSALS.includes(status) ? "refused" : "failed", { status });
}

/**
 * Posts the records as one message of Standard Webhooks (https://www.standardwebhooks.com), with a signature by each secret. Any 2xx takes it; nothing
 * of the answer but its status is read, and no redirection is followed. Throws DeliveryError, and what `signal` aborts with.
 */
export async function postWebhook(
  delivery: Delivery,
  { lookup, signal }: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): Promise<void> {
  const { url = "", ca } = delivery.forwarder;
  const { body, headers } = toWebhookMessage(delivery);
  const status = await new Promise<number>((resolve, reject) => {
    const sending = request(
      url,
      {
        method: "POST",
        headers: { ...headers, "content-length": body.length },
        lookup,
        signal,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
  judge(status);
}
