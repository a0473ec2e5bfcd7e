import { expect } from "vitest";
import { EnvironmentError } from "./read.ts";

/** What every collector's environment has. */
export const COLLECTOR = {
  CADASTRE_API: "https://cadastre.example.org",
  COLLECTOR_NAME: "aws",
  SIGNING_KEY_ID: "alias/a",
};

/** What reading an environment is refused with. */
export const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as Error).message;
  }
  throw new Error("it was accepted");
};
