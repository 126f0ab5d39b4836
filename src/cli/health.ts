import { request as requestPlainly } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { Command } from 'commander';

/** A probe that takes longer has failed, milliseconds. */
const PATIENCE = 6000;

export function healthCommand(): Command {
  return new Command('health')
    .description(
      'Ask a server whether it is ready: exit status 0 where it is. For health checks of containers.',
    )
    .option(
      '--console <url>',
      'where its console is',
      process.env['KARIKAGI_CONSOLE_URL'] ?? 'http://127.0.0.1:9001',
    )
    .action(async ({ console: url }: { console: string }) => {
      const { status, text } = await ask(new URL('/-/ready', url));
      process.stdout.write(text);
      process.exitCode = status === 200 ? 0 : 1;
    });
}

/**
 * Nothing is sent, and nothing is done with the answer but to show it; on this machine the certificate, which has the
 * name that clients use, is not looked at.
 */
function ask(url: URL): Promise<{ status: number; text: string }> {
  const isOwn = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return new Promise(resolve => {
    const options = { timeout: PATIENCE, rejectUnauthorized: !isOwn };
    const asked = (url.protocol === 'https:' ? requestOverTls : requestPlainly)(url, options, reply => {
      let text = '';
      reply.setEncoding('utf8').on('data', more => (text += more));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', error => resolve({ status: 0, text: `not ready: ${error.message}\n` }));
    asked.end();
  });
}
