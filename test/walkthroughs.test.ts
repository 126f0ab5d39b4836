/**
 * Runs the shell commands of docs/walkthroughs: each page against a fresh server, with the AWS CLI. A `text` block is
 * what the `sh` block before it prints; where it shows an error, the last command of that block must fail.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '../src/index.js';
import { installed, without } from './clients/run.js';
import { startIssuer } from './support/oidc-issuer.js';
import { blocksOf, demandOutput, scriptOf } from './support/pages.js';
import { encoded, idpMetadata, samlResponse, signXml } from './support/saml-idp.js';

const DIRECTORY = resolve('docs/walkthroughs');
const PAGES = readdirSync(DIRECTORY).filter(name => name.endsWith('.md') && name !== 'README.md');
const CLI = resolve(import.meta.dirname, '../src/bundle/karikagi.js');

/** The preparations that the README tells its readers. */
function preparations(): string {
  const [, body = ''] = /^```bash\n[\s\S]*?^(# Reads an access key[\s\S]*?)^```$/m.exec(
    readFileSync(join(DIRECTORY, 'README.md'), 'utf8'),
  )!;
  return body;
}

interface Shell {
  readonly home: string;
  readonly environment: Record<string, string>;
}

/** A fresh server, and a directory with its root user's credentials and programs called `aws` and `karikagi`. */
async function openShell(t: TestContext): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-walk-'));
  const server = await startServer({
    data: join(home, 'walk'),
    port: 0,
    account: '111122223333',
    region: 'ap-northeast-1',
    log: 'none',
    oidcAllow: ['localhost', '127.0.0.0/8'],
  });
  t.after(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });
  await copyFile(join(home, 'walk', 'credentials'), join(home, 'walk-credentials'));
  await program(home, 'aws', `exec '${installed('aws')}' "$@"`);
  await program(home, 'karikagi', `exec '${process.execPath}' '${CLI}' "$@"`);
  const environment = {
    PATH: `${home}:${process.env['PATH'] ?? ''}`,
    LANG: 'C.UTF-8',
    HOME: home,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_DEFAULT_REGION: 'ap-northeast-1',
    AWS_REGION: 'ap-northeast-1',
    AWS_CONFIG_FILE: join(home, 'walk-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'walk-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
  return { home, environment };
}

async function program(home: string, name: string, script: string): Promise<void> {
  await writeFile(join(home, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(home, name), 0o755);
}

/** Runs a script to its end; both streams in the order of their writing. Killed after four minutes. */
function runScript(
  { home, environment }: Shell,
  script: string,
): Promise<{ status: number | null; output: string }> {
  return new Promise((settle, reject) => {
    const child = spawn('/bin/bash', ['-c', `exec 2>&1\n${script}`], {
      cwd: home,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 240_000,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', text => (output += text));
    child.on('error', reject);
    child.on('close', status => settle({ status, output }));
  });
}

/** What single pages need beside the server. */
const companions: Readonly<
  Record<string, (t: TestContext, shell: Shell) => Promise<Record<string, string>>>
> = {
  'web-identity.md': async (t, { home }) => {
    const issuer = await startIssuer();
    t.after(() => issuer.close());
    const desk = await tokenDesk(subject => issuer.token(Date.now(), { sub: subject }));
    t.after(() => desk.close());
    await asks(home, 'issue', desk);
    return { ISSUER: issuer.url, NAME: issuer.name };
  },
  'saml.md': async (t, { home }) => {
    await writeFile(join(home, 'metadata.xml'), idpMetadata());
    const attributes = {
      Role: 'arn:aws:iam::111122223333:role/staff,arn:aws:iam::111122223333:saml-provider/Directory',
      RoleSessionName: 'alice',
      'PrincipalTag:Team': 'red',
    };
    const respond = (subject: string) => samlResponse({ time: Date.now(), subject, attributes });
    const desk = await tokenDesk(async subject => encoded(signXml(respond(subject), 'Assertion')));
    t.after(() => desk.close());
    await asks(home, 'respond', desk);
    return {};
  },
};

/** A program that prints what the desk hands out for the name in its argument. */
async function asks(home: string, name: string, desk: Server): Promise<void> {
  const { port } = desk.address() as AddressInfo;
  const ask = 'fetch(process.argv[1]).then(reply => reply.text()).then(text => console.log(text))';
  await program(home, name, `exec '${process.execPath}' -e '${ask}' "http://127.0.0.1:${port}/$1"`);
}

/** Hands out what `issue` makes for the name in the path. */
async function tokenDesk(issue: (name: string) => Promise<string>): Promise<Server> {
  const desk = createServer(async (request, response) => response.end(await issue(request.url!.slice(1))));
  await new Promise<void>(settle => desk.listen(0, '127.0.0.1', settle));
  return desk;
}

for (const page of PAGES) {
  test(`docs/walkthroughs/${page} works as written`, { skip: without('pip') }, async t => {
    const shell = await openShell(t);
    Object.assign(shell.environment, await companions[page]?.(t, shell));
    const blocks = blocksOf(readFileSync(join(DIRECTORY, page), 'utf8'));
    assert.ok(blocks.length > 0);
    const { status, output } = await runScript(shell, scriptOf(blocks, preparations()));
    demandOutput(blocks, status, output);
  });
}
