import { shellProgram } from '../../shell/sh/index.ts';
import { alpine, busybox } from './busybox.ts';
import { corednsImage } from './coredns.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { nginx } from './nginx.ts';
import { pause } from './pause.ts';
import { redis } from './redis.ts';
import { smallImages } from './small.ts';

/** Every image that can be pulled. Layers are made at first use and shared by all nodes. */
export function createCatalogue(shell: ShellMaker = shellProgram): readonly ImageDefinition[] {
  return [pause, corednsImage, busybox(shell), alpine(shell), nginx(shell), redis(shell), ...smallImages(shell)];
}
