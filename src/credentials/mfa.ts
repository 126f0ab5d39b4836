/** Codes of a second factor: from a command, or from who sits at the terminal. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { MINUTE_MS } from '../core/time.js';
import { CredentialsError } from './errors.js';

/** Milliseconds that a command may take: it may ask a person to touch a device. */
const LONGEST = MINUTE_MS;

/** Runs a command in the shell and takes the first line that it prints. The provider throws `CredentialsError`. */
export function mfaCommand(command: string): () => Promise<string> {
  return () =>
    new Promise((settle, reject) => {
      const child = spawn(command, { shell: true, stdio: ['inherit', 'pipe', 'inherit'], timeout: LONGEST });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.on('error', error => reject(failed(error.message)));
      child.on('close', status => {
        if (status === 0) settle(output.trim().split('\n')[0] ?? '');
        else reject(failed(`it ended with ${status ?? 'a signal'}`));
      });
    });
}

function failed(why: string): CredentialsError {
  return new CredentialsError('NoSource', `the command for the MFA code failed: ${why}`);
}

/**
 * Asks at the terminal itself, so that standard input and output stay free. The provider throws `CredentialsError`
 * where there is no terminal.
 */
export function mfaPrompt(serial: string): () => Promise<string> {
  return async () => {
    const [input, output] = await terminal();
    const lines = createInterface({ input, output });
    try {
      return await lines.question(`MFA code of ${serial}: `);
    } finally {
      lines.close();
      input.destroy();
      output.end();
    }
  };
}

async function terminal() {
  const path = process.platform === 'win32' ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty'];
  const streams = [createReadStream(path[0]!), createWriteStream(path[1]!)] as const;
  try {
    await Promise.all(streams.map(stream => once(stream, 'open')));
  } catch (cause) {
    for (const stream of streams) stream.destroy();
    const hint = 'there is no terminal to ask for the MFA code: name a command that prints it';
    throw new CredentialsError('NoSource', hint, undefined, { cause });
  }
  return streams;
}
