/** What an answer that no cloud wrote says for itself, of which a message names the first words. */
const MOST_WORDS = 200;
/** Longer runs without a space are addresses, tokens and keys, which a page of a proxy may repeat from the request. */
const MOST_WORD = 24;

/**
 * The first words of a body that is not of the form that was asked for, such as a proxy's page: without markup, on one line, at
 * most 200 characters. What may be a secret is left out.
 */
function firstWords(body: string): string {
  const text = body
    .slice(0, 20_000)
    .replace(/<(style|script)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, " ")
    .replace(/<!--[\s\S]*?(?:-->|$)/g, " ")
    .replace(/<[^>]*(?:>|$)/g, " ")
    .replace(
      /\b(basic|bearer|negotiate|ntlm|password|passwd|token|secret|signature|credentials?|key)\b(\s*[:=]?\s+|[:=]\s*)\S+/gi,
      "$1 …",
    )
    .replace(new RegExp(`\\S{${MOST_WORD + 1},}`, "g"), "…")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return (text.length <= MOST_WORDS ? text : `${text.slice(0, MOST_WORDS - 1)}…`).toWellFormed();
}

/** `HTTP 407 (text/html): Blocked by the proxy`, of what is known of an answer. */
export function describeAnswer(answer: {
  readonly status: number;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}): string {
  const type = answer.contentType?.split(";")[0]?.trim().slice(0, 60);
  const words = firstWords(answer.body ?? "");
  const form = type ? ` (${type})` : "";
  return `HTTP ${answer.status}${form}${words ? `: ${words}` : answer.body === undefined ? "" : ", without words"}`;
}
