import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { SimulatedVolumes } from './volumes.ts';

test('a file is made in a folder that is there, however many slashes its path has', () => {
  const volumes = new SimulatedVolumes(createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' }));
  volumes.hostPath(`${'/'.repeat(300_000)}etc///app.conf`, 'FileOrCreate');
  expect(volumes.hostFiles('/etc')?.map((one) => one.name)).toEqual(['app.conf']);
  expect(() => volumes.hostPath('/nosuch/app.conf', 'FileOrCreate')).toThrow('open /nosuch/app.conf: no such file or directory');
});
