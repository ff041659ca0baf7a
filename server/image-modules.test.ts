import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { testNode } from '../src/runtime/testing/node.ts';
import { parseConfig } from './cli/config-file.ts';
import { withProgram } from './image-modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'paperkube-modules-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const head = 'apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\n';

test('a module beside the configuration file is the program of its image', async () => {
  write('cart.mjs', "export default function* (process) { yield* process.sleep(2000); yield* process.write(1, process.argv.join(' ') + '\\n'); return 7; }\n");
  const { images = [] } = parseConfig(`${head}images:\n- { name: shop/cart, module: ./cart.mjs }\n`, join(folder, 'cluster.yaml'));
  const node = testNode(await Promise.all(images.map(withProgram)));
  const { id } = await node.start('shop/cart', { args: ['/app', 'x'] });
  await node.advance(1000);
  expect(node.status(id)?.state).toBe('running');
  await node.advance(2000);
  expect(node.status(id)).toMatchObject({ state: 'exited', exitCode: 7 });
  expect(node.log(id)).toBe('/app x\n');
});

test('a module that is not there, is broken or exports no generator is refused with its name', async () => {
  write('broken.mjs', 'export default function* {');
  write('plain.mjs', 'export default () => 0;');
  const refusal = (module: string) => withProgram({ name: 'shop/cart', module: join(folder, module) }).catch((error: Error) => error.message);
  expect(await refusal('nosuch.mjs')).toMatch(/^image shop\/cart: .*nosuch\.mjs: /);
  expect(await refusal('broken.mjs')).toMatch(/^image shop\/cart: .*broken\.mjs: /);
  expect(await refusal('plain.mjs')).toContain('plain.mjs: its default export is no generator function: write "export default function* (process) { ... }"');
  expect(() => parseConfig(`${head}images:\n- { name: a, script: x, module: y }\n`, 'file')).toThrow(
    /images\[0\]\.module: .*use one of script, behaviour and module/,
  );
});
