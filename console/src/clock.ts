/** Where the console's time comes from: the browser's clock, read here alone. Milliseconds since the epoch. */
export const now = (): number => Date.now();
