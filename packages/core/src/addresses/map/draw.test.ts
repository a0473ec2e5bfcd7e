import { prefixInterval } from "@cadastre/net/interval";
import { parsePrefix } from "@cadastre/net/prefix";
import { expect, test } from "vitest";
import { NO_LAYERS } from "../tree/layers.ts";
import { drawMap } from "./draw.ts";

const content = (prefix: string, layers: Partial<Record<keyof typeof NO_LAYERS, string[]>>) => ({
  at: parsePrefix(prefix),
  layers: {
    ...NO_LAYERS,
    ...Object.fromEntries(
      Object.entries(layers).map(([name, texts]) => [name, texts.map((text) => prefixInterval(parsePrefix(text)))]),
    ),
  },
});
const draw = (prefix: string, contents: ReturnType<typeof content>[], cells: number) =>
  drawMap(parsePrefix(prefix), contents, cells);

test("a map of nothing is free", () => {
  expect(draw("10.0.0.0/30", [], 4)).toEqual(Array(4).fill({ free: 1 }));
  expect(draw("::/0", [], 2)).toEqual([{ free: 1 }, { free: 1 }]);
});

test("prefixes with something in them are drawn by that, others whole, reserved ones apart", () => {
  const contents = [
    content("10.0.0.0/24", { planned: ["10.0.0.0/25", "10.0.0.128/26"], reserved: ["10.0.0.128/26"] }),
    content("10.0.0.0/25", { planned: ["10.0.0.0/27"] }),
    content("10.0.0.0/27", {}),
  ];
  expect(draw("10.0.0.0/24", contents, 4)).toEqual([
    { free: 0.5, planned: 0.5 },
    { free: 1 },
    { reserved: 1 },
    { free: 1 },
  ]);
});

test("what is seen in no prefix is observed, and conflicting where something is planned in it", () => {
  const contents = [content("10.0.0.0/24", { planned: ["10.0.0.0/26"], observed: ["10.0.0.0/25"] })];
  expect(draw("10.0.0.0/24", contents, 4)).toEqual([{ conflicting: 1 }, { observed: 1 }, { free: 1 }, { free: 1 }]);
});

test("ranges are planned; the least share is not nothing, and what is not all is not 1", () => {
  const [one, other] = draw(
    "10.0.0.0/7",
    [
      content("10.0.0.0/7", {
        populated: ["10.0.0.0/32"],
        planned: ["11.0.0.0/9", "11.128.0.0/10"],
        observed: ["11.255.255.255/32"],
      }),
    ],
    2,
  );
  expect(one).toEqual({ free: 0.9999, planned: 0.0001 });
  expect(other).toEqual({ free: 0.2499, planned: 0.75, observed: 0.0001 });
  const v6 = draw("2001:db8::/32", [content("2001:db8::/32", { planned: ["2001:db8::/128"] })], 1);
  expect(v6).toEqual([{ free: 0.9999, planned: 0.0001 }]);
});
