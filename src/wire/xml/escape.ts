/**
 * Character data of the replies. Control characters, which XML 1.0 cannot carry, are written as numeric
 * references: S3 does the same, and clients that mind ask for `encoding-type=url`. Line ends are references as
 * well, because readers normalise them and some drop text that is white space alone.
 */
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Of ASCII, by character: what is written in its place, where that is not itself. */
export const references: readonly (string | undefined)[] = Array.from({ length: 0x80 }, (_, code) => {
  const character = String.fromCharCode(code);
  return named[character] ?? (code < 0x20 || code === 0x7f ? numeric(code) : undefined);
});

/** By character of ASCII: 1 where it is written as itself. */
export const plainInXml = Uint8Array.from(references, reference => (reference === undefined ? 1 : 0));

/**
 * Escapes text for an element or for an attribute in double quotes. By characters rather than by an expression: most
 * texts of a listing are short, and every ETag has its quotes.
 */
export function escapeXml(text: string): string {
  let escaped = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const reference = code < 0x80 ? references[code] : beyondAscii(code);
    if (reference === undefined) continue;
    escaped += text.slice(from, at) + reference;
    from = at + 1;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

function beyondAscii(code: number): string | undefined {
  const special = code === 0x85 || code === 0x2028 || code === 0xfffe || code === 0xffff;
  return special ? numeric(code) : undefined;
}

function numeric(code: number): string {
  return `&#x${code.toString(16).toUpperCase()};`;
}
