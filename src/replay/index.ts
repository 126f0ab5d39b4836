/** Recorded calls held against policies; policies from calls; copies of accounts. A client: of AWS or Karikagi. */

export type { AccountClients } from './account-clients.js';
export { checkCopies } from './check.js';
export { controlClient } from './control-client.js';
export { diffCopies, renderDifferences } from './diff.js';
export { renderGenerated } from './generate-report.js';
export { readChange, readCopies, readFiles, sinceOf, writeFiles } from './inputs.js';
export { loadAccounts } from './load.js';
export { pullAccount } from './pull.js';
export { type EventSources, readEvents } from './read-events.js';
export { rehearseChange, renderRehearsal } from './rehearse.js';
export { renderReplay, replayToJunit, replayToSarif } from './report.js';
