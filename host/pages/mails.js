// The operator's view of mails: the list, and one of them.

import { ask, sentence } from "./api.js";
import { enable, mark, once, onSubmit, say, show } from "./page.js";

const form = document.getElementById("open");
const keyField = document.getElementById("key");
const list = document.getElementById("mails");
const newer = document.getElementById("newer");
const html = document.getElementById("html");
const frame = document.getElementById("frame");
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Stands for what the server could not open. */
const UNREADABLE = "(cannot be read)";
/** Stands for words that the server has no more. */
const GONE = "Not kept any more.";

/** In this page's memory and nowhere else. */
let key = "";
/** After which mail the rest of the list begins; null: there is no rest. */
let next = null;
/** The button of the mail that is shown, to come back to. */
let opened = null;

/** What the server says of `path`; nothing if the key was forgotten meanwhile. */
async function get(path) {
  const asked = key;
  const answer = await ask(path, { method: "GET", headers: { authorization: `Bearer ${asked}` } });
  return key === asked ? answer : null;
}

/** Shows the oldest mails, or on top of what is shown those that follow `after`. */
async function load(after) {
  const query = after === null ? "" : `?${new URLSearchParams({ after })}`;
  const answer = await get(`/admin/mails${query}`);
  if (!answer) return;
  if (!answer.ok) return refuse(answer);
  // The server begins with the oldest, the reader with the newest.
  const items = answer.reply.mails.map(item).reverse();
  next = answer.reply.next ?? null;
  if (after === null) list.replaceChildren();
  list.prepend(...items);
  newer.hidden = next === null;
  show("list");
  say(list.childElementCount === 0 ? "There are no mails." : "");
}

/** Shows the mail `id`. */
async function open(id) {
  const answer = await get(`/admin/mails/${encodeURIComponent(id)}`);
  if (!answer) return;
  if (answer.code === "not-found") return say("This mail is gone: look again.");
  if (!answer.ok) return refuse(answer);
  const mail = answer.reply;
  document.getElementById("subject").textContent = mail.subject ?? UNREADABLE;
  document.getElementById("to").textContent = mail.to ?? UNREADABLE;
  document.getElementById("state").textContent = mail.reason ? `${mail.state}: ${mail.reason}` : mail.state;
  document.getElementById("text").replaceChildren(...withLinks(mail.text ?? GONE));
  show("one");
  html.replaceChildren(mail.html === null ? GONE : framed(mail.html));
}

/** `text` in a frame that lets it do nothing; a new one each time, since what was in a frame is in the back button's way. */
function framed(text) {
  const element = frame.content.firstElementChild.cloneNode();
  element.srcdoc = text;
  return element;
}

/** A key that is worth nothing is forgotten; anything else is said. */
function refuse(answer) {
  const rules = { unauthenticated: "This key is not valid.", "access-denied": "This key may not administer." };
  const rule = rules[answer.code];
  if (!rule) return say(sentence(answer));
  forget();
  mark(keyField, rule);
}

/** Forgets the key and everything that was read with it. */
function forget() {
  key = "";
  opened = null;
  list.replaceChildren();
  close();
  show("ask");
}

/** Takes the mail that is shown out of the page. */
function close() {
  for (const id of ["subject", "to", "state", "text", "html"]) document.getElementById(id).replaceChildren();
}

function onClick(button, work) {
  button.addEventListener("click", () => once(list, work));
}

function item(mail) {
  const button = document.createElement("button");
  button.type = "button";
  const about = `${mail.to ?? UNREADABLE} · ${mail.state} · ${moments.format(mail.at)}`;
  button.append(span("subject", mail.subject ?? UNREADABLE), span("about", about));
  onClick(button, () => {
    opened = button;
    return open(mail.id);
  });
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

/** `text` as nodes, its web addresses as links. */
function withLinks(text) {
  // Every second part is an address.
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) => (index % 2 === 0 ? part : link(part)));
}

function link(address) {
  const element = document.createElement("a");
  element.href = address;
  element.target = "_blank";
  element.rel = "noopener noreferrer";
  element.textContent = address;
  return element;
}

onSubmit(form, async () => {
  mark(keyField, "");
  key = keyField.value.trim();
  keyField.value = "";
  // What an `Authorization` header can carry of it (RFC 6750 §2.1).
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(key)) return mark(keyField, "Enter the operator key: one line that begins with vsk_.");
  await load(null);
});
onClick(document.getElementById("again"), () => load(null));
onClick(newer, () => load(next));
document.getElementById("forget").addEventListener("click", forget);
document.getElementById("back").addEventListener("click", () => {
  close();
  show("list");
  opened?.focus();
});
// A page that the browser keeps for its back button keeps its memory too.
addEventListener("pagehide", forget);
enable(form);
