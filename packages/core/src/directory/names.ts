import { create, put, remove, type Write } from "@cadastre/store/table";
import { canonicalName } from "./canonical-name.ts";
import { DirectoryListItem, DirectoryNameItem, type DirectoryType, LoginNameItem } from "./items.ts";

/** Whose name it is: users can log in by theirs, so it is kept for all organizations as well. */
interface Named {
  readonly type: DirectoryType;
  readonly id: string;
  readonly organization: string;
}

const login = ({ type, id, organization }: Named, name: string): Write[] =>
  type === "user" ? [put(LoginNameItem, { name, id, organization })] : [];
const noLogin = ({ type, id }: Named, name: string): Write[] =>
  type === "user" ? [remove(LoginNameItem, { name, id })] : [];

/** What makes a name and a place in the list; the first write is refused as "exists" where another of the type has the name. */
export function placeWrites(of: Named, name: string): Write[] {
  const canonical = canonicalName(name);
  const { type, id } = of;
  return [
    create(DirectoryNameItem, { type, name: canonical, id }),
    create(DirectoryListItem, { type, id }),
    ...login(of, canonical),
  ];
}

/** What gives one another name, with the same first write; nothing where the names are the same but for case and form. */
export function renameWrites(of: Named, before: string, after: string): Write[] {
  const [from, to] = [canonicalName(before), canonicalName(after)];
  if (from === to) return [];
  const { type, id } = of;
  return [
    create(DirectoryNameItem, { type, name: to, id }),
    remove(DirectoryNameItem, { type, name: from }),
    ...login(of, to),
    ...noLogin(of, from),
  ];
}

/** What takes name and place away. */
export function unplaceWrites(of: Named, name: string): Write[] {
  const canonical = canonicalName(name);
  const { type, id } = of;
  return [
    remove(DirectoryNameItem, { type, name: canonical }),
    remove(DirectoryListItem, { type, id }),
    ...noLogin(of, canonical),
  ];
}
