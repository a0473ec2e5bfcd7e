import { startProcess } from "./calls.ts";
import type { Benchmark } from "./figure.ts";
import type { LoginHandlers } from "./login-process.ts";
import { median, quantile } from "./statistics.ts";

export const login: Benchmark = {
  name: "login",
  about:
    "logins by password, eight at a time, and checks of a session and of a token, one after the other, over a SQLite file",
  async run({ isQuick, directory, say }) {
    const child = startProcess<LoginHandlers>("./login-process.ts");
    try {
      say("logins, then checks");
      const sizes = isQuick ? { logins: 16, checks: 2000 } : { logins: 200, checks: 20_000 };
      const { byLogin, bySession, byToken } = await child.call("measure", { directory, ...sizes });
      return [
        { name: "logins", value: sizes.logins / byLogin.seconds, unit: "1/s" },
        { name: "a login, median", value: median(byLogin.milliseconds), unit: "ms" },
        { name: "check of a session, median", value: median(bySession.milliseconds), unit: "ms" },
        { name: "check of a session, p99", value: quantile(bySession.milliseconds, 0.99), unit: "ms" },
        { name: "check of a token, median", value: median(byToken.milliseconds), unit: "ms" },
        { name: "check of a token, p99", value: quantile(byToken.milliseconds, 0.99), unit: "ms" },
      ];
    } finally {
      await child.stop();
    }
  },
};
