// A letter as text.

/** The text part of `letter`. */
export function text(letter, brand) {
  const paragraphs = [
    letter.name === undefined ? "Hello," : `Hello ${letter.name},`,
    ...letter.opening,
    ...(letter.action === undefined ? [] : [`${letter.action.label}:\n${letter.action.link}`]),
    ...letter.closing,
    brand.sender,
    ...(brand.footer === undefined ? [] : [brand.footer]),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}
