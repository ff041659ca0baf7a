import type { ImageDefinition } from './definition.ts';

/** Where the private repositories are: `registry.example.com/private/nginx` is Docker Hub's nginx behind a login. */
export const privateRegistry = 'registry.example.com/private';

/** Who may pull from it. */
export const privateCredentials = { username: 'user', password: 'password' } as const;

/** Each image of Docker Hub's library again, in a registry that asks who is there. */
export function privateImages(open: readonly ImageDefinition[]): ImageDefinition[] {
  const library = 'docker.io/library/';
  return open
    .filter(({ repository }) => repository.startsWith(library))
    .map((one) => ({ ...one, repository: `${privateRegistry}/${one.repository.slice(library.length)}`, credentials: privateCredentials }));
}
