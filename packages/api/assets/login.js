const base = document.baseURI;
const asked = new URLSearchParams(location.search);

/** Where to go on: a path of this origin and nothing else, whatever the address says; the first page when there is none. */
function pathOf(text) {
  const home = new URL("./", base);
  if (text === null || !/^\/(?![/\\])[^\\]*$/.test(text)) return home.href;
  const url = URL.canParse(text, base) ? new URL(text, base) : home;
  return url.origin === home.origin ? url.href : home.href;
}

const part = (id) => document.getElementById(id);
const value = (id) => part(id).value;
let csrf;

const say = (text) => {
  part("said").textContent = text;
};

async function post(path, body) {
  const response = await fetch(new URL(path, base), {
    method: "POST",
    headers: { "content-type": "application/json", ...(csrf === undefined ? {} : { "x-csrf-token": csrf }) },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title);
  csrf = answer.csrf ?? csrf;
  return answer;
}

function goOn({ stepUpNeeded, methods = [] }) {
  if (!stepUpNeeded) return location.replace(pathOf(asked.get("returnTo")));
  part("form").hidden = true;
  part("providers").hidden = true;
  if (methods.length === 0)
    return say("A second factor is due and you have none yet: enrol one, see the documentation.");
  part("second").hidden = false;
  part("by-passkey").hidden = !methods.includes("passkey");
  part("by-code").hidden = methods.every((one) => one === "passkey");
  say("A second factor is due.");
}

async function logIn() {
  const organization = asked.get("organization");
  const body = { userName: value("name").trim(), password: value("password") };
  goOn(await post("api/v1/auth/login", { ...body, ...(organization === null ? {} : { organization }) }));
}

async function prove(proof) {
  await post("api/v1/auth/step-up", proof);
  goOn({});
}

async function provePasskey() {
  const options = await post("api/v1/auth/passkey-challenge", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const assertion = await navigator.credentials.get({ publicKey });
  await prove({ assertion: assertion.toJSON() });
}

/** Has the browser go to a provider; where people log in under another name of this service, there. */
async function goTo({ id }, origin) {
  if (origin !== undefined && origin !== location.origin)
    return location.assign(new URL(`/login${location.search}`, origin));
  const returnTo = new URL(pathOf(asked.get("returnTo")));
  const { url } = await post(`api/v1/auth/providers/${id}/begin`, { returnTo: returnTo.pathname + returnTo.search });
  location.assign(url);
}

async function showProviders() {
  const organization = asked.get("organization");
  const query = organization === null ? "" : `?${new URLSearchParams({ organization })}`;
  const { items = [], origin } = await (await fetch(new URL(`api/v1/auth/providers${query}`, base))).json();
  const buttons = items.map((provider) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.provider = provider.id;
    button.textContent = `Log in by ${provider.name}`;
    button.addEventListener("click", () => doing(() => goTo(provider, origin)));
    return button;
  });
  part("providers").replaceChildren(...buttons);
}

/** Who comes back from a provider goes on with the second factor that is due. */
async function showSecond() {
  const answered = await fetch(new URL("api/v1/me", base));
  if (!answered.ok) return;
  const { csrf: told, session } = await answered.json();
  csrf = told;
  goOn(session);
}

const doing = (work) => {
  say("…");
  work().catch((error) => say(error instanceof TypeError ? "The service does not answer. Try again." : error.message));
};

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  doing(logIn);
});
part("second").addEventListener("submit", (event) => {
  event.preventDefault();
  doing(() => prove({ code: value("code") }));
});
part("passkey").addEventListener("click", () => doing(provePasskey));
showProviders().catch(() => say("The service does not answer. Try again."));
if (asked.has("second")) showSecond().catch(() => undefined);
