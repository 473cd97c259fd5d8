// A letter as HTML. Whatever is filled in is escaped; colours were checked when they were read.

const ENTITIES = { "&": "&#38;", "<": "&#60;", ">": "&#62;", '"': "&#34;", "'": "&#39;" };

/** The HTML part of `letter`. */
export function html(letter, brand) {
  const name = letter.name === undefined ? "" : ` ${e(letter.name)}`;
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${e(letter.subject)}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background-color: #14171a !important; }
  .card { background-color: #1f2429 !important; border-color: #343b42 !important; }
  .words { color: #e8eaed !important; }
  .quiet { color: #a8b0b8 !important; }
  .link { color: #8ab4f8 !important; }
}
</style>
</head>
<body class="page" style="margin: 0; padding: 0; background-color: #f2f4f6; -webkit-text-size-adjust: 100%;">
<div style="display: none; max-height: 0; overflow: hidden; opacity: 0;">${e(letter.opening[0])}</div>
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color: #f2f4f6;">
<tr>
<td align="center" style="padding: 32px 16px;">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0" style="width: 100%; max-width: 560px;">
<tr>
<td class="words" style="padding: 0 8px 16px; font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; font-size: 18px; line-height: 24px; font-weight: 600; color: #1f2328;">${e(brand.product)}</td>
</tr>
<tr>
<td class="card" bgcolor="#ffffff" style="padding: 32px; background-color: #ffffff; border: 1px solid #dde1e6; border-radius: 12px; font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; font-size: 16px; line-height: 24px;">
<p class="words" style="margin: 0 0 16px; color: #1f2328;">Hello${name},</p>
${paragraphs(letter.opening)}${action(letter.action, brand)}${paragraphs(letter.closing)}<p class="words" style="margin: 0; color: #1f2328;">${e(brand.sender)}</p>
</td>
</tr>
${footer(brand)}</table>
</td>
</tr>
</table>
</body>
</html>`;
}

function paragraphs(texts) {
  return texts
    .map(
      (paragraph) => `<p class="words" style="margin: 0 0 16px; color: #1f2328;">${e(paragraph)}</p>
`,
    )
    .join("");
}

function action(action, brand) {
  if (action === undefined) return "";
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin: 24px 0;">
<tr>
<td bgcolor="${brand.colour}" style="background-color: ${brand.colour}; border-radius: 8px;"><a href="${e(action.link)}" target="_blank" rel="noopener" style="display: inline-block; padding: 12px 24px; font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; font-size: 16px; line-height: 24px; font-weight: 600; color: ${brand.onColour}; text-decoration: none;">${e(action.label)}</a></td>
</tr>
</table>
<p class="quiet" style="margin: 0 0 4px; font-size: 14px; line-height: 20px; color: #59636e;">If the button does not work, copy this link into your browser:</p>
<p style="margin: 0 0 16px; font-size: 14px; line-height: 20px; word-break: break-all;"><a class="link" href="${e(action.link)}" target="_blank" rel="noopener" style="color: #0b57d0;">${e(action.link)}</a></p>
`;
}

function footer(brand) {
  if (brand.footer === undefined) return "";
  return `<tr>
<td class="quiet" style="padding: 16px 8px 0; font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; font-size: 13px; line-height: 18px; color: #59636e;">${e(brand.footer)}</td>
</tr>
`;
}

/** `text` without any meaning in HTML. */
function e(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
