import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

/** Debian's Chromium: nothing is downloaded. */
const CHROMIUM = '/usr/bin/chromium';
/** A page of the Temporal UI has loaded when its text is there; on a busy host that takes long. */
const LOADED_MS = 60_000;
/** Frames grow to the size of their text after they have loaded. */
const SETTLED_MS = 2_000;
/** Of a page that is not the one that was looked for. */
const SHOWN_CHARACTERS = 2_000;

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A tall window, so that everything is in the picture; each page is drawn by itself. */
export async function openPage(browser: Browser): Promise<Page> {
  return await browser.newPage({ viewport: { width: 1100, height: 1400 } });
}

/** Goes to a page, waits for a text in it or in one of its frames, and for the page to stand still. */
export async function visit(page: Page, url: string, text: string): Promise<void> {
  await page.goto(url, { timeout: LOADED_MS });
  const giveUpAt = Date.now() + LOADED_MS;
  while (!(await shows(page, text))) {
    if (Date.now() > giveUpAt) {
      throw new Error(
        `${url} does not show "${text}", but: ${(await textOf(page)).slice(0, SHOWN_CHARACTERS)}`,
      );
    }
    await sleep(200);
  }
  await sleep(SETTLED_MS);
}

/** The text of a page, and the Markdown that its frames were given: those run no scripts that could read them. */
export async function textOf(page: Page): Promise<string> {
  // A page that leads to another one has no text for a moment.
  const own = await page.evaluate<string>('document.body?.innerText ?? ""').catch(() => '');
  return [own, ...page.frames().map((frame) => markdownIn(frame.url()))].join('\n');
}

function markdownIn(url: string): string {
  return URL.canParse(url) ? (new URL(url).searchParams.get('content') ?? '') : '';
}

async function shows(page: Page, text: string): Promise<boolean> {
  return (await textOf(page)).includes(text);
}

/** A small picture: 256 colours are enough for a page of text, and Chromium cannot write them, so it is a JPEG. */
export async function takePicture(page: Page, path: string): Promise<void> {
  writeFileSync(path, await page.screenshot({ type: 'jpeg', quality: 60 }));
}
