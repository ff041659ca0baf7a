/** Links that should lead `kubectl cp` astray, in a container and on the machine outside. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pods } from '../streams/support/pods.ts';
import { StreamingServer } from '../streams/support/streaming-server.ts';
import { oldestAndNewest } from '../support/kubectl.ts';

const kubectl = oldestAndNewest().at(-1);

describe.skipIf(!kubectl)('kubectl cp', () => {
  let server: StreamingServer;
  const run = (...words: string[]) => server.run(kubectl!, words);

  beforeAll(async () => {
    server = await StreamingServer.start();
    await server.text(kubectl!, ['apply', '-f', '-'], pods);
    await server.text(kubectl!, ['wait', '--for=condition=Ready', 'pod', 'box', '--timeout=600s']);
  }, 60_000);
  afterAll(() => server.close());

  test('out of a container writes nothing beside its target, whatever the links in there', async () => {
    const target = join(server.folder, 'target');
    const evil = `mkdir -p /evil/way && cd /evil && echo plain > plain && ln -s ../../../.. up && ln -s ${server.folder} way/host && ln -s /etc/passwd soft`;
    await server.text(kubectl!, ['exec', 'box', '--', 'sh', '-c', evil]);
    const before = readdirSync(server.folder).sort();
    const { code } = await run('cp', 'box:/evil', 'target');
    expect(code).toBe(0);
    // kubectl leaves links out.
    expect(readdirSync(target).sort()).toEqual(['plain', 'way']);
    expect(readdirSync(join(target, 'way'))).toEqual([]);
    expect(readdirSync(server.folder).sort()).toEqual([...before, 'target'].sort());
  });

  test('into a container takes links as links, and they lead around in the container', async () => {
    writeFileSync(join(server.folder, 'secret'), 'of the machine outside');
    mkdirSync(join(server.folder, 'sent'));
    symlinkSync(join(server.folder, 'secret'), join(server.folder, 'sent/link'));
    writeFileSync(join(server.folder, 'sent/file'), 'sent');
    await run('cp', 'sent', 'box:/tmp/../../../../received');
    const { stdout, stderr } = await run('exec', 'box', '--', 'sh', '-c', 'cat /received/file; cat /received/link');
    expect(stdout.toString()).toBe('sent');
    expect(stderr).toContain("cat: can't open '/received/link': No such file or directory");
    expect(existsSync('/received')).toBe(false);
  });
});
