import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { StartOptions } from './index.ts';
import { createCli } from './index.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'paperkube-test-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What a start would have been asked for, or how the command line refused it. */
async function asked(...words: string[]): Promise<{ code: number; err: string; options: StartOptions | undefined }> {
  let [err, options] = ['', undefined as StartOptions | undefined];
  const code = await createCli({
    env: { HOME: home, PAPERKUBE_HOME: join(home, 'state'), KUBECONFIG: '', NO_COLOR: '1' },
    stdout: { write: () => true },
    stderr: { write: (text: string) => (err += text) },
    version: '1.2.3',
    kubernetesVersion: 'v1.33.0',
    exit: () => {},
    onExit: () => () => {},
    onSignal: () => () => {},
    startServer(given) {
      options = given;
      return Promise.reject(new CliError(exitCodes.failure, 'TEST', 'this test starts nothing'));
    },
  }).run(['start', '--no-merge', ...words]);
  return { code, err, options };
}

function configFile(text: string): string {
  const file = join(home, 'cluster.yaml');
  writeFileSync(file, `apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\n${text}`);
  return file;
}

const names = (options: StartOptions | undefined) => options?.nodes.map((node) => node.name);

test('all components run unless some are named, and without kubelets there are no nodes', async () => {
  expect((await asked()).options?.components).toBeUndefined();
  expect((await asked('--components', 'all')).options?.components).toEqual(['api', 'controllers', 'scheduler', 'kubelet']);
  const api = (await asked('--components', 'api')).options;
  expect([api?.components, api?.nodes]).toEqual([['api'], []]);
  const some = (await asked('--components', 'api,scheduler,kubelet', '--nodes', '1')).options;
  expect([some?.components, names(some)]).toEqual([['api', 'scheduler', 'kubelet'], ['default-control-plane']]);
});

test('nodes without a kubelet are added by name, and do not count as workers', async () => {
  const alone = (await asked('--components', 'api', '--node', 'one', '--node', 'two')).options;
  expect(alone?.nodes).toEqual(['one', 'two'].map((name) => ({ name, role: 'worker', labels: {}, taints: [], capacity: {}, kubelet: false })));
  const mixed = (await asked('--nodes', '1', '--node', 'edge')).options;
  expect(mixed?.nodes.map(({ name, taints, kubelet }) => [name, taints, kubelet])).toEqual([
    ['default-control-plane', [], undefined],
    ['edge', [], false],
  ]);
});

test('a configuration file says the same, and flags win over it', async () => {
  const file = configFile(
    'components: [api, controllers]\nadmissionPlugins: {disable: [ServiceAccount, PodSecurity]}\nnodes:\n- {name: edge, kubelet: false, labels: {zone: a}}\n',
  );
  const plain = (await asked('--config', file)).options;
  expect(plain).toMatchObject({ components: ['api', 'controllers'], admission: { disable: ['ServiceAccount', 'PodSecurity'] } });
  expect(plain?.nodes).toMatchObject([{ name: 'edge', kubelet: false, labels: { zone: 'a' } }]);
  const overruled = (await asked('--config', file, '--components', 'api', '--disable-admission-plugins', 'LimitRanger')).options;
  expect(overruled).toMatchObject({ components: ['api'], admission: { disable: ['LimitRanger'] } });
});

