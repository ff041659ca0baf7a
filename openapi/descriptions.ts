/** Descriptions for fields the client package has none for: those whose type is another definition. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draft } from './models.ts';

/** Fills gaps in place, from cdk8s-plus first and kubernetes-types second. */
export function fillDescriptions(definitions: Record<string, Draft>, modulesFolder: string): void {
  const texts = new Map([
    ...readTypesPackage(join(modulesFolder, 'kubernetes-types')),
    ...readImports(join(modulesFolder, 'cdk8s-plus-33/lib/imports/k8s.d.ts')),
  ]);
  for (const [name, definition] of Object.entries(definitions)) {
    for (const [property, node] of Object.entries((definition.properties ?? {}) as Record<string, Draft>)) {
      const text = texts.get(`${name}#${property}`);
      if (!node.description && text) node.description = text;
    }
  }
}

/** Each field there names its origin: `@schema io.k8s.api.apps.v1.DeploymentSpec#selector`. */
function readImports(path: string): Map<string, string> {
  const out = new Map<string, string>();
  if (!existsSync(path)) return out;
  for (const match of readFileSync(path, 'utf8').matchAll(/\/\*\*\n((?: {5}\*.*\n)+?) {5}\*\/\n {4}readonly /g)) {
    const lines = (match[1] as string).split('\n').map((line) => line.replace(/^ {5}\* ?/, ''));
    const target = lines.map((line) => /^@schema (\S+#\S+)$/.exec(line)?.[1]).find(Boolean);
    const fallback = lines.map((line) => /^@default (.+)$/.exec(line)?.[1]).find(Boolean);
    const tags = lines.findIndex((line) => line.startsWith('@'));
    const text = lines.slice(0, tags).join('\n').trim();
    if (target && text) out.set(target, fallback && !/defaults? to/i.test(text) ? `${text} Defaults to ${fallback}` : text);
  }
  return out;
}

/** Its folders are API packages: `core/v1.d.ts` describes io.k8s.api.core.v1. */
function readTypesPackage(folder: string): Map<string, string> {
  const out = new Map<string, string>();
  if (!existsSync(folder)) return out;
  for (const group of readdirSync(folder, { withFileTypes: true })) {
    if (!group.isDirectory()) continue;
    for (const file of readdirSync(join(folder, group.name))) {
      const packageName = packageOf(group.name, file.replace('.d.ts', ''));
      for (const block of readFileSync(join(folder, group.name, file), 'utf8')
        .split('export interface ')
        .slice(1)) {
        const type = /^\w+/.exec(block)?.[0];
        for (const [, text, field] of block.slice(0, block.indexOf('\n}')).matchAll(/^ {4}\/\*\* (.*) \*\/\n {4}(?:readonly )?'?"?([\w$-]+)/gm)) {
          out.set(`${packageName}.${type}#${field}`, text as string);
        }
      }
    }
  }
  return out;
}

function packageOf(group: string, version: string): string {
  if (group === 'meta') return `io.k8s.apimachinery.pkg.apis.meta.${version}`;
  if (group === 'apiextensions') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}`;
  return `io.k8s.api.${group}.${version}`;
}
