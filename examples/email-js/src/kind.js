// The kinds of mails, and what is different about each beside its words.

const HOUR = 60n * 60n * 1_000n;

/**
 * `name`: under which a newer mail to an address takes the place of a queued one. `lifetime`: how long it may wait for
 * delivery, in milliseconds; a token is dead after that, a notice is no news any more. `bucket`: what is taken from for
 * each mail to an address.
 */
export const VERIFY_EMAIL = { name: "verify-email", lifetime: 24n * HOUR, bucket: "email-verify" };
export const PASSWORD_RESET = { name: "password-reset", lifetime: HOUR, bucket: "email-reset" };
export const SIGN_UP_ATTEMPT = { name: "sign-up-attempt", lifetime: 72n * HOUR, bucket: "email-notice" };
// Always told: if it were counted, a thief could first use up what there is.
export const PASSWORD_CHANGED = { name: "password-changed", lifetime: 72n * HOUR, bucket: undefined };

/** The kinds with a token in them. */
export const WITH_TOKEN = [VERIFY_EMAIL, PASSWORD_RESET];
