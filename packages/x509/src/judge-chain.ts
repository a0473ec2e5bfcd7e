import type { X509Certificate } from "node:crypto";
import { nameProblems } from "./host-name.ts";
import { judgePath } from "./judge-path.ts";
import { orderProblems, relatedTo } from "./order.ts";
import { findPaths, type Path } from "./paths.ts";
import { type Link, type Problem, problem, toLink } from "./problem.ts";
import { createSignatureCheck } from "./signatures.ts";
import type { Trust } from "./trust.ts";
import { weaknesses } from "./weakness.ts";

interface ChainOptions {
  /** As the server sent it, its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** The host name or address that the certificate must be for. */
  readonly name: string;
  readonly trust: Trust;
  readonly now: Date;
}

export interface Judgement {
  /** The best way towards a root; empty for an empty chain. */
  readonly path: readonly X509Certificate[];
  /** Certificates of that way, and those sent that signed what is sent: what belongs to the server's, without it. */
  readonly authorities: readonly X509Certificate[];
  readonly problems: readonly Problem[];
}

const DAY_MILLISECONDS = 86_400_000;
const SOON_DAYS = 30;

/**
 * Everything that is wrong with a chain, not just the first, on the best of its ways to a root. Never throws for what a
 * certificate holds.
 */
export function judgeChain({ chain, name, trust, now }: ChainOptions): Judgement {
  const isSigned = createSignatureCheck();
  const [best] = findPaths({ chain, trust, isSigned })
    .map((path) => weigh(path, now))
    .sort(compare);
  const leaf = best?.links[0];
  if (!best || !leaf) return { path: [], authorities: [], problems: [] };
  const { links, path, problems } = best;
  const onPath = new Set(path.certificates.map((one) => one.fingerprint256));
  const related = relatedTo(chain, isSigned);
  const beside = chain.filter((one) => !onPath.has(one.fingerprint256));
  const authorities = [...path.certificates, ...beside.filter((one) => related.has(one.fingerprint256))].slice(1);
  return {
    path: path.certificates,
    authorities: [...new Map(authorities.map((one) => [one.fingerprint256, one])).values()],
    problems: unique([
      ...problems,
      ...nameProblems(leaf, name),
      ...notTrusted(links, path),
      ...(path.trusted ? endings(links, now) : []),
      ...links.flatMap((link) => (trust.has(link.certificate) && link !== leaf ? [] : weaknesses(link))),
      ...orderProblems(chain, isSigned),
      ...beside.flatMap((certificate) => expiredBeside(toLink(certificate), now)),
    ]),
  };
}

interface Weighed {
  readonly path: Path;
  readonly links: readonly Link[];
  readonly problems: readonly Problem[];
  /** When the first of its certificates ends, in milliseconds. */
  readonly endsAt: number;
}

function weigh(path: Path, now: Date): Weighed {
  const links = path.certificates.map(toLink);
  const ends = links.map((link) => link.read?.facts.notAfter.getTime() ?? Number.NEGATIVE_INFINITY);
  return { path, links, problems: judgePath(links, now), endsAt: Math.min(...ends) };
}

/** The best first: trusted, with the least against it, the longest in force. Without any root, the one that goes furthest. */
function compare(a: Weighed, b: Weighed): number {
  const length = a.links.length - b.links.length;
  if (a.path.trusted !== b.path.trusted) return a.path.trusted ? -1 : 1;
  if (!a.path.trusted && length !== 0) return -length;
  return a.problems.length - b.problems.length || Math.sign(b.endsAt - a.endsAt) || length;
}

/** A root need not be sent, so a missing one looks like an untrusted one; a lone certificate of another's making is the sure case. */
function notTrusted(links: readonly Link[], path: Path): Problem[] {
  const last = links.at(-1);
  if (path.trusted || !last) return [];
  const { read, subject } = last;
  const selfSigned = read?.facts.selfSigned ?? false;
  const issuer = read?.facts.issuer ?? JSON.stringify(last.certificate.issuer ?? "");
  if (links.length === 1) {
    return selfSigned
      ? [problem("self_signed", last, `${subject} is signed by itself and not trusted`)]
      : [problem("missing_intermediate", last, `the certificate of its issuer, ${issuer}, was not sent`)];
  }
  const root = selfSigned ? subject : issuer;
  return [problem("untrusted_root", last, `the chain ends in ${root}, which is not a trusted root`)];
}

/** What stands above the server's certificate may end first, or soon, and takes the server's with it. */
function endings(links: readonly Link[], now: Date): Problem[] {
  const [leaf, ...issuers] = links;
  const leafEnd = leaf?.read?.facts.notAfter;
  return issuers.flatMap((link) => {
    if (!link.read) return [];
    const { notAfter, subject } = link.read.facts;
    const left = notAfter.getTime() - now.getTime();
    if (left < 0) return [];
    const end = notAfter.toISOString();
    const found: Problem[] = [];
    if (leafEnd && notAfter < leafEnd) {
      const message = `${subject} ends on ${end}, before the server's certificate, which would last until ${leafEnd.toISOString()}`;
      found.push(problem("issuer_ends_first", link, message));
    }
    if (left < SOON_DAYS * DAY_MILLISECONDS) {
      found.push(problem("issuer_ends_soon", link, `${subject} ends on ${end}`));
    }
    return found;
  });
}

function expiredBeside(link: Link, now: Date): Problem[] {
  if (!link.read) return [];
  const { notAfter, subject, issuer } = link.read.facts;
  if (notAfter >= now) return [];
  const message = `${subject}, by ${issuer}, ended on ${notAfter.toISOString()} and is still sent, beside the way to the root`;
  return [problem("expired_beside_path", link, message)];
}

function unique(problems: readonly Problem[]): Problem[] {
  const byKey = new Map<string, Problem>();
  for (const one of problems) {
    const key = `${one.code} ${one.certificate.fingerprint256}`;
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}
