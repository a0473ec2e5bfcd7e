import { expect, it } from "vitest";
import { createProblemList } from "./problem-list.ts";
import { rowProblem } from "./row.ts";

it("lists the first of what is wrong, and counts all of it", () => {
  const list = createProblemList(3);
  const wrong = (row: number) => rowProblem(row, "prefix", "x".repeat(1_000), "is wrong");
  list.add([wrong(2), wrong(3)]);
  list.add([wrong(4), wrong(5)]);
  list.add([wrong(6)]);
  const { problems, count } = list.list();
  expect([problems.map(({ row }) => row), count]).toEqual([[2, 3, 4], 5]);
  expect(problems[0]?.value).toHaveLength(201);
});
