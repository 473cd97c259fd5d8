// What the operator configured of a mail's looks.
import { isColour, textOn } from "./colour.js";
import { Misconfigured } from "./refusal.js";
import { bytes, isPlain } from "./text.js";

const MAX_LINE_BYTES = 255;
const MAX_FOOTER_BYTES = 1_024;

/** The colour of buttons if none is configured. */
const COLOUR = "#1d4ed8";

/** Whose mails they are: `product`, `colour` of buttons, `onColour` of the words on them, `sender`, perhaps a `footer`. */
export function readBrand(config) {
  const named = config.get("product-name");
  if (named === undefined) throw new Misconfigured("product-name", "is missing");
  const product = line("product-name", named, MAX_LINE_BYTES);
  const colour = config.get("brand-colour") ?? COLOUR;
  if (!isColour(colour)) throw new Misconfigured("brand-colour", "must be a colour as #rrggbb");
  const sender = config.get("sender");
  const footer = config.get("footer");
  return {
    product,
    colour: colour.toLowerCase(),
    onColour: textOn(colour),
    sender: sender === undefined ? `The ${product} team` : line("sender", sender, MAX_LINE_BYTES),
    footer: footer === undefined ? undefined : line("footer", footer, MAX_FOOTER_BYTES),
  };
}

/** `text`, if it is one line that is not empty: the product's name goes into headers. */
function line(setting, text, longest) {
  if (text !== "" && bytes(text) <= longest && isPlain(text)) return text;
  throw new Misconfigured(setting, `must be 1 to ${longest} bytes on one line`);
}
