import { AddressError, formatAddress, parseAddress } from "@cadastre/net/address";
import { formatPrefix, parsePrefix } from "@cadastre/net/prefix";
import { type RowProblem, rowProblem } from "../row.ts";
import type { AssignedCells, Cell } from "./assign-columns.ts";
import { type ImportRow, IP_STATUSES, type IpStatus, type RowKind } from "./records.ts";
import { readObject, readTags } from "./tags-text.ts";

/** A record of what cells say, or what is wrong with them: all of it. */
export type Read = { readonly record: ImportRow } | { readonly problems: readonly RowProblem[] };

const YES = /^(true|yes|y|1|x|on)$/i;
const NO = /^(false|no|n|0|off|)$/i;

/** Reads the cells of a row as a record of a kind. */
export function readRecord(kind: RowKind, row: number, { members, tags }: AssignedCells): Read {
  const problems: RowProblem[] = [];
  const fail = ({ column, text }: Cell, reason: string) => void problems.push(rowProblem(row, column, text, reason));

  const cellOf = (member: string) => members.get(member);
  const text = (member: string): string | undefined => cellOf(member)?.text.trim();
  const long = (member: string): string | undefined => cellOf(member)?.text;
  function read<Value>(member: string, how: (text: string) => Value | undefined, reason: string): Value | undefined {
    const cell = cellOf(member);
    if (cell === undefined) return undefined;
    const value = how(cell.text.trim());
    if (value === undefined) fail(cell, reason);
    return value;
  }
  const flag = (member: string) =>
    read(member, (cell) => (YES.test(cell) ? true : NO.test(cell) ? false : undefined), "is neither yes nor no");
  function space(member: string, how: (text: string) => string): string {
    const cell = cellOf(member) ?? { column: member, text: "" };
    try {
      return how(cell.text.trim());
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      fail(cell, error.message);
      return "";
    }
  }
  const made = (record: ImportRow): Read => (problems.length > 0 ? { problems } : { record });

  switch (kind) {
    case "prefix": {
      const prefix = space("prefix", (cell) => formatPrefix(parsePrefix(cell, { allowAddress: true })));
      const changes = [...tags].map(([name, cell]) => [name, cell.text.trim()] as const);
      return made({
        kind,
        row,
        prefix,
        name: text("name"),
        description: long("description"),
        status: read("status", toStatus, `is none of ${IP_STATUSES.join(", ")}`),
        pool: flag("pool"),
        tags: read("tags", readTags, "is not of the form name=value,name=value, or a JSON object of texts"),
        tagChanges: changes.length > 0 ? Object.fromEntries(changes) : undefined,
        vlan: read("vlan", toVlan, "is neither a VLAN's number from 1 to 4094, nor group/number, nor an id"),
        account: text("account"),
        project: text("project"),
        owner: text("owner"),
        externalId: text("externalId"),
        externalNetwork: text("externalNetwork"),
        region: text("region"),
        reserveUntil: read("reserveUntil", toTime, "is no time such as 2030-01-31T12:00:00Z"),
        attributes: read("attributes", (cell) => (cell === "" ? {} : readObject(cell)), "is no JSON object"),
      });
    }
    case "range": {
      const start = space("start", (cell) => formatAddress(parseAddress(cell)));
      const end = space("end", (cell) => formatAddress(parseAddress(cell)));
      if (start !== "" && end !== "") checkRange(start, end, (reason) => fail(cellOf("end") as Cell, reason));
      const flags = { populated: flag("populated"), utilized: flag("utilized") };
      return made({ kind, row, start, end, ...flags, name: text("name"), description: long("description") });
    }
    case "vlan": {
      const vid = read("vid", toVid, "is no VLAN's number from 1 to 4094");
      if (cellOf("vid") === undefined) fail({ column: "vid", text: "" }, "a VLAN has a number");
      return made({
        kind,
        row,
        vid: vid ?? 0,
        name: text("name"),
        group: text("group"),
        description: long("description"),
      });
    }
    case "vrf": {
      const name = text("name") ?? "";
      if (name === "") fail(cellOf("name") ?? { column: "name", text: "" }, "a VRF has a name");
      return made({ kind, row, name, rd: text("rd"), description: long("description") });
    }
  }
}

/** Nothing said is what it is by default. */
function toStatus(text: string): IpStatus | undefined {
  const status = text === "" ? "active" : text.toLowerCase();
  return IP_STATUSES.find((one) => one === status);
}

function toTime(text: string): string | undefined {
  if (text === "") return "";
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function toVid(text: string): number | undefined {
  const number = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 4094 ? number : undefined;
}

function toVlan(text: string): string | undefined {
  if (text === "" || /^vln_[0-9a-z]+$/i.test(text)) return text;
  return toVid(text.slice(text.lastIndexOf("/") + 1)) === undefined ? undefined : text;
}

function checkRange(start: string, end: string, fail: (reason: string) => void): void {
  const [first, last] = [parseAddress(start), parseAddress(end)];
  if (first.family !== last.family) fail("mixes IPv4 and IPv6 with the range's first address");
  else if (first.value > last.value) fail(`lies before the range's first address, ${start}`);
}
