/** Hands bytes to the browser as a file of that name. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by the next turn of its loop; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
