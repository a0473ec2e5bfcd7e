import { execFileSync } from "node:child_process";
import { decide, type Question, type Rights, type Rule } from "@cadastre/core/policies/engine";
import { toCedarType } from "@cadastre/core/policies/schema";
import { AN_ORGANIZATION, aLink, aSituation, aUser, rulesOf } from "@cadastre/core/policies/testing";
import { anAccount } from "@cadastre/core/policies/things";
import type { Benchmark, Figure } from "./figure.ts";
import { median } from "./statistics.ts";

const ENGINE = import.meta.resolve("@cadastre/core/policies/engine");
const ACTIONS = ["resources:read", "resources:write", "accounts:read", "discovery:read", "tokens:write"];
const GROUPS = 20;

const isProduction = 'resource has environment && resource.environment == "production"';

/** As an organisation writes them: each for one of its groups and one action, under a condition on the account. */
const ofGroups = (n: number) =>
  `permit (principal in Cadastre::Group::"grp_${n % GROUPS}", action == Cadastre::Action::"${ACTIONS[n % ACTIONS.length]}", resource is Cadastre::Account) when { ${isProduction} && context.strength > ${n % 7} };`;

/** As it is at worst: each one has to be looked at, whoever asks for what. */
const ofAll = (n: number) => `forbid (principal, action, resource) when { context.strength > ${n + 10} };`;

const rules = (count: number, toText: (n: number) => string): Rule[] =>
  Array.from({ length: count }, (_, n) => rulesOf(`pol_${n}`, toText(n))).flat();

const WHO = aUser("usr_1", "grp_1", "grp_5");
const VIEWER = aLink("rbd_1", "viewer", { type: toCedarType("group"), id: "grp_1" });

const question = (n: number): Question => ({
  who: WHO,
  action: ACTIONS[n % ACTIONS.length] ?? "",
  what: anAccount(AN_ORGANIZATION, { provider: "aws", account: String(n % 50), environment: "production" }),
  situation: aSituation(),
});

/** Milliseconds for one decision by the clock, and of CPU. */
function measure(rights: Rights, count: number): { readonly wall: number; readonly cpu: number } {
  for (let n = 0; n < 100; n += 1) decide(rights, question(n));
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let n = 0; n < count; n += 1) decide(rights, question(n));
  const wall = (performance.now() - started) / count;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1000 / count };
}

/** In a fresh process: what loading takes, and what the first decision takes on top. */
function measureColdStart(): { readonly load: number; readonly first: number } {
  const script = `
    const { decide } = await import(${JSON.stringify(ENGINE)});
    const uid = { type: "Cadastre::User", id: "usr_1" };
    const place = { type: "Cadastre::System", id: "system" };
    const links = [{ id: "rbd_1", role: "viewer", holder: uid, place }];
    const text = "forbid (principal, action, resource) when { context.strength > 9 };";
    const rules = [{ id: "pol_1", text, effect: "forbid", scope: { principal: {}, resource: {} }, looksAtResource: false }];
    const rights = { links, rules };
    const what = { uid: place, within: [], entities: [{ uid: place, attrs: {}, parents: [] }] };
    const asked = { who: { uid, within: [] }, action: "resources:read", what, situation: { time: new Date(), strength: 1, byToken: true } };
    const started = performance.now();
    if (!decide(rights, asked).allowed) throw new Error("denied");
    const load = performance.now() - started;
    const again = performance.now();
    decide({ ...rights, links: [{ ...rights.links[0], id: "rbd_2" }] }, asked);
    console.log(JSON.stringify({ load, first: performance.now() - again }));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  return JSON.parse(printed) as { load: number; first: number };
}

export const policies: Benchmark = {
  name: "policies",
  about:
    "decisions in process, one after the other, over 50 accounts and 5 actions; and a fresh process's first decision that turns on a condition, which loads Cedar",
  async run({ isQuick, say }) {
    say("cold start");
    const starts = Array.from({ length: isQuick ? 3 : 11 }, measureColdStart);
    const figures: Figure[] = [
      { name: "first decision of a process", value: median(starts.map(({ load }) => load)), unit: "ms" },
      {
        name: "a set of policies that was not asked before",
        value: median(starts.map(({ first }) => first)),
        unit: "ms",
      },
    ];
    for (const count of [100, 1000]) {
      for (const [name, toText] of [
        ["of groups and actions", ofGroups],
        ["about everything", ofAll],
      ] as const) {
        say(`${count} policies ${name}`);
        const rights = { links: [VIEWER], rules: rules(count, toText) };
        const { wall, cpu } = measure(rights, isQuick ? 200 : 2000);
        const label = `${count} policies ${name}`;
        figures.push(
          { name: `${label}: a decision`, value: wall, unit: "ms" },
          { name: `${label}: CPU of a decision`, value: cpu, unit: "ms" },
          { name: `${label}: decisions`, value: 1000 / wall, unit: "1/s" },
        );
      }
    }
    return figures;
  },
};
