/** A policy without white space: copies are written to be read, and some quotas count every character. */
export function compact(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document));
  } catch {
    // The server says what is wrong with it.
    return document;
  }
}
