import { expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../generated/types/index.ts';
import { podPhase } from './pod-phase.ts';
import { withoutEarlyEnd } from './pod-status.ts';

const at = '2026-01-01T00:00:00Z';
const named = (name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus =>
  ({ name, state, lastState: {}, ready: false, restartCount: 0, image: '', imageID: '', started: false, ...more }) as ContainerStatus;
const running = (name: string, started = true) => named(name, { running: { startedAt: at } }, { started });
const ended = (name: string, exitCode: number) => named(name, { terminated: { exitCode, startedAt: at, finishedAt: at } });
const waiting = (name: string, exitCode?: number) =>
  named(name, { waiting: {} }, exitCode === undefined ? {} : { lastState: { terminated: { exitCode, startedAt: at, finishedAt: at } } });

const phaseOf = (pod: Pod, init: ContainerStatus[], app: ContainerStatus[], initialized: boolean, terminal: boolean) =>
  podPhase(pod, { init, app, initialized, terminal });
const pod = (restartPolicy: string): Pod => ({
  spec: { restartPolicy, initContainers: [{ name: 'setup' }, { name: 'side', restartPolicy: 'Always' }], containers: [{ name: 'app' }] },
});

test('a pod runs on while a sidecar does, though its containers have ended', () => {
  const done = [ended('app', 0)];
  expect(phaseOf(pod('OnFailure'), [ended('setup', 0), running('side')], done, true, false)).toBe('Running');
  expect(phaseOf(pod('OnFailure'), [ended('setup', 0), ended('side', 137)], done, true, false)).toBe('Succeeded');
});

test('a sidecar that is not up holds a pod back only before its containers have started', () => {
  const init = [ended('setup', 0), running('side', false)];
  expect(phaseOf(pod('Always'), init, [waiting('app')], false, false)).toBe('Pending');
  expect(phaseOf(pod('Always'), init, [running('app')], true, false)).toBe('Running');
});

test('init containers that run again make a pod pending again', () => {
  expect(phaseOf(pod('Always'), [running('setup'), running('side')], [waiting('app', 1)], false, false)).toBe('Pending');
});

test('what has been stopped is what its containers have come to, whatever the restart policy', () => {
  expect(phaseOf(pod('Always'), [ended('setup', 0), ended('side', 0)], [ended('app', 1)], true, true)).toBe('Failed');
  expect(phaseOf(pod('Always'), [ended('setup', 0), ended('side', 0)], [ended('app', 0)], true, true)).toBe('Succeeded');
});

test('a pod keeps its phase and its reason until all of it has stopped', () => {
  const status = {
    phase: 'Failed',
    reason: 'Why',
    message: 'because',
    initContainerStatuses: [ended('setup', 1), running('side')],
    containerStatuses: [waiting('app')],
  };
  expect(withoutEarlyEnd(status, { phase: 'Pending' })).toMatchObject({ phase: 'Pending' });
  expect(withoutEarlyEnd(status, { phase: 'Pending' })).not.toHaveProperty('reason');
  expect(withoutEarlyEnd(status, { phase: 'Failed' })).toBe(status);
  const stopped = { ...status, initContainerStatuses: [ended('setup', 1), ended('side', 0)] };
  expect(withoutEarlyEnd(stopped, { phase: 'Running' })).toMatchObject({ phase: 'Running' }); // Its sandbox is still there.
});
