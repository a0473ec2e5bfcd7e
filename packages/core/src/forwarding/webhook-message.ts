import { Webhook } from "standardwebhooks";
import type { Delivery } from "./ports.ts";

/** What is sent as one message of Standard Webhooks (https://www.standardwebhooks.com): the records as JSON, with a signature by each secret. */
export function toWebhookMessage({ id, records, secrets, at }: Delivery) {
  const type = records.length === 0 ? "audit.test" : "audit.records";
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data: records });
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, at, body));
  const headers = {
    "content-type": "application/json",
    "user-agent": "cadastre",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signatures.join(" "),
  };
  return { body: Buffer.from(body), headers };
}
