import * as z from "zod";
import { idSchema } from "./ids.ts";

const name = z.string().trim().min(1).max(100);

const url = z
  .url({ protocol: /^https$/, error: "an https URL" })
  .max(2000)
  .refine((text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    return parsed?.username === "" && parsed.password === "" && parsed.hash === "";
  }, "an https URL without user, password and fragment");

const host = z
  .string()
  .max(253)
  .regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*\.?|[0-9A-Fa-f:.]+)$/,
    "a host name or an address",
  );

const port = z.int().min(1).max(65_535);

/** Certificates of authorities that the receiver is verified by. */
const ca = z
  .string()
  .max(65_536)
  .regex(/^\s*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/, "certificates as PEM");

const personal = z.enum(["ids", "shown"]);

const trust = ca.optional().meta({ description: "PEM; the authorities that everybody trusts when absent" });
const said = personal.default("ids").meta({
  description: "`ids`: persons by their ids alone. `shown`: with names, addresses and programs, as the list shows them",
});

/** Members that only one type has, and of those the one that it cannot do without. */
export const FORWARDER_MEMBERS = { url: "webhook", host: "syslog", port: "syslog" } as const;
const NEEDED = { webhook: "url", syslog: "host" } as const;

export const newForwarder = z
  .strictObject({
    type: z.enum(["webhook", "syslog"]),
    name,
    url: url.optional().meta({ description: "Of a webhook, which needs it" }),
    host: host.optional().meta({ description: "Of syslog, which needs it" }),
    port: port.optional().meta({ description: "Of syslog; 6514 when absent" }),
    ca: trust,
    personal: said,
  })
  .check(({ value, issues }) => {
    const problem = (path: string, message: string) =>
      issues.push({ code: "custom", path: [path], input: value, message });
    const needed = NEEDED[value.type];
    if (value[needed] === undefined) problem(needed, `is needed for ${value.type}`);
    for (const [path, type] of Object.entries(FORWARDER_MEMBERS))
      if (value[path as keyof typeof FORWARDER_MEMBERS] !== undefined && value.type !== type)
        problem(path, `is for ${type}`);
  });
export type NewForwarder = z.output<typeof newForwarder>;

export const forwarderPatch = z.strictObject({
  name: name.optional(),
  url: url.optional().meta({ description: "Of a webhook" }),
  host: host.optional().meta({ description: "Of syslog" }),
  port: port.optional().meta({ description: "Of syslog" }),
  ca: ca.nullable().optional(),
  personal: personal.optional(),
  paused: z.boolean().optional().meta({ description: "Nothing is sent while it is; what is recorded waits" }),
});
export type ForwarderPatch = z.output<typeof forwarderPatch>;

/** Why a receiver did not take something. */
export const FORWARDING_FAULTS = [
  "forbidden_address",
  "unresolved",
  "unreachable",
  "untrusted",
  "timeout",
  "broken_off",
  "redirected",
  "refused",
  "failed",
] as const;
export type ForwardingFault = (typeof FORWARDING_FAULTS)[number];
const fault = z.enum(FORWARDING_FAULTS);

export const forwarderState = z.object({
  delivered: z.int().meta({ description: "Records that the receiver took" }),
  until: z.iso.datetime().meta({ description: "All that was sealed up to then is forwarded, or set aside" }),
  lagSeconds: z.int().meta({ description: "How long ago that is, where anything waits; else 0" }),
  waiting: z.int().meta({ description: "Checkpoints whose records are not all forwarded" }),
  deadLetters: z.int().meta({ description: "Records that the receiver refused after all attempts" }),
  failures: z.int().meta({ description: "Attempts in a row that failed" }),
  fault: fault.optional().meta({ description: "Why the last one failed" }),
  status: z.int().optional().meta({ description: "What the receiver answered then, where it speaks HTTP" }),
  retryAt: z.iso.datetime().optional(),
  test: z
    .object({
      askedAt: z.iso.datetime(),
      doneAt: z.iso.datetime().optional(),
      fault: fault.optional(),
      status: z.int().optional(),
    })
    .optional()
    .meta({ description: "The last test: sent when it has `doneAt`, and taken when it has no `fault`" }),
});

/** Where the audit log of an organization is sent to. */
export const forwarder = z.object({
  id: idSchema("forwarder"),
  name,
  type: z.enum(["webhook", "syslog"]),
  url: url.optional(),
  host: host.optional(),
  port: port.optional(),
  ca: ca.optional(),
  personal,
  paused: z.boolean(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
  state: forwarderState,
});
export type Forwarder = z.output<typeof forwarder>;

const secret = z
  .string()
  .meta({ description: "What messages are signed with (whsec_…), shown only here and never again" });

export const createdForwarder = forwarder.extend({ secret: secret.optional() });
export type CreatedForwarder = z.output<typeof createdForwarder>;

export const rotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .meta({ description: "How long messages are signed with the old secret, too" }),
});
export type Rotation = z.output<typeof rotation>;

export const rotatedForwarder = z.object({ id: idSchema("forwarder"), secret, oldUntil: z.iso.datetime() });
export type RotatedForwarder = z.output<typeof rotatedForwarder>;

/** A record that a receiver refused. */
export const forwarderLetter = z.object({
  record: idSchema("audit"),
  at: z.iso.datetime().meta({ description: "Of the record" }),
  failedAt: z.iso.datetime(),
  attempts: z.int(),
  fault,
  status: z.int().optional(),
});
export type ForwarderLetter = z.output<typeof forwarderLetter>;
