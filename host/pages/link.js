// The secret that a link from a mail carries, and what to do when it is worth nothing.

import { ask, sentence } from "./api.js";
import { complaints, mark, onSubmit, say, show } from "./page.js";

/** What a token looks like: base64url (RFC 4648 §5). */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;

/**
 * Takes the token out of the address, so that it is in no history, no bookmark and no picture of the screen.
 *
 * @returns {string | null} null if there is none, or something else
 */
export function takeToken() {
  const fragment = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  return TOKEN.test(fragment) ? fragment : null;
}

/** Says why the link is worth nothing. */
export function refuse(why) {
  document.getElementById("why").textContent = why;
  show("dead");
}

/** Whether `refusal` means that the link's token, sent as `field`, is worth nothing, now or ever. */
export function isDead(refusal, field) {
  return refusal.code === "not-found" || refusal.violations.some((violation) => violation.path === field);
}

/** Offers to mail a new link by `command` of accounts, if it is among those that are `served` to anybody. */
export function offerRenewal(command, served) {
  const form = document.getElementById("renew");
  const email = document.getElementById("email");
  form.hidden = !served.includes(command);
  document.getElementById("elsewhere").hidden = !form.hidden;
  onSubmit(form, async () => {
    mark(email, "");
    if (email.value.trim() === "") return mark(email, "Enter your e-mail address.");
    const answer = await ask(`/v1/accounts/${command}`, { body: { email: email.value } });
    if (answer.ok) return show("sent");
    const wrong = complaints(answer, "email", "The address");
    return wrong ? mark(email, wrong) : say(sentence(answer));
  });
}

/** Starts over when another link is opened in the same tab: only the fragment differs, so the page is not loaded again. */
export function onAnotherLink(start) {
  addEventListener("hashchange", () => {
    if (location.hash.length > 1) start();
  });
}
