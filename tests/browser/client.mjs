// A window of a mail program around a mail, as far as looks go: head, and the HTML part in a frame without scripts.

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const LOOKS = `
  :root { color-scheme: light dark; }
  body { margin: 0; font: 15px/22px system-ui, sans-serif; background: Canvas; color: CanvasText; }
  header { padding: 12px 16px; border-bottom: 1px solid GrayText; }
  h1 { margin: 0 0 4px; font-size: 17px; }
  p { margin: 0; }
  pre { margin: 0; padding: 16px; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/20px monospace; }
  iframe { display: block; border: 0; width: 100%; height: calc(100vh - 72px); }`;

/** The page of that window. `part` is "html" or "text". */
export function client({ to, subject, html, text }, part) {
  const body = part === "text" ? `<pre>${escaped(text)}</pre>` : `<iframe sandbox title="mail" srcdoc="${escaped(html)}"></iframe>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title><style>${LOOKS}</style></head>
    <body><header><h1>${escaped(subject)}</h1><p>To: ${escaped(to)}</p></header>${body}</body></html>`;
}

/** What is left of a mail's HTML by programs that take its style sheet away. */
export const withoutStyleSheet = (html) => html.replace(/<style>[^]*?<\/style>/g, "");
