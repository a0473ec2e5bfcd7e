import { resolve } from "node:path";
import { expect, test } from "vitest";
import { spoolDirectory } from "./spool-directory.ts";

const API = "https://cadastre.example.org:8443/base";
const KEY = "0123456789abcdef0123456789abcdef";
const FOLDER = "cadastre.example.org_8443_base-0123456789abcdef";

test("runs wait in the given directory, else in the user's state directory, else below the working directory", () => {
  expect(spoolDirectory("/spool", {}, API, KEY)).toBe(`/spool/${FOLDER}`);
  expect(spoolDirectory(undefined, { XDG_STATE_HOME: "/state", HOME: "/home/x" }, API, KEY)).toBe(
    `/state/cadastre/spool/${FOLDER}`,
  );
  expect(spoolDirectory(undefined, { HOME: "/home/x" }, API, KEY)).toBe(
    `/home/x/.local/state/cadastre/spool/${FOLDER}`,
  );
  expect(spoolDirectory(undefined, {}, API, KEY)).toBe(resolve(`.cadastre/spool/${FOLDER}`));
});

test("another API and another key have another folder", () => {
  const folders = [
    spoolDirectory("/s", {}, API, KEY),
    spoolDirectory("/s", {}, "http://127.0.0.1:8787", KEY),
    spoolDirectory("/s", {}, API, "f".repeat(64)),
  ];
  expect(new Set(folders).size).toBe(3);
});
