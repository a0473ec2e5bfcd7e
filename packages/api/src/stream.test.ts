import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type ServerEvent, streamResponse } from "./stream.ts";

const schema = z.object({ text: z.string() });

describe("a stream of events", () => {
  it("has one line of data for each, with its id, held to the schema", async () => {
    async function* events(): AsyncGenerator<ServerEvent<unknown>> {
      yield { id: "1", data: { text: "a\nb", hidden: true } };
      yield { data: { text: "c" } };
    }
    const response = streamResponse(events(), schema);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toBe('id: 1\ndata: {"text":"a\\nb"}\n\ndata: {"text":"c"}\n\n');
  });

  it("is read no further when the client goes", async () => {
    let given = 0;
    let isEnded = false;
    async function* endless(): AsyncGenerator<ServerEvent<unknown>> {
      try {
        for (;;) yield { data: { text: String(given++) } };
      } finally {
        isEnded = true;
      }
    }
    const reader = streamResponse(endless(), schema).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect([isEnded, given < 5]).toEqual([true, true]);
  });
});
