import type { ImageDefinition } from './definition.ts';

/** Registries that hold the images of another one: where tutorials still point to, and what readers in China use instead. */
const mirrors: readonly (readonly [of: string, names: readonly string[]])[] = [
  [
    'registry.k8s.io/',
    [
      'k8s.gcr.io/',
      'gcr.io/google_containers/',
      'gcr.io/google-containers/',
      'registry.aliyuncs.com/google_containers/',
      'registry.cn-hangzhou.aliyuncs.com/google_containers/',
    ],
  ],
  ['docker.io/library/', ['public.ecr.aws/docker/library/', 'mirror.gcr.io/library/', 'docker.m.daocloud.io/library/', 'daocloud.io/library/']],
];

/** Each image of a mirrored registry again, under the names of its mirrors. */
export function mirroredImages(originals: readonly ImageDefinition[]): ImageDefinition[] {
  return mirrors.flatMap(([of, names]) =>
    originals
      .filter(({ repository }) => repository.startsWith(of))
      .flatMap((one) => names.map((name) => ({ ...one, repository: `${name}${one.repository.slice(of.length)}` }))),
  );
}
