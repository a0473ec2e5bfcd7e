import width from "string-width";
import { describe, expect, test } from "vitest";
import { type Column, fitWidths, renderTable } from "./table.ts";
import { aScreen } from "./testing.ts";

interface Row {
  readonly id: string;
  readonly count: number;
  readonly note: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "ID", value: (row) => row.id, shape: "id" },
  { title: "COUNT", value: (row) => row.count, align: "right", style: () => "green" },
  { title: "NOTE", value: (row) => row.note, shape: "text" },
];
const LONG: Row = {
  id: "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0123456789abcdef0",
  count: 12,
  note: "the region did not answer in time and nothing of it is retired",
};

describe("in a pipe", () => {
  test("every value is whole and on one line, without colours", () => {
    const text = renderTable(COLUMNS, [LONG, { id: "a", count: 3, note: "" }], aScreen());
    expect(text.split("\n")).toEqual([
      `${"ID".padEnd(LONG.id.length)}  COUNT  NOTE`,
      `${LONG.id}     12  ${LONG.note}`,
      `${"a".padEnd(LONG.id.length)}      3`,
      "",
    ]);
  });

  test("a cell can neither colour, nor break the line, nor move the cursor", () => {
    const row = { id: "a\nb", count: 1, note: "\u001b[2J\u001b[31mred" };
    expect(renderTable(COLUMNS, [row], aScreen()).split("\n")).toEqual([
      "ID        COUNT  NOTE",
      "a\\u000ab      1  \\u001b[2J\\u001b[31mred",
      "",
    ]);
  });
});

describe("on a terminal", () => {
  test.each([40, 60, 80, 120])("of %i columns no line is wider", (columns) => {
    const text = renderTable(
      COLUMNS,
      [LONG, { id: "네트워크-네트워크-네트워크-네트워크", count: 1, note: "短い" }],
      aScreen({ columns }),
    );
    for (const line of text.split("\n")) expect(width(line)).toBeLessThanOrEqual(columns);
  });

  test("long ids keep both ends and texts are wrapped, so that every word is there", () => {
    const text = renderTable(COLUMNS, [LONG], aScreen({ columns: 60 }, { NO_COLOR: "1" }));
    expect(text).toMatch(/^arn:\S*…\S*cdef0 /m);
    for (const word of LONG.note.split(" ")) expect(text).toContain(word);
  });

  test("colours are used unless NO_COLOR is set or the terminal is dumb", () => {
    const text = (env: Record<string, string>) => renderTable(COLUMNS, [LONG], aScreen({ columns: 80 }, env));
    expect(text({})).toContain("\u001b[32m12");
    expect(text({ NO_COLOR: "1" })).not.toContain("\u001b");
    expect(text({ TERM: "dumb" })).not.toContain("\u001b");
  });
});

test("a column without values is left out when it is optional", () => {
  const columns = COLUMNS.map((column) => ({ ...column, optional: true }));
  expect(renderTable(columns, [{ id: "a", count: 1, note: "" }], aScreen())).toBe("ID  COUNT\na       1\n");
});

test("texts give up width before ids, and columns without a shape last, the widest first", () => {
  const columns = [
    { natural: 50, shape: "text" },
    { natural: 20, shape: undefined },
    { natural: 30, shape: "id" },
  ] as const;
  expect(fitWidths(columns, 200)).toEqual([50, 20, 30]);
  expect(fitWidths(columns, 84)).toEqual([30, 20, 30]);
  expect(fitWidths(columns, 64)).toEqual([24, 20, 16]);
  expect(fitWidths(columns, 40)).toEqual([8, 20, 8]);
  expect(fitWidths(columns, 16)).toEqual([4, 4, 4]);
});

test("a clipped text stays on its line", () => {
  const columns: Column<Row>[] = [{ title: "NOTE", value: (row) => row.note, shape: "clip" }];
  expect(renderTable(columns, [LONG], aScreen({ columns: 20 }, { NO_COLOR: "1" }))).toBe(
    "NOTE\nthe region did not …\n",
  );
});
