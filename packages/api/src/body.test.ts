import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressionOf, decompress, PLAIN_BODY_BYTES, parseJson, readBody } from "./body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const post = (body: string | ReadableStream<Uint8Array>) =>
  new Request("https://x.test", { method: "POST", body, duplex: "half" } as RequestInit);

describe("reading", () => {
  it("takes a body of exactly the limit, and not one byte more", async () => {
    expect((await readBody(post("12345"), 5)).byteLength).toBe(5);
    await expect(readBody(post("123456"), 5)).rejects.toMatchObject({ code: "request.too_large" });
  });

  it("stops a stream at the limit, whatever it would still send", async () => {
    let pulled = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 10;
        controller.enqueue(new Uint8Array(10));
      },
      cancel() {
        isCancelled = true;
      },
    });
    await expect(readBody(post(endless), 100)).rejects.toMatchObject({ code: "request.too_large" });
    expect([isCancelled, pulled < 150]).toEqual([true, true]);
  });
});

describe("decompressing", () => {
  it("takes gzip and identity, in any case, and nothing else", async () => {
    const zipped = gzipSync("{}");
    for (const encoding of ["gzip", "GZIP", " gzip "])
      expect(Buffer.from(decompress(zipped, encoding)).toString()).toBe("{}");
    for (const encoding of [null, "identity"]) expect(decompress(bytes("{}"), encoding)).toEqual(bytes("{}"));
    for (const encoding of ["br", "deflate", "gzip, gzip", "zstd"]) {
      expect(() => decompress(zipped, encoding)).toThrow(expect.objectContaining({ code: "request.media_type" }));
    }
  });

  it("takes what unpacks to exactly the limit, and not one byte more", async () => {
    expect(decompress(gzipSync(Buffer.alloc(PLAIN_BODY_BYTES)), "gzip").byteLength).toBe(PLAIN_BODY_BYTES);
    expect(() => decompress(gzipSync(Buffer.alloc(PLAIN_BODY_BYTES + 1)), "gzip")).toThrow(
      expect.objectContaining({ code: "request.too_large" }),
    );
  });

  it("refuses what is cut off or is not gzip", async () => {
    for (const wrong of [gzipSync("{}").subarray(0, 12), bytes("{}"), new Uint8Array()]) {
      expect(() => decompress(wrong, "gzip")).toThrow(expect.objectContaining({ code: "request.malformed" }));
    }
  });
});

describe("parsing", () => {
  it("says where it went wrong and repeats nothing of the text", () => {
    for (const text of ['{"secret": canary}', '{"secret": "canary', '["canary" 1]', '{"canary"']) {
      let message = "";
      try {
        parseJson(bytes(text));
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain("the body is not valid JSON: ");
      expect(message).not.toContain("canary");
    }
  });
});

describe("what is wrong with a body", () => {
  const wrong = (text: string): string => {
    try {
      parseJson(bytes(text));
    } catch (error) {
      return (error as Error).message.replace("the body is not valid JSON: ", "");
    }
    return "nothing";
  };

  it.each([
    ["NaN", "at position 0 (line 1 column 1)"],
    ['{"a": NaN}', "at position 6 (line 1 column 7)"],
    ['{\n  "a": 1,\n  "b": undefined\n}', "at position 19 (line 3 column 8)"],
    ['{"a": 1}}', "at position 8 (line 1 column 9)"],
    ['{"a": 1,}', "at position 8 (line 1 column 9)"],
    [`["${"x".repeat(5000)}", Infinity]`, "at position 5005 (line 1 column 5006)"],
    ["[tr", "it ends too early"],
    [" \n", "it is empty"],
    [`["${"x".repeat(300_000)}", NaN]`, "something in it is not"],
  ])("is told by its place, where there is one: %.30s", (text, where) => {
    expect(wrong(text)).toBe(where);
  });
});

describe("a body that is nested", () => {
  it("in 100 levels is taken, in 101 refused, whatever brackets are in its texts", () => {
    for (const text of ["", "[".repeat(200), "]".repeat(200), '\\"'.repeat(3), '\\"]]', "\\\\"]) {
      const nested = (levels: number) =>
        bytes(`{"a]":{},"text":"${text}","value":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`);
      expect(parseJson(nested(100))).toMatchObject({ text: JSON.parse(`"${text}"`) });
      expect(() => parseJson(nested(101))).toThrow("nested deeper than 100 levels");
    }
  });
});

describe("the content type", () => {
  it("of gzip says that the body is compressed, without an encoding that a gateway may act upon", () => {
    expect(compressionOf(new Headers({ "content-type": "application/gzip" }))).toBe("gzip");
    expect(compressionOf(new Headers({ "content-type": "application/json" }))).toBeNull();
  });

  it.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
  ])("%s is taken", (type) => {
    expect(compressionOf(new Headers({ "content-type": type, "content-encoding": "gzip" }))).toBe("gzip");
  });

  it.each(["", "application/jsonx", "text/json", "application/json; charset=utf-16", "application/json, text/plain"])(
    "%j is refused",
    (type) => {
      const headers = new Headers(type === "" ? {} : { "content-type": type });
      expect(() => compressionOf(headers)).toThrow(expect.objectContaining({ code: "request.media_type" }));
    },
  );
});
