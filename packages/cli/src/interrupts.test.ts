import { expect, test } from "vitest";
import { createInterrupts } from "./interrupts.ts";

function aProcess() {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  return {
    exits,
    on: (signal: string, listener: () => void) => listeners.set(signal, listener),
    exit: (code: number) => exits.push(code),
    send: (signal: string) => listeners.get(signal)?.(),
  };
}

test("the first interrupt is told, and the second ends the process, whichever signal it is", () => {
  const process = aProcess();
  let milliseconds = 0;
  let firsts = 0;
  createInterrupts({ process, now: () => milliseconds })(() => {
    firsts += 1;
  });
  process.send("SIGINT");
  milliseconds = 2000;
  process.send("SIGTERM");
  expect({ firsts, exits: process.exits }).toEqual({ firsts: 1, exits: [130] });
});

test("one Ctrl-C that comes from the terminal and again from those that started the command is one", () => {
  const process = aProcess();
  let milliseconds = 0;
  createInterrupts({ process, now: () => milliseconds })(() => undefined);
  for (milliseconds = 0; milliseconds < 250; milliseconds += 50) process.send("SIGINT");
  expect(process.exits).toEqual([]);
});
