/**
 * The tutorials in docs/tutorials, typed by a reader who never waits: every command of every page runs, through the newest kubectl and
 * paperkube's own command line, and must print what the page says. `PAPERKUBE_RECORD=1 npx vitest run test/tutorials` writes the outputs into
 * the pages of both languages; review the diff like code.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { oldestAndNewest } from '../support/kubectl.ts';
import { runTranscript } from '../support/transcript.ts';
import { startTranscriptCluster } from '../support/transcript-cluster.ts';
import { asTranscript, consoleBlocks, recordedBlocks, withBlocks } from '../support/tutorial.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/tutorials');
const languages = ['en', 'zh'];
const pages = readdirSync(join(folder, 'en')).filter((name) => name.endsWith('.md') && name !== 'README.md');
const record = process.env.PAPERKUBE_RECORD === '1';
const newest = oldestAndNewest().at(-1);

const read = (language: string, name: string): string => readFileSync(join(folder, language, name), 'utf8');

describe.skipIf(!newest)('tutorials', () => {
  test.each(pages)('%s prints what it says', { timeout: 120_000 }, async (name) => {
    const page = read('en', name);
    const blocks = consoleBlocks(page);
    const cluster = await startTranscriptCluster({ seed: 1, nodePorts: true });
    try {
      const texts = recordedBlocks(blocks, await runTranscript(asTranscript(blocks), cluster, newest!, root));
      if (record) for (const language of languages) writeFileSync(join(folder, language, name), withBlocks(read(language, name), texts));
      else expect(withBlocks(page, texts)).toBe(page);
    } finally {
      await cluster.close();
    }
  });
});

test.each(pages)('%s has the same commands and outputs in Chinese', (name) => {
  expect(consoleBlocks(read('zh', name))).toEqual(consoleBlocks(read('en', name)));
});

test('both indexes name every page, and no link leads nowhere', () => {
  for (const language of languages) {
    const index = read(language, 'README.md');
    for (const name of pages) expect(index).toContain(`(${name})`);
    for (const name of ['README.md', ...pages]) {
      const links = [...read(language, name).matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => join(folder, language, target));
      expect(links.filter((target) => !existsSync(target))).toEqual([]);
    }
  }
});
