/** Recorded calls held against policies; policies from calls; copies of accounts. A client: of AWS or Karikagi. */

export { renderGenerated } from './generate-report.js';
export { readChange, readCopies, readFiles, sinceOf } from './inputs.js';
export { type EventSources, readEvents } from './read-events.js';
export { renderReplay, replayToJunit, replayToSarif } from './report.js';
