// What the pages share: one section at a time, one place for outcomes, fields that say what is wrong with them.

const outcome = document.getElementById("outcome");

/** Says `text` where outcomes stand; screen readers read it out. Nothing: clears it. */
export function say(text) {
  outcome.textContent = text;
}

/** Shows the section `id` instead of the others, and takes the reader to its heading. */
export function show(id) {
  say("");
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== id;
  }
  const heading = document.querySelector(`#${id} h1`);
  title(heading.textContent);
  heading.focus();
}

/**
 * What the installation is called, and which commands it serves to anybody: shows the one, answers the other.
 *
 * @param {{ok: boolean, reply?: {product_name: string, commands: string[]}}} about the answer of `/pages/about.json`
 */
export function introduce(about) {
  if (!about.ok) return [];
  document.getElementById("product").textContent = about.reply.product_name;
  title(document.title);
  return about.reply.commands;
}

/** Carries out `work`, which `element` stands for: once at a time, with a word that it is under way. */
export async function once(element, work) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  say("One moment…");
  try {
    await work();
  } catch (fault) {
    say("Something went wrong in this page. Open it anew and try again.");
    throw fault;
  } finally {
    element.removeAttribute("aria-busy");
  }
}

/** Carries out `work` whenever `form` is submitted. */
export function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    return once(form, work);
  });
}

/** Lets the reader use `form`, which waited for this script. */
export function enable(form) {
  for (const part of form.querySelectorAll("fieldset, button")) part.disabled = false;
}

/** Says `text` beside `field` and takes the reader there. Nothing: the field is well. */
export function mark(field, text) {
  document.getElementById(`${field.id}-error`).textContent = text;
  if (!text) {
    field.removeAttribute("aria-invalid");
    return;
  }
  field.setAttribute("aria-invalid", "true");
  say("");
  field.focus();
}

/** What `refusal` says of the field at `path`, which people call `subject`; empty if it says nothing of it. */
export function complaints(refusal, path, subject) {
  const about = refusal.violations.filter((violation) => violation.path === path);
  // A rule is the rest of a sentence: "must be at least 8 characters".
  return about.map(({ message }) => `${subject} ${message}.`).join(" ");
}

function title(text) {
  const product = document.getElementById("product")?.textContent;
  const bare = text.split(" – ")[0];
  document.title = product ? `${bare} – ${product}` : bare;
}
