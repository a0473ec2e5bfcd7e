import { didYouMean } from "./did-you-mean.ts";

/** What clouds and people call a value of ours, in small letters and without blanks and dashes. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  vpc: "network",
  vnet: "network",
  subnetwork: "subnet",
  vm: "instance",
  virtualmachine: "instance",
  ec2: "instance",
  gce: "instance",
  server: "instance",
  machine: "instance",
  eni: "interface",
  nic: "interface",
  networkinterface: "interface",
  eip: "address",
  elasticip: "address",
  publicip: "address",
  externalip: "address",
  cert: "certificate",
  amazon: "aws",
  google: "gcp",
  googlecloud: "gcp",
  ssl: "tls",
  deleted: "retired",
  gone: "retired",
  all: "any",
};

const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s_-]/g, "");

/** The one of a closed set that a text names: itself, in any case, or by what others call it (`vm` is an instance). */
export function oneNamed<Name extends string>(text: string, allowed: readonly Name[]): Name | undefined {
  const name = plain(text);
  const other = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
  return allowed.find((one) => plain(one) === name) ?? allowed.find((one) => one === other);
}

/** The one of a closed set that a text most likely stands for: one that it names, also in the plural or mistyped. */
export function oneMeant<Name extends string>(text: string, allowed: readonly Name[]): Name | undefined {
  const one = oneNamed(text, allowed) ?? oneNamed(text.replace(/(?<=..)s$/i, ""), allowed);
  if (one !== undefined) return one;
  const others = Object.keys(OTHER_NAMES).filter((name) => allowed.some((known) => known === OTHER_NAMES[name]));
  const near = didYouMean(text.replace(/(?<=..)s$/i, ""), [...allowed, ...others]);
  return near === undefined ? undefined : oneNamed(near, allowed);
}

/** More than that nobody reads, and a message is cut. */
const MOST_NAMED = 20;

/** What is said of a text that is none of a closed set: what is allowed, and what was probably meant. */
export function noneOf(text: unknown, allowed: readonly string[]): string {
  const meant = typeof text === "string" ? oneMeant(text, allowed) : undefined;
  const more = allowed.length > MOST_NAMED ? ", …" : "";
  return `one of ${allowed.slice(0, MOST_NAMED).join(", ")}${more}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}