test('what does not go together is refused, each with its exit code', async () => {
  const cases: [string[], number, string][] = [
    [['--components', 'api,etcd'], 2, '"etcd" is no component; use all, or a list of api, controllers, scheduler, kubelet'],
    [['--components', 'controllers'], 2, 'api is part of every cluster'],
    [['--components', 'api,api'], 2, 'name each component once'],
    [['--components', 'api', '--nodes', '2'], 2, '--nodes: no kubelet runs them'],
    [['--components', 'api', '--dns-port', '0'], 2, '--dns-port: the cluster DNS runs beside the pods'],
    [['--node', 'a', '--node', 'a'], 2, 'give each node a name of its own'],
    [['--node', 'default-worker'], 2, 'there is a node default-worker already'],
    [['--node', 'Bad_Name'], 2, 'use lower case letters'],
    [['--disable-admission-plugins', 'Nope'], 2, 'disable-admission-plugins plugin "Nope" is unknown'],
    [['--enable-admission-plugins', 'AlwaysPullImages'], 2, 'enable-admission-plugins plugin "AlwaysPullImages" is not simulated'],
    [
      ['--enable-admission-plugins', 'Priority,LimitRanger', '--disable-admission-plugins', 'LimitRanger,Priority'],
      2,
      '[LimitRanger Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
    ],
    [['--feature-gates', 'Nope=true'], 2, '--feature-gates: unrecognized feature gate: Nope; paperkube has ImageVolume'],
    [['--feature-gates', 'PodLevelResources=true'], 2, 'paperkube does not simulate what is behind feature gate PodLevelResources'],
    [['--feature-gates', 'ImageVolume'], 2, 'missing bool value for ImageVolume'],
    [['--feature-gates', 'ImageVolume=yes'], 2, 'invalid value of ImageVolume=yes'],
    [['--config', configFile('components: [api]\nnodes: [{role: control-plane}]\n')], 6, 'nodes: no kubelet runs them'],
  ];
  for (const [words, code, message] of cases) {
    const answer = await asked(...words);
    expect([words, answer.code, answer.options]).toEqual([words, code, undefined]);
    expect(answer.err).toContain(message);
  }
});

test('requests at a time are limited by numbers, which leave room for at least one where priority and fairness divides them', async () => {
  const limits = async (...words: string[]) => (await asked(...words)).options?.requestLimits;
  expect(await limits()).toEqual({ priorityAndFairness: true });
  expect(await limits('--max-requests-inflight', '8', '--max-mutating-requests-inflight', '0')).toEqual({
    priorityAndFairness: true,
    nonMutating: 8,
    mutating: 0,
  });
  const none = ['--max-requests-inflight', '0', '--max-mutating-requests-inflight', '0'];
  expect(await limits('--enable-priority-and-fairness', 'false', ...none)).toEqual({ priorityAndFairness: false, nonMutating: 0, mutating: 0 });
  expect(await asked(...none)).toMatchObject({ code: 2, err: expect.stringContaining('leave no request any room') });
  expect(await asked('--max-requests-inflight', '-1')).toMatchObject({ code: 2, err: expect.stringContaining('use a number, 0 or more.') });
});

test('feature gates are written as for kube-apiserver, and flags win over a file gate by gate', async () => {
  const gates = async (...words: string[]) => (await asked(...words)).options?.featureGates;
  expect(await gates()).toEqual({});
  expect(await gates('--feature-gates', ' ImageVolume = T,,PodLevelResources=0', '--feature-gates', 'ContainerStopSignals=false')).toEqual({
    ImageVolume: true,
    PodLevelResources: false,
    ContainerStopSignals: false,
  });
  const file = configFile('featureGates: {ImageVolume: true, PodLevelResources: false}\n');
  expect(await gates('--config', file)).toEqual({ ImageVolume: true, PodLevelResources: false });
  expect(await gates('--config', file, '--feature-gates', 'ImageVolume=false')).toEqual({ ImageVolume: false, PodLevelResources: false });
});

test('every mistake about components and plugins in a file is named', async () => {
  const file = configFile(
    'components: [kubelet]\nadmissionPlugins: {enable: [Nope], disable: Priority}\nfeatureGates: {ImageVolume: 1, Nope: true}\nnodes: [{kubelet: "no"}]\n',
  );
  const { code, err } = await asked('--config', file);
  expect(code).toBe(6);
  for (const text of [
    'components: ["kubelet"] will not do; api is part',
    'plugin "Nope" is unknown',
    'admissionPlugins.disable: "Priority"',
    'nodes[0].kubelet: "no"',
    'featureGates.ImageVolume: 1 will not do; use true or false',
    'featureGates: unrecognized feature gate: Nope',
  ])
    expect(err).toContain(text);
});
