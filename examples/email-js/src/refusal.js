// Why a command is refused: the cases of the channel's `error`, as the bindings have them.

/** What is thrown for a refusal. Whatever else is thrown is a fault of this component. */
export class Refusal {
  /** The bindings answer with what stands under this name. */
  payload;

  constructor(tag, val) {
    this.payload = val === undefined ? { tag } : { tag, val };
  }
}

/** The configuration makes no mail; the log says what is wrong with it. */
export const unknown = () => new Refusal("unknown");

/** The request broke rules of its fields: `{ path, message }` of each, without the value. */
export const validationFailed = (violations) => new Refusal("validation-failed", violations);

/** The caller may not ask this. */
export const accessDenied = () => new Refusal("access-denied");

/** Too many mails to this address; a bigint of milliseconds until the next. */
export const tooManyRequests = (milliseconds) => new Refusal("too-many-requests", milliseconds);

/** A setting that makes no mail, and the rule that it breaks; never its value. */
export class Misconfigured {
  constructor(setting, rule) {
    this.line = `the setting \`${setting}\` ${rule}`;
  }
}
