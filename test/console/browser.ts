/** A real browser at a real server's console, for tests. */
import { execFileSync } from 'node:child_process';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { RunningServer } from '../../src/index.js';
import type { Label } from './texts.js';

export type Language = 'en' | 'ja';

/** Of long-term credentials, or of temporary ones where there is a token. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Milliseconds until what should show has to: far more than it takes on a busy machine. */
export const PATIENCE = 60_000;

/** A name of this machine that is not loopback's: its pages over HTTP are no secure contexts. */
export const PLAIN_HOST = 'console.example';

/** Debian's chromium. Throws where there is none. */
export function launch(): Promise<Browser> {
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], {
    encoding: 'utf8',
  }).trim();
  // Tests may run as root, under which Chromium's sandbox does not start.
  const args = ['--no-sandbox', `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`];
  return chromium.launch({ executablePath, args });
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page complained about: errors of scripts, and what its Content-Security-Policy refused. */
  readonly complaints: readonly string[];
}

/** A tab of its own, with nobody signed in. */
export async function openTab(browser: Browser, language: Language): Promise<Tab> {
  const context = await browser.newContext({
    locale: language === 'ja' ? 'ja-JP' : 'en-US',
    timezoneId: 'Asia/Tokyo',
    // What fades in has no contrast yet: axe looks at pages that stand.
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(error.message));
  page.on('console', message => {
    // A refused request is what some tests are about.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  return { page, context, complaints };
}

/** Signs in with an access key at the sign-in page, as a person would. */
export async function signIn(page: Page, server: RunningServer, keys: Keys, at = '/'): Promise<void> {
  await page.goto(server.consoleUrl + at);
  await page.fill('input[name=access-key]', keys.accessKeyId);
  await page.fill('input[name=secret]', keys.secretAccessKey);
  await page.getByTestId('sign-in').click();
  await page.locator('#bar').waitFor();
}

/** Puts a text in the page's JSON editor, as one who pastes it. */
export async function setEditor(page: Page, text: string): Promise<void> {
  const editor = page.locator('.cm-content[contenteditable=true]').last();
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** By the menu of the bar. */
export async function signOut(page: Page, label: Label): Promise<void> {
  await page.locator('#bar').getByRole('button').last().click();
  await page.getByRole('menuitem', { name: label('bar.signOut') }).click();
  await page.locator('input[name=access-key]').waitFor();
}
