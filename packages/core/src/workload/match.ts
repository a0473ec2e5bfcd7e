/** Whether a text is what a pattern says; `*` stands for any characters, none among them. Linear but for what lies between two stars. */
function matchesPart(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Whether a claim is what a pattern says, whole. A star goes over everything but a colon, which separates the parts of what platforms
 * say (`repo:acme/infra:ref:refs/heads/main`): no part can spill into the next one.
 */
export function matches(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.split(":"), text.split(":")];
  return wanted.length === given.length && wanted.every((part, at) => matchesPart(part, given[at] ?? ""));
}
