export type { ArchiveWriter, Entry } from './archive.js';
export { directoryEntries, directoryWriter } from './directory.js';
export { type ExportReport, exportBucket, type Transfer } from './export.js';
export { type ImportOptions, type ImportReport, importBucket } from './import.js';
export { tarEntries, tarWriter } from './tar.js';
