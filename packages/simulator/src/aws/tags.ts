import type { Tag } from "@aws-sdk/client-ec2";

const roles = [
  "web",
  "api",
  "worker",
  "db",
  "cache",
  "batch",
  "proxy",
  "build",
  "vpn",
  "データ",
  "café",
  "поиск",
  "🚀rocket",
];
const environments = ["prod", "prod", "prod", "stage", "dev", "test"];
const teams = ["payments", "platform", "search", "identity", "R&D", "Größe", "客户"];

/** Values that must survive the way through XML: markup, quotes, both line ends of a pair, a lone backslash, astral characters. */
const awkward = [
  '<script>alert("x")</script>',
  "a & b && c",
  `'single' "double"`,
  "]]> <![CDATA[",
  "C:\\temp\\new",
  "𝔘𝔫𝔦 ❤️ عربى",
];

/**
 * The tags of a machine from 8 random bytes: most have a name, an environment and a team; some have none, some have a value
 * that is hard to write down, and some belong to an auto scaling group.
 */
export function machineTags(bytes: Uint8Array, number: number): readonly Tag[] {
  const byte = (index: number) => bytes[index] ?? 0;
  const from = <T>(list: readonly T[], index: number) => list[byte(index) % list.length] as T;
  if (byte(0) < 8) return [];
  const environment = from(environments, 1);
  const tags: Tag[] = [
    { Key: "Name", Value: `${from(roles, 2)}-${environment}-${number.toString().padStart(4, "0")}` },
    { Key: "env", Value: environment },
  ];
  if (byte(3) < 220) tags.push({ Key: "team", Value: from(teams, 4) });
  if (byte(5) < 8) tags.push({ Key: "note", Value: from(awkward, 6) });
  if (byte(5) > 230) tags.push({ Key: "empty", Value: "" });
  if (byte(7) < 64) tags.push({ Key: "aws:autoscaling:groupName", Value: `asg-${from(roles, 2)}-${environment}` });
  return tags;
}

export function named(name: string, ...rest: readonly Tag[]): readonly Tag[] {
  return [{ Key: "Name", Value: name }, ...rest];
}

/** What an object must not inherit: the tags of another account's resource stay hidden from whoever only uses it. */
export const noTags: readonly Tag[] = [];
