// The page of the link that verifies an address. Nothing happens until the reader presses the button: programs that look
// into mails follow links too.

import { ask, messageId, sentence } from "./api.js";
import { isDead, offerRenewal, onAnotherLink, refuse, takeToken } from "./link.js";
import { enable, introduce, onSubmit, say, show } from "./page.js";

let token = null;
let id = "";

function start() {
  token = takeToken();
  id = messageId();
  if (token) show("ask");
  else refuse("It is not complete. Open it again from the mail, or copy all of it into the address bar.");
}

const form = document.getElementById("verify");
onSubmit(form, async () => {
  const headers = { "idempotency-key": id };
  const answer = await ask("/v1/accounts/verify-email", { headers, body: { token } });
  if (answer.ok) {
    token = null;
    show("done");
  } else if (isDead(answer, "token")) {
    refuse("It was used already, or it has expired.");
  } else {
    say(sentence(answer));
  }
});

start();
onAnotherLink(start);
enable(form);
offerRenewal("resend-verification", introduce(await ask("/pages/about.json", { method: "GET" })));
