import { describe, expect, test } from "vitest";
import { createPace, decidePace } from "./pace.ts";

describe("the pace", () => {
  const full = { most: 20, allowed: 20, answers: 0, begunBefore: 0 };

  test("is halved by a look that strains, and those that had begun by then halve it no further", () => {
    const slowed = decidePace(full, { look: 3, begun: 20, strained: true });
    expect(slowed.allowed).toBe(10);
    expect(decidePace(slowed, { look: 19, begun: 25, strained: true })).toBe(slowed);
    expect(decidePace(slowed, { look: 20, begun: 25, strained: true }).allowed).toBe(5);
  });

  test("is never less than two at a time, or one where no more may be", () => {
    const least = (most: number, allowed: number) =>
      decidePace({ ...full, most, allowed }, { look: 0, begun: 1, strained: true }).allowed;
    expect(least(20, 3)).toBe(2);
    expect(least(20, 2)).toBe(2);
    expect(least(1, 1)).toBe(1);
  });

  test("grows by one after as many answers as may be under way, and never beyond what was asked for", () => {
    let state = { ...full, most: 4, allowed: 2 };
    const allowed = [];
    for (let look = 0; look < 9; look += 1) {
      state = decidePace(state, { look, begun: look + 1, strained: false });
      allowed.push(state.allowed);
    }
    expect(allowed).toEqual([2, 3, 3, 3, 4, 4, 4, 4, 4]);
  });
});

test("looks that strain make room for fewer, and those that answer for more", async () => {
  const pace = createPace(8);
  const under = { way: 0, most: 0 };
  const look = (strained: boolean) =>
    pace.limit(() =>
      pace.note(
        async () => {
          under.way += 1;
          under.most = Math.max(under.most, under.way);
          await new Promise(setImmediate);
          under.way -= 1;
        },
        () => strained,
      ),
    );
  await Promise.all(Array.from({ length: 8 }, () => look(true)));
  expect(under.most).toBe(8);
  under.most = 0;
  await Promise.all(Array.from({ length: 12 }, () => look(true)));
  expect(under.most).toBe(4);
  under.most = 0;
  await Promise.all(Array.from({ length: 60 }, () => look(false)));
  expect(under.most).toBe(8);
});
