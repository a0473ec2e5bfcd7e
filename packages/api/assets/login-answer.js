// What the provider has sent goes into one request and does not stay in the address.
const response = location.search.slice(1);
history.replaceState(null, "", location.pathname);

const provider = location.pathname.split("/").at(-1);
const home = new URL("../", document.baseURI);
/** What the state of one begins with who is logged in and adds an identity: that needs the session. */
const isLink = (new URLSearchParams(response).get("state") ?? "").startsWith("link.");

const say = (text) => {
  document.getElementById("said").textContent = text;
};

async function ask(path, init) {
  const answered = await fetch(new URL(path, home), init);
  const answer = await answered.json();
  if (!answered.ok) throw new Error(answer.detail ?? answer.title);
  return answer;
}

async function finish() {
  const { csrf } = isLink ? await ask("api/v1/me") : {};
  const answer = await ask(
    `api/v1/auth/providers/${encodeURIComponent(provider)}/${isLink ? "finish-link" : "finish"}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...(csrf === undefined ? {} : { "x-csrf-token": csrf }) },
      body: JSON.stringify({ response }),
    },
  );
  const { returnTo, stepUpNeeded } = answer;
  const onward = returnTo === undefined ? {} : { returnTo };
  if (stepUpNeeded)
    return location.replace(new URL(`login?${new URLSearchParams({ second: "due", ...onward })}`, home));
  // The service answers nothing but a path of its own.
  location.replace(returnTo === undefined ? home : new URL(returnTo, home));
}

finish().catch((error) => say(error instanceof TypeError ? "The service does not answer. Try again." : error.message));
