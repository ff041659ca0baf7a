import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callControl } from '../../../server/cli/control-client.ts';
import { nodesByCount, planNodes } from '../../../server/cli/nodes.ts';
import { startServer } from '../../../server/start-server.ts';

/** A client library of another language, as the operating system packages it. */
export interface ClientLibrary {
  /** `/usr/bin/python3`: the system's own, since packages of libraries belong to it. */
  readonly interpreter: string;
  /** Arguments of a program that ends well if the library is there. */
  readonly probe: readonly string[];
  /** What to install. */
  readonly packageName: string;
}

/** Whether a library can be used; where it cannot, the reason is reported. With CI=true, that is an error. */
export function hasLibrary({ interpreter, probe, packageName }: ClientLibrary): boolean {
  if (spawnSync(interpreter, [...probe], { stdio: 'ignore' }).status === 0) return true;
  const reason = `${interpreter} has no client library: install the package ${packageName}`;
  if (process.env.CI === 'true') throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}

/**
 * Runs a script against a server of this process, over TLS with the kubeconfig that users get, whose first ten minutes are over: the
 * oldest revisions are forgotten. Resolves with what each of the script's checks has seen, by its name.
 * @throws Error with the script's standard error if it ends badly
 */
export async function runChecks(name: string, { interpreter }: ClientLibrary, words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const folder = mkdtempSync(join(tmpdir(), 'paperkube-clients-'));
  const nodes = planNodes(name, nodesByCount(2));
  // Time runs fast, so that pulling an image takes no second of the test's.
  const clock = { clock: 'x20', clockStart: undefined, seed: 1 } as const;
  const server = await startServer({ name, host: '127.0.0.1', port: 0, http: false, nodes, dnsPort: undefined, logLevel: 'error', ...clock });
  try {
    const { controlUrl, controlToken, kubeconfig } = server;
    const state = {
      name,
      pid: process.pid,
      server: server.server,
      controlUrl,
      controlToken,
      version: '',
      certificateAuthority: kubeconfig.certificateAuthority,
    };
    await callControl(state, 'POST', '/clock/advance', { duration: '12m' });
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, server.kubeconfigText, { mode: 0o600 });
    return await results(interpreter, [...words, file], folder);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function results(interpreter: string, words: readonly string[], home: string): Promise<Readonly<Record<string, unknown>>> {
  const child = spawn(interpreter, [...words], { env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' }, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`${interpreter} ended with ${code}: ${said.err}`));
      const lines = said.out.trim().split('\n');
      return resolve(
        Object.fromEntries(lines.map((line) => JSON.parse(line) as { check: string; result: unknown }).map(({ check, result }) => [check, result])),
      );
    });
  });
}
