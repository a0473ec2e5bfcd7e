import { describe, expect, test } from "vitest";
import { awaitDeviceToken } from "./device-login.ts";

const BEGUN = {
  device_code: "clg_x",
  user_code: "BCDF-GHJK",
  verification_uri: "https://cadastre.test/device",
  verification_uri_complete: "https://cadastre.test/device?code=BCDF-GHJK",
  expires_in: 600,
  interval: 5,
};
const refusal = (status: number, error: string, code: string) => Response.json({ error, code }, { status });
const pending = () => refusal(400, "authorization_pending", "grant.pending");
const TOKEN = { access_token: "cad_x", token_type: "Bearer", expires_in: 60, scope: "resources:read" };

/** Waits for a token at an API that answers this, one after the other and the last for ever; answers how long it has waited each time. */
function waiting(...answers: readonly (() => Response)[]) {
  const pauses: number[] = [];
  const left = [...answers];
  const fetch = async () => ((left.length > 1 ? left.shift() : left[0]) ?? pending)();
  const pause = async (milliseconds: number) => pauses.push(milliseconds);
  return { pauses, token: awaitDeviceToken({ baseUrl: "https://cadastre.test", fetch, pause }, BEGUN) };
}

describe("waiting for a device's token", () => {
  test("goes on while nobody has decided or the API is busy, and slower when it is told so", async () => {
    const slow = () => refusal(400, "slow_down", "grant.slow_down");
    const busy = () => refusal(503, "temporarily_unavailable", "service.unavailable");
    const { pauses, token } = waiting(pending, slow, busy, () => Response.json(TOKEN));
    expect(await token).toEqual({ secret: "cad_x", seconds: 60, scope: "resources:read" });
    expect(pauses).toEqual([5000, 5000, 10_000, 10_000]);
  });

  test("ends when it is refused, and after the time of the code whatever the API says", async () => {
    const refused = waiting(pending, () => refusal(400, "access_denied", "grant.denied"));
    await expect(refused.token).rejects.toMatchObject({ code: "grant.denied" });
    const endless = waiting(pending);
    await expect(endless.token).rejects.toMatchObject({ code: "grant.pending" });
    expect(endless.pauses).toHaveLength(121);
  });
});
