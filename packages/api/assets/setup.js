// The secret stands behind the #, which no browser sends: it goes nowhere but into the one request below.
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const said = document.getElementById("said");
const value = (id) => document.getElementById(id).value;

const say = (text) => {
  said.textContent = text;
};

async function setUp() {
  const userName = value("name").trim();
  const body = { secret, password: value("password"), ...(userName === "" ? {} : { userName }) };
  const response = await fetch(new URL("api/v1/auth/setup", document.baseURI), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) return say(answer.detail ?? "That did not work.");
  form.hidden = true;
  say(`The password of ${answer.user.userName} is set. Log in with it from now on.`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (value("password") !== value("again")) return say("The two passwords are not the same.");
  say("…");
  setUp().catch(() => say("The service does not answer. Try again."));
});

if (secret === "") say("This page is opened by a link, which has a secret behind the #. Ask an admin for one.");
else form.hidden = false;
