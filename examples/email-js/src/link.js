// Links, to where the operator configured and nowhere else: `{public-origin}/verify-email#{token}`, or an origin of the
// operator's own instead of `{public-origin}`.
//
// The token is in the fragment, which a browser keeps to itself: it is in no server's log and in no `Referer`.
import { Misconfigured } from "./refusal.js";
import { bytes } from "./text.js";

/** Where an address is verified, and where a new password is set. */
export const VERIFY_PAGE = { setting: "verify-link", template: "{public-origin}/verify-email#{token}" };
export const PASSWORD_PAGE = { setting: "reset-link", template: "{public-origin}/new-password#{token}" };

/** The longest template: with origin and token the link still fits on a line of a mail (RFC 5322 §2.1.1). */
const MAX_BYTES = 256;
const MAX_ORIGIN_BYTES = 255;

const ORIGIN = "{public-origin}";
const TOKEN = "{token}";

// Names, numbers, `[::1]` and `:8080`; no user, no path.
const NAMED_ORIGIN = /^https?:\/\/[A-Za-z0-9\-._:[\]]+(?=\/|$)/;
const PUBLIC_ORIGIN = /^https?:\/\/[A-Za-z0-9\-._:[\]]+\/?$/;

// What a URL is made of (RFC 3986 §2), but for what could end one in a mail: quotes and brackets.
const URL_TEXT = /^[A-Za-z0-9\-._~/?#@!$&*+,;=:%]*$/;

/** The link to `page` that carries `token`. */
export function linkTo(page, config, token) {
  const publicOrigin = readOrigin(config);
  const template = config.get(page.setting) ?? page.template;
  const wrong = (rule) => new Misconfigured(page.setting, rule);
  if (bytes(template) > MAX_BYTES) throw wrong("must be at most 256 bytes");
  const [origin, path] = template.startsWith(ORIGIN)
    ? [publicOrigin, template.slice(ORIGIN.length)]
    : namedOrigin(template);
  if (!path.startsWith("/")) throw wrong("must begin with {public-origin}/ or with a scheme, a host and a /");
  const at = path.indexOf(TOKEN);
  if (at < 0) throw wrong("must have a {token}");
  const [before, after] = [path.slice(0, at), path.slice(at + TOKEN.length)];
  if (!before.includes("#")) throw wrong("must have its {token} after a #");
  const hashes = (before + after).split("#").length - 1;
  if (!URL_TEXT.test(before) || !URL_TEXT.test(after) || hashes > 1) {
    throw wrong("must be a URL but for one {public-origin} and one {token}");
  }
  return `${origin}${before}${token}${after}`;
}

/** The origin that `template` names, and the rest; an empty rest if it names none. */
function namedOrigin(template) {
  const [origin] = template.match(NAMED_ORIGIN) ?? [];
  return origin === undefined ? ["", ""] : [origin, template.slice(origin.length)];
}

function readOrigin(config) {
  const origin = config.get("public-origin");
  if (origin === undefined) throw new Misconfigured("public-origin", "is missing");
  if (origin.length > MAX_ORIGIN_BYTES || !PUBLIC_ORIGIN.test(origin)) {
    throw new Misconfigured("public-origin", "must be a scheme, a host and perhaps a port");
  }
  return origin.replace(/\/$/, "");
}
