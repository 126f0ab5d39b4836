/** The path of a file as a URI reference (RFC 3986), as SARIF wants it (version 2.1.0, section 3.4.3). */
export function uriReference(path: string): string {
  return encodeURI(path.replaceAll('\\', '/')).replaceAll('?', '%3F').replaceAll('#', '%23');
}
