// The commands of the {{channel}} channel, over their ports: `storage`, `config`, `caller`. None of the ports fails: what
// cannot be mended ends the message outside.
import { accessDenied, validationFailed } from "./refusal.js";

/** The longest note if nothing is configured, in bytes: the manifest's default. */
const LONGEST = 4_096;

export class Service {
  #ports;

  /** The service of one message. */
  constructor(ports) {
    this.#ports = ports;
  }

  /** Keeps a note, instead of the one before. */
  keepNote({ text }) {
    this.#check(text);
    const subject = this.#subject();
    this.#ports.storage.put(key(subject), text, subject);
  }

  /** The note, if there is one. */
  readNote() {
    return { text: this.#ports.storage.get(key(this.#subject())) };
  }

  #check(text) {
    const longest = Number(this.#ports.config.get("longest") ?? LONGEST);
    const { length } = new TextEncoder().encode(text);
    if (length >= 1 && length <= longest) return;
    throw validationFailed([{ path: "text", message: `must be 1 to ${longest} bytes` }]);
  }

  #subject() {
    const subject = this.#ports.caller.subject();
    if (subject === undefined) throw accessDenied();
    return subject;
  }
}

/** A subject has at most 128 bytes, a key may have 512. */
function key(subject) {
  return `note/${subject}`;
}
