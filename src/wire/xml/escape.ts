/**
 * Character data of the replies. Control characters, which XML 1.0 cannot carry, are written as numeric
 * references: S3 does the same, and clients that mind ask for `encoding-type=url`. Line ends are references as
 * well, because readers normalise them and some drop text that is white space alone.
 */
const special = /[&<>"\x00-\x1f\x7f\x85\u2028\ufffe\uffff]/;
const specials = new RegExp(special, 'g');

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Escapes text for an element or for an attribute in double quotes. */
export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(specials, reference) : text;
}

function reference(character: string): string {
  return named[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
}
