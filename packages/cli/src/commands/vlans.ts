import { VLAN_STATUSES, type Vlan, type VlanGroup } from "@cadastre/contract/addresses/vlan";
import type { Command } from "commander";
import { choice, several, wholeNumber, withExamples, withPaging } from "../arguments.ts";
import { type Cli, openClient, optionsOf } from "../cli.ts";
import { UsageError } from "../exit-codes.ts";
import { findSpaceId } from "../find-named.ts";
import { printList } from "../output/list.ts";
import { printOne } from "../output/one.ts";
import type { Column } from "../output/table.ts";
import { neutralise } from "../output/text.ts";

const SPACE = "by its id, spc_…, or its name";
const GROUP = "by its id, vlg_…";
const MOST_VID = 4094;

const GROUP_COLUMNS: readonly Column<VlanGroup>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "NAME", value: (one) => one.name },
  {
    title: "IDS",
    value: (one) => one.ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(","),
  },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

const COLUMNS: readonly Column<Vlan>[] = [
  { title: "ID", value: (one) => one.id },
  { title: "VID", value: (one) => one.vid },
  { title: "NAME", value: (one) => one.name },
  { title: "STATUS", value: (one) => one.status },
  { title: "GROUP", value: (one) => one.group, optional: true },
  { title: "DESCRIPTION", value: (one) => one.description, shape: "text", optional: true },
];

interface SaidOfGroup {
  readonly name?: string;
  readonly description?: string;
  readonly range?: readonly string[];
}

/** `100-199`, or `100` alone. Throws UsageError. */
function toRange(text: string): { from: number; to: number } {
  const [, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text) ?? [];
  if (from === undefined) throw new UsageError(`${JSON.stringify(text)} is no range of ids: 100-199`);
  return { from: Number(from), to: Number(to) };
}

const saidOfGroup = ({ name, description, range }: SaidOfGroup) => ({
  ...(name === undefined ? {} : { name }),
  ...(description === undefined ? {} : { description }),
  ...(range === undefined ? {} : { ranges: range.map(toRange) }),
});

const withSaidOfGroup = (command: Command): Command =>
  command
    .option("--description <text>")
    .option("--range <from-to>", "ids that its VLANs have, such as 100-199; may be given again", several);

/** Adds `vlan-groups` to the program. */
export function addVlanGroups(program: Command, cli: Cli): void {
  const groups = program.command("vlan-groups").description("groups of VLANs, in each of which an id is there once");
  withPaging(groups.command("list").description("groups of an address space, oldest first"))
    .argument("<space>", SPACE)
    .action(async (space: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      const items = (limit: number) => client.vlanGroups.list.all({ spaceId, limit });
      await printList({ ...cli, options, columns: GROUP_COLUMNS, noun: "groups of VLANs", items });
    });
  groups
    .command("show")
    .description("one group")
    .argument("<space>", SPACE)
    .argument("<group>", GROUP)
    .action(async (space: string, groupId: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      await printOne(cli.stdout, options, await client.vlanGroups.get({ spaceId, groupId }));
    });
  withExamples(
    withSaidOfGroup(groups.command("add").description("make a group"))
      .argument("<space>", SPACE)
      .argument("<name>")
      .action(async (space: string, name: string, _: unknown, command: Command) => {
        const options = optionsOf<SaidOfGroup>(command);
        const said = saidOfGroup(options);
        const client = openClient(cli, options);
        const spaceId = await findSpaceId(client, space);
        await printOne(cli.stdout, options, await client.vlanGroups.create({ spaceId, ...said, name }));
      }),
    "vlan-groups add production Frankfurt --range 100-199 --range 300",
  );
  withSaidOfGroup(groups.command("set").description("change what is said of a group; all else stays"))
    .argument("<space>", SPACE)
    .argument("<group>", GROUP)
    .option("--name <name>", "another name")
    .action(async (space: string, groupId: string, _: unknown, command: Command) => {
      const options = optionsOf<SaidOfGroup>(command);
      const said = saidOfGroup(options);
      if (Object.keys(said).length === 0)
        throw new UsageError("nothing to change", "`cadastre vlan-groups set --help` has what can be said of one");
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      const { name, description, ranges, version } = await client.vlanGroups.get({ spaceId, groupId });
      const next = { name, description, ranges, ...said };
      await printOne(cli.stdout, options, await client.vlanGroups.replace({ spaceId, groupId, version, ...next }));
    });
  groups
    .command("remove")
    .description("remove a group that has no VLANs")
    .argument("<space>", SPACE)
    .argument("<group>", GROUP)
    .action(async (space: string, groupId: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.vlanGroups.delete({ spaceId: await findSpaceId(client, space), groupId });
      await cli.stderr.write(`removed ${neutralise(groupId)}\n`);
    });
}

