/** Files and folders that a person drags onto the page or chooses, with the keys that they are to have. */
import type { ToUpload } from './uploads.js';

/** Of an `<input type=file>`, with `webkitdirectory` or without. */
export function chosenFiles(files: FileList, prefix: string): ToUpload[] {
  return [...files].map(file => ({ file, key: prefix + (file.webkitRelativePath || file.name) }));
}

/** Of a drop; folders are walked through. */
export async function droppedFiles(items: DataTransferItemList, prefix: string): Promise<ToUpload[]> {
  // The list is empty after the first wait: the entries are taken at once.
  const entries = [...items].map(item => item.webkitGetAsEntry()).filter(entry => entry !== null);
  return (await Promise.all(entries.map(entry => filesOf(entry, prefix)))).flat();
}

async function filesOf(entry: FileSystemEntry, prefix: string): Promise<ToUpload[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, key: prefix + entry.name }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: ToUpload[] = [];
  for (;;) {
    const read = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (read.length === 0) return found;
    for (const inner of read) found.push(...(await filesOf(inner, `${prefix}${entry.name}/`)));
  }
}
