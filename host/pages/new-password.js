// The page of the link that sets a new password.

import { ask, messageId, sentence } from "./api.js";
import { isDead, offerRenewal, onAnotherLink, refuse, takeToken } from "./link.js";
import { complaints, enable, introduce, mark, onSubmit, say, show } from "./page.js";

const form = document.getElementById("set");
const password = document.getElementById("password");
const repeat = document.getElementById("repeat");
const reveal = document.getElementById("reveal");

let code = null;
let id = "";

function start() {
  code = takeToken();
  id = messageId();
  empty();
  if (code) show("ask");
  else refuse("It is not complete. Open it again from the mail, or copy all of it into the address bar.");
}

/** Takes the passwords out of the page. */
function empty() {
  form.reset();
  conceal(true);
  mark(password, "");
  mark(repeat, "");
}

function conceal(hidden) {
  for (const field of [password, repeat]) field.type = hidden ? "password" : "text";
}

/** Takes the reader to the first field that cannot be sent as it is. */
function check() {
  mark(password, "");
  mark(repeat, "");
  if (password.value === "") {
    mark(password, "Enter a password.");
    return false;
  }
  // The server compares passwords in this form.
  if (password.value.normalize("NFC") !== repeat.value.normalize("NFC")) {
    mark(repeat, "The two passwords are not the same.");
    return false;
  }
  return true;
}

reveal.addEventListener("change", () => conceal(!reveal.checked));

onSubmit(form, async () => {
  if (!check()) return;
  const headers = { "idempotency-key": id };
  const answer = await ask("/v1/accounts/new-password", { headers, body: { code, password: password.value } });
  if (answer.ok) {
    code = null;
    empty();
    show("done");
    return;
  }
  const wrong = complaints(answer, "password", "The password");
  if (wrong) {
    mark(password, wrong);
  } else if (isDead(answer, "code")) {
    empty();
    refuse("It was used already, or it has expired.");
  } else {
    say(sentence(answer));
  }
});
// What was typed is not there when the browser's back button brings the page again.
addEventListener("pagehide", empty);

start();
onAnotherLink(start);
enable(form);
offerRenewal("reset-password", introduce(await ask("/pages/about.json", { method: "GET" })));
