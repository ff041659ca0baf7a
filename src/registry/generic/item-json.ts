import type { Served } from './options.ts';

/** How the stored text of every object of a kind begins. */
export function jsonPrefix(kind: string, apiVersion: string): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
}

/** An object's text as the item of a list, which carries no type of its own. */
export function itemJson(served: Served, prefix: string): string {
  const text = served.json();
  return text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text;
}
