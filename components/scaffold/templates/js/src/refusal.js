// Why a command is refused: the cases of the channel's `error`, as the bindings have them.

/** What is thrown for a refusal. Whatever else is thrown is a fault of this component. */
export class Refusal {
  /** The bindings answer with what stands under this name. */
  payload;

  constructor(tag, val) {
    this.payload = val === undefined ? { tag } : { tag, val };
  }
}

/** The request broke rules of its fields: `{ path, message }` of each, without the value. */
export const validationFailed = (violations) => new Refusal("validation-failed", violations);

/** The caller may not ask this. */
export const accessDenied = () => new Refusal("access-denied");
