// What mails say. The words are written once; `text.js` and `html.js` lay them out.
//
// A letter has a `subject`, perhaps a `name` of its reader, an `opening` and a `closing` of a paragraph each, and perhaps
// an `action`: a link, which carries a token, and its `label`.

/** Asks to verify an address by `link`. */
export function verifyEmail({ product }, name, link) {
  return {
    subject: `Verify your e-mail address for ${product}`,
    name,
    opening: [`This e-mail address was given for an account at ${product}. Please verify that it is yours.`],
    action: { label: "Verify e-mail address", link },
    closing: [
      "The link works once, within 24 hours.",
      // Whoever signed up with a stranger's address waits for the stranger to verify it (pre-hijacking).
      "If you did not sign up, do not follow the link: somebody else chose the password of this account. You can ignore this mail.",
    ],
  };
}

/** Lets somebody set a new password by `link`. */
export function passwordReset({ product }, name, link) {
  return {
    subject: `Set a new password for ${product}`,
    name,
    opening: [`Somebody, we hope you, asked to set a new password for your account at ${product}.`],
    action: { label: "Set a new password", link },
    closing: [
      "The link works once, within an hour. A new password ends all your sessions and API tokens.",
      "If it was not you, you can ignore this mail: your password stays as it is.",
    ],
  };
}

/** Tells that a password was changed. */
export function passwordChanged({ product }) {
  return {
    subject: `Your password for ${product} was changed`,
    opening: [
      `The password of your account at ${product} was changed, and other sessions were ended.`,
      "If that was you, there is nothing to do.",
    ],
    closing: [
      "If it was not you, somebody else was in your account. Ask for a new password at once, where you usually sign in: it ends all sessions and API tokens. Change the password of your mailbox too.",
    ],
  };
}

/** Tells that somebody signed up with an address that has an account. */
export function signUpAttempt({ product }) {
  return {
    subject: `You already have an account at ${product}`,
    opening: [`Somebody tried to sign up at ${product} with this e-mail address, which has an account already.`],
    closing: [
      "If it was you, sign in with the password that you have, or ask for a new one where you sign in.",
      "If it was not you, there is nothing to do: nobody got into your account.",
    ],
  };
}
