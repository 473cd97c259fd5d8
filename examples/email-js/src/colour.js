// A colour in sRGB, and what can be read on it.

/** Whether `text` is `#rrggbb`, and nothing else: it goes into a style. */
export function isColour(text) {
  return /^#[0-9A-Fa-f]{6}$/.test(text);
}

/** Black or white: whichever stands out more on `colour` (WCAG 2.2, contrast ratio). */
export function textOn(colour) {
  const light = luminance(colour);
  const onWhite = 1.05 / (light + 0.05);
  const onBlack = (light + 0.05) / 0.05;
  return onWhite >= onBlack ? "#ffffff" : "#000000";
}

/** Relative luminance (WCAG 2.2), 0 to 1. */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
