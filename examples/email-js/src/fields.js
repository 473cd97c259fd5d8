// The rules of a request's fields. Nothing of a request is used before it went through here.
import { readAddress } from "./address/address.js";
import { fullName, MAX_NAME_BYTES } from "./name.js";
import { validationFailed } from "./refusal.js";
import { bytes, normalise } from "./text.js";
import { CONTROL } from "./unicode/properties.js";

const MAX_ID_BYTES = 128;
const HAS_CONTROL = new RegExp(`[${CONTROL}]`);

// The base64url alphabet (RFC 4648 §5): such a text means nothing in a URL, in HTML or in a mail but itself.
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;

/** Whom the mail is for, its token, and what it calls its reader. */
export function tokenMail(request) {
  const check = new Check();
  const recipient = check.recipient(request);
  const { token } = request;
  if (!TOKEN.test(token)) check.refuse("token", "must be 1 to 256 characters of the base64url alphabet");
  const first = check.name("first_name", request.firstName);
  const last = check.name("last_name", request.lastName);
  check.done();
  return { recipient, token, name: fullName(first, last) };
}

/** Whom the notice is for. */
export function notice(request) {
  const check = new Check();
  const recipient = check.recipient(request);
  check.done();
  return recipient;
}

/** The canonical form of an address. */
export function address(email) {
  const check = new Check();
  const canonical = check.address(email);
  check.done();
  return canonical;
}

/** What is checked, and which rules it broke. */
class Check {
  #violations = [];

  refuse(path, message) {
    this.#violations.push({ path, message });
  }

  address(email) {
    const { canonical, rule } = readAddress(email);
    if (rule !== undefined) this.refuse("email", rule);
    return canonical;
  }

  /** The canonical address, as which every spelling is counted, superseded and withdrawn, and whose data the mail is. */
  recipient({ email, about }) {
    const canonical = this.address(email);
    const isId = about === undefined || (about !== "" && bytes(about) <= MAX_ID_BYTES && !HAS_CONTROL.test(about));
    if (!isId) this.refuse("about", "must be 1 to 128 bytes without control characters");
    return { address: canonical, about };
  }

  name(path, name) {
    if (name === undefined) return undefined;
    const { text, rule } = normalise(name, MAX_NAME_BYTES);
    if (rule !== undefined) this.refuse(path, rule);
    return text;
  }

  done() {
    if (this.#violations.length > 0) throw validationFailed(this.#violations);
  }
}
