import { createScreen, type Screen } from "./screen.ts";

/** For tests: a screen that keeps what is written. */
export function aScreen(
  terminal?: { readonly columns: number; readonly rows?: number },
  env: Readonly<Record<string, string>> = {},
): Screen & { readonly written: () => string } {
  let text = "";
  const stream = {
    ...(terminal ? { isTTY: true, columns: terminal.columns, rows: terminal.rows ?? 24 } : {}),
    write(chunk: string, done: () => void) {
      text += chunk;
      done();
      return true;
    },
  };
  return Object.defineProperties(
    { written: () => text },
    Object.getOwnPropertyDescriptors(createScreen(stream, env)),
  ) as Screen & { readonly written: () => string };
}
