const KEY = "cadastre.token";
const STATUS = new URL("api/v1/discovery/status", document.baseURI).href;

const part = (id) => document.getElementById(id);
const form = part("access");
const field = part("token");
const forget = part("forget");
const more = part("more");
let cursor;

function cell(text, { count, status } = {}) {
  const made = document.createElement("td");
  // Text only: what clouds and collectors call things is never read as HTML.
  made.textContent = text;
  if (count) made.className = "count";
  if (status) made.dataset.status = status;
  return made;
}

const time = (iso) => (iso ? new Date(iso).toLocaleString() : "never");

function remarks(scope) {
  const errors = scope.errors.map((error) => `${error.code}: ${error.message}`);
  const missing = scope.missing > 0 ? [`${scope.missing} missing`] : [];
  const held = scope.hold ? [`waits for a decision on ${scope.hold}`] : [];
  return [...errors, ...missing, ...held].join("; ");
}

function row(scope) {
  const made = document.createElement("tr");
  made.append(
    cell(`${scope.provider}/${scope.account}/${scope.region}/${scope.kind}`),
    cell(scope.source),
    cell(scope.status, { status: scope.status }),
    cell(String(scope.resources), { count: true }),
    cell(time(scope.lastRunAt)),
    cell(time(scope.lastSuccessAt)),
    cell(remarks(scope)),
  );
  return made;
}

function say(text) {
  part("message").textContent = text;
}

function hide() {
  part("scopes").replaceChildren();
  part("result").hidden = true;
  more.hidden = true;
}

function signOut(reason) {
  sessionStorage.removeItem(KEY);
  forget.hidden = true;
  hide();
  say(reason);
}

async function load(from) {
  const token = sessionStorage.getItem(KEY);
  if (token === null) return;
  if (from === undefined) hide();
  say("Loading…");
  const url = new URL(STATUS);
  url.searchParams.set("limit", "200");
  if (from !== undefined) url.searchParams.set("cursor", from);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  const answer = await response.json();
  if (!response.ok) {
    if (response.status === 401) signOut(`Not accepted: ${answer.title}.`);
    else say(`Not shown: ${answer.title}. ${answer.detail} (${answer.requestId})`);
    return;
  }
  part("scopes").append(...answer.items.map(row));
  const count = part("scopes").childElementCount;
  part("result").hidden = count === 0;
  cursor = answer.cursor;
  more.hidden = cursor === undefined;
  forget.hidden = false;
  say(count === 0 ? "No collector has reported yet." : `${count} scopes${cursor === undefined ? "" : ", and more"}.`);
}

function show(from) {
  load(from).catch(() => say("The API did not answer. Try again."));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, field.value.trim());
  field.value = "";
  show();
});
forget.addEventListener("click", () => signOut("The token is forgotten."));
more.addEventListener("click", () => show(cursor));
show();
