import type { Tag } from "@aws-sdk/client-ec2";

/** Every tag, those of AWS itself (`aws:…`) too, and the name that the tag `Name` gives. */
export function toTags(tags: readonly Tag[] | undefined): { name: string; tags: Record<string, string> } {
  const pairs = (tags ?? []).flatMap(({ Key, Value }) => (Key ? [[Key, Value ?? ""] as const] : []));
  return { name: pairs.find(([key]) => key === "Name")?.[1] ?? "", tags: Object.fromEntries(pairs) };
}
