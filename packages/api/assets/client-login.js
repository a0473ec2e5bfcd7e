const base = document.baseURI;
const part = (id) => document.getElementById(id);
let csrf;
const asked = new URLSearchParams(location.search);
/** What the command on this computer asks for; undefined where a device shows a code. */
const authorization = asked.has("redirect_uri") ? authorizationOf(asked) : undefined;
let code = asked.get("code");

/** What it asks for by the names of the API, of which it decides what is right. */
function authorizationOf(query) {
  const names = [
    "response_type",
    "client_id",
    "client_name",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
  ];
  const given = names.filter((name) => query.has(name));
  const toName = (name) => name.replaceAll(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(given.map((name) => [toName(name), query.get(name)]));
}

const say = (text) => {
  part("said").textContent = text;
};

/** Characters that would show a text as another one: of controls and directions nothing is left. */
const plain = (text) => text.replaceAll(/[\p{C}\p{Z}]+/gu, " ");

async function ask(path, body) {
  const response = await fetch(
    new URL(path, base),
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json", "x-csrf-token": csrf },
          body: JSON.stringify(body),
        },
  );
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.detail ?? answer.title), { code: answer.code });
}

/** Where nobody is logged in, or a second factor is due, one does that first, and comes back. */
function logIn() {
  const here = new URL(location.href);
  if (code !== null) here.searchParams.set("code", code);
  const second = csrf === undefined ? {} : { second: "" };
  location.replace(new URL(`login?${new URLSearchParams({ returnTo: here.pathname + here.search, ...second })}`, base));
}

async function showRequest() {
  const me = await ask("api/v1/me").catch(() => undefined);
  csrf = me?.csrf;
  if (me?.session === undefined || me.session.stepUpNeeded) return logIn();
  part("who").textContent = plain(me.principal.name);
  if (authorization)
    return showAsked({ clientName: authorization.clientName ?? "a client without a name", address: "this computer" });
  part("typed").hidden = code !== null;
  if (code === null) return say("");
  const login = await ask(`api/v1/auth/device?${new URLSearchParams({ code })}`).catch((error) => {
    if (error.code !== "client-login.not_found") throw error;
    part("typed").hidden = false;
    throw new Error("No login waits under this code: it has expired, or was decided.");
  });
  showAsked(login);
}

function showAsked({ clientName, address = "an address that is not known", tokenExpiresAt }) {
  part("client").textContent = plain(clientName);
  part("from").textContent = address;
  part("shown").textContent = code ?? "";
  part("coded").hidden = authorization !== undefined;
  part("coding").hidden = authorization !== undefined;
  part("until").textContent =
    tokenExpiresAt === undefined ? "for half a day" : `until ${new Date(tokenExpiresAt).toLocaleString()}`;
  part("asked").hidden = false;
  say("");
}

async function decide(verb, said) {
  if (authorization) {
    const path = verb === "approve" ? "api/v1/auth/authorize" : "api/v1/auth/authorize/refuse";
    const { redirectTo } = await ask(path, authorization);
    return location.replace(redirectTo);
  }
  await ask(`api/v1/auth/device/${verb}`, { code });
  part("asked").hidden = true;
  say(said);
}

const doing = (work) => {
  say("…");
  work().catch((error) => say(error instanceof TypeError ? "The service does not answer. Try again." : error.message));
};

part("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  code = part("code").value.trim().toUpperCase();
  doing(showRequest);
});
part("approve").addEventListener("click", () =>
  doing(() => decide("approve", "It is logged in: you can go back to it.")),
);
part("deny").addEventListener("click", () => doing(() => decide("deny", "It was refused.")));
doing(showRequest);