interface Said {
  readonly name?: string;
  readonly description?: string;
  readonly status?: Vlan["status"];
  readonly group?: string;
  readonly vid?: number;
}

/** What options say of a VLAN; an empty group is none. */
const saidBy = ({ name, description, status, group, vid }: Said) => ({
  ...(name === undefined ? {} : { name }),
  ...(description === undefined ? {} : { description }),
  ...(status === undefined ? {} : { status }),
  ...(group === undefined ? {} : { group: group || undefined }),
  ...(vid === undefined ? {} : { vid }),
});

const withSaid = (command: Command): Command =>
  command
    .option("--name <name>")
    .option("--description <text>")
    .addOption(choice("--status <status>", "active, unless it is said", VLAN_STATUSES));

/** Adds `vlans` to the program. */
export function addVlans(program: Command, cli: Cli): void {
  const vlans = program.command("vlans").description("VLANs of an address space");
  withPaging(vlans.command("list").description("VLANs by their ids, those in no group first"))
    .argument("<space>", SPACE)
    .option("--group <group>", "only those of this group, vlg_…")
    .action(async (space: string, _: unknown, command: Command) => {
      const options = optionsOf<{ group?: string }>(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      const items = (limit: number) => client.vlans.list.all({ spaceId, group: options.group, limit });
      await printList({ ...cli, options, columns: COLUMNS, noun: "VLANs", items });
    });
  vlans
    .command("show")
    .description("one VLAN")
    .argument("<space>", SPACE)
    .argument("<vlan>", "by its id, vln_…")
    .action(async (space: string, vlanId: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      await printOne(cli.stdout, options, await client.vlans.get({ spaceId, vlanId }));
    });
  withExamples(
    withSaid(
      vlans.command("add").description("make a VLAN: with an id of one's choice, or the next free one of a group"),
    )
      .argument("<space>", SPACE)
      .option("--vid <vid>", "its id; the next free one of the group without it", wholeNumber(1, MOST_VID))
      .option("--group <group>", "the group that it is in, vlg_…")
      .action((space: string, _: unknown, command: Command) => add(cli, space, command)),
    "vlans add production --vid 100 --name shop",
    "vlans add production --group vlg_01JD0000000000000000000000 --name shop",
  );
  withSaid(vlans.command("set").description("change what is said of a VLAN; all else stays"))
    .argument("<space>", SPACE)
    .argument("<vlan>", "by its id, vln_…")
    .option("--vid <vid>", "another id", wholeNumber(1, MOST_VID))
    .option("--group <group>", "another group, vlg_…; none when empty")
    .action(async (space: string, vlanId: string, _: unknown, command: Command) => {
      const options = optionsOf<Said>(command);
      const said = saidBy(options);
      if (Object.keys(said).length === 0)
        throw new UsageError("nothing to change", "`cadastre vlans set --help` has what can be said of one");
      const client = openClient(cli, options);
      const spaceId = await findSpaceId(client, space);
      const { vid, group, name, status, description, version } = await client.vlans.get({ spaceId, vlanId });
      const next = { vid, group, name, status, description, ...said };
      await printOne(cli.stdout, options, await client.vlans.replace({ spaceId, vlanId, version, ...next }));
    });
  vlans
    .command("remove")
    .description("remove a VLAN that no prefix is on")
    .argument("<space>", SPACE)
    .argument("<vlan>", "by its id, vln_…")
    .action(async (space: string, vlanId: string, _: unknown, command: Command) => {
      const client = openClient(cli, optionsOf(command));
      await client.vlans.delete({ spaceId: await findSpaceId(client, space), vlanId });
      await cli.stderr.write(`removed ${neutralise(vlanId)}\n`);
    });
}

async function add(cli: Cli, space: string, command: Command): Promise<void> {
  const options = optionsOf<Said>(command);
  const { vid, group: groupId, ...said } = saidBy(options);
  if (vid === undefined && groupId === undefined)
    throw new UsageError("say which", "--vid is an id of one's choice, --group takes the next free one of a group");
  const client = openClient(cli, options);
  const spaceId = await findSpaceId(client, space);
  if (vid !== undefined)
    return printOne(cli.stdout, options, await client.vlans.create({ spaceId, vid, group: groupId, ...said }));
  const { items } = await client.vlanGroups.allocate({ spaceId, groupId: groupId as string, ...said });
  const [one] = items;
  if (one) await printOne(cli.stdout, options, one);
}
