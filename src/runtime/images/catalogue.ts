import { shellProgram } from '../../shell/sh/index.ts';
import { agnhostImages } from './agnhost.ts';
import { alpine, busyboxImages } from './busybox.ts';
import { controlPlaneImages } from './control-plane.ts';
import { corednsImage } from './coredns.ts';
import { databaseImages } from './databases.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { echoServerImages } from './echo-servers.ts';
import { languageImages } from './languages.ts';
import { mirroredImages } from './mirrors.ts';
import { nginxImages } from './nginx.ts';
import { pause } from './pause.ts';
import { privateImages } from './private.ts';
import { redis } from './redis.ts';
import { smallImages } from './small.ts';
import { tutorialImages } from './tutorials.ts';
import { webServerImages } from './web-servers.ts';

/** Every image that can be pulled. Layers are made at first use and shared by all nodes. */
export function createCatalogue(shell: ShellMaker = shellProgram): readonly ImageDefinition[] {
  const open = [
    pause,
    corednsImage,
    ...controlPlaneImages,
    ...busyboxImages(shell),
    alpine(shell),
    ...nginxImages(shell),
    redis(shell),
    ...smallImages(shell),
    ...webServerImages(shell),
    ...databaseImages(shell),
    ...languageImages(shell),
    ...echoServerImages(shell),
    ...agnhostImages(shell),
    ...tutorialImages(shell),
  ];
  return [...open, ...mirroredImages(open), ...privateImages(open)];
}
