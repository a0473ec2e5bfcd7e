const base = document.baseURI;
const part = (id) => document.getElementById(id);
let csrf;
let code = new URLSearchParams(location.search).get("code");

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

async function show() {
  const me = await ask("api/v1/me").catch(() => undefined);
  csrf = me?.csrf;
  if (me?.session === undefined || me.session.stepUpNeeded) return logIn();
  part("typed").hidden = code !== null;
  if (code === null) return say("");
  const login = await ask(`api/v1/auth/device?${new URLSearchParams({ code })}`).catch((error) => {
    if (error.code !== "client-login.not_found") throw error;
    part("typed").hidden = false;
    throw new Error("No login waits under this code: it has expired, or was decided.");
  });
  part("client").textContent = plain(login.clientName);
  part("who").textContent = plain(me.principal.name);
  part("from").textContent = login.address ?? "an address that is not known";
  part("shown").textContent = code;
  part("until").textContent = new Date(login.tokenExpiresAt).toLocaleString();
  part("asked").hidden = false;
  say("");
}

async function decide(verb, said) {
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
  doing(show);
});
part("approve").addEventListener("click", () =>
  doing(() => decide("approve", "It is logged in: you can go back to it.")),
);
part("deny").addEventListener("click", () => doing(() => decide("deny", "It was refused.")));
doing(show);
