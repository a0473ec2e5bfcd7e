/** The API answered and will not take the request as it is: a 4xx that a repetition does not change. */
export class RefusedError extends Error {
  readonly status: number;
  /** The problem's `area.reason`; absent when the answer was no problem document (a proxy's page, for example). */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  /** The whole problem document, for members such as `missing`. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(request: string, status: number, problem: Readonly<Record<string, unknown>>) {
    const text = (member: string) => (typeof problem[member] === "string" ? (problem[member] as string) : undefined);
    const said = text("detail") ?? text("title") ?? "no problem document; is this the address of the API?";
    super(`${request} was answered ${status}${text("code") ? ` ${text("code")}` : ""}: ${said}`);
    this.name = "RefusedError";
    this.status = status;
    this.code = text("code");
    this.requestId = text("requestId");
    this.problem = problem;
  }
}

/** No usable answer in all attempts: no connection, a time-out, 429 or 5xx to the end, or an answer that nobody can read. */
export class UnavailableError extends Error {
  readonly status: number | undefined;

  constructor(message: string, more: { status?: number | undefined; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "UnavailableError";
    this.status = more.status;
  }
}
