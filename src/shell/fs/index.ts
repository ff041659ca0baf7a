export type { ContainerFilesystemOptions, ContainerMount } from './container-fs.ts';
export { ContainerFs } from './container-fs.ts';
export type { ImageEntry, ImageLayer } from './image-layer.ts';
export { createImageLayer, programEntries } from './image-layer.ts';
export type { VolumeFileContent, VolumeOptions } from './volume.ts';
export { createVolume, Volume } from './volume.ts';
