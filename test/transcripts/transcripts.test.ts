import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { oldestAndNewest } from '../support/kubectl.ts';
import { parseTranscript, runTranscript } from '../support/transcript.ts';
import { startTranscriptCluster } from '../support/transcript-cluster.ts';

const folder = import.meta.dirname;
const manifests = join(folder, 'manifests');
const record = process.env.PAPERKUBE_RECORD === '1';
const stories = readdirSync(folder)
  .filter((name) => name.endsWith('.txt') && !name.includes('@'))
  .map((name) => basename(name, '.txt'))
  .sort();
const kubectls = oldestAndNewest();
const newest = kubectls.at(-1);

/** The golden file of a version: its own where its output differs from the newest kubectl's (`story@1.27.txt`). */
function goldenFile(story: string, version: string): string {
  const own = join(folder, `${story}@${version}.txt`);
  return existsSync(own) ? own : join(folder, `${story}.txt`);
}

async function play(story: string, kubectl: (typeof kubectls)[number], seed: number): Promise<string> {
  const cluster = await startTranscriptCluster({ seed });
  try {
    return await runTranscript(readFileSync(join(folder, `${story}.txt`), 'utf8'), cluster, kubectl, manifests);
  } finally {
    await cluster.close();
  }
}

describe.skipIf(!newest)('transcripts', () => {
  // The newest first: when recording, the older ones keep a file of their own only where they differ.
  for (const kubectl of [...kubectls].reverse()) {
    for (const story of stories) {
      test(`${story} reads as recorded with kubectl ${kubectl.version}`, { timeout: 120_000 }, async () => {
        const text = await play(story, kubectl, 1);
        if (record) return keep(story, kubectl.version, text);
        expect(text).toBe(readFileSync(goldenFile(story, kubectl.version), 'utf8'));
      });
    }
  }

  test('the same story with the same seed is the same text, event list included', { timeout: 240_000 }, async () => {
    const [first, second] = [await play('01-init-containers', newest!, 42), await play('01-init-containers', newest!, 42)];
    expect(second).toBe(first);
  });

  test('another seed changes nothing but names', { timeout: 240_000 }, async () => {
    const [first, other] = [await play('01-init-containers', newest!, 1), await play('01-init-containers', newest!, 2)];
    expect(other).not.toBe(first);
    expect(withoutNames(other)).toBe(withoutNames(first));
  });
});

/** Replaces what the seed may choose: suffixes of generated names, uids and container ids. */
function withoutNames(text: string): string {
  return text
    .replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-xxxxx')
    .replace(/containerd:\/\/[0-9a-f]{64}/g, 'containerd://<id>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '<uid>');
}

function keep(story: string, version: string, text: string): void {
  const main = join(folder, `${story}.txt`);
  const own = join(folder, `${story}@${version}.txt`);
  if (version === newest?.version) {
    writeFileSync(main, text);
  } else if (text === readFileSync(main, 'utf8')) {
    rmSync(own, { force: true });
  } else {
    writeFileSync(own, text);
  }
}

test('a transcript is read into steps, output lines aside', () => {
  const steps = parseTranscript('# why\n$ kubectl get pods\nNAME\n$ kubectl delete pod a\n@ meanwhile 5s\ngone\n$ kubectl get pods --watch &\n@ advance 1m\n@ stop\nNAME\n');
  expect(steps.map((step) => [step.kind, step.argument, step.meanwhile])).toEqual([
    ['remark', '', undefined],
    ['command', 'kubectl get pods', undefined],
    ['command', 'kubectl delete pod a', '5s'],
    ['background', 'kubectl get pods --watch', undefined],
    ['advance', '1m', undefined],
    ['stop', '', undefined],
  ]);
});
