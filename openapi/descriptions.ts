/** Descriptions: of fields the client package has none for, those whose type is another definition, and in the lines that upstream gives them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Draft, specialDefinitionNodes } from './models.ts';
import type { Operation, QueryParameter } from './operations.ts';

/**
 * The client package gives fields of special types (IntOrString, MicroTime) the text of their type. It goes where it belongs, and makes room
 * for the field's own.
 */
export function returnTypeTexts(definitions: Record<string, Draft>): void {
  for (const { properties = {} } of Object.values(definitions)) {
    for (const node of Object.values(properties as Record<string, Draft>)) {
      const target = node.$ref?.replace('#/definitions/', '') ?? '';
      const typeText = new RegExp(`^${target.slice(target.lastIndexOf('.') + 1)} (is|represents|stores) `);
      if (!(target in specialDefinitionNodes) || !node.description || !typeText.test(node.description)) continue;
      definitions[target] = { ...definitions[target], description: node.description };
      delete node.description;
    }
  }
}

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

/** Of a text: how many words it has, and what stands before those with something else than one space. */
export type Spacing = readonly [words: number, gaps: Readonly<Record<string, string>>];

/** Gives texts their lines back, which the packages have made spaces of. `spacing` is by definition and property, '' for the definition's own text. */
export function spaceDescriptions(definitions: Record<string, Draft>, spacing: Readonly<Record<string, Readonly<Record<string, Spacing>>>>): void {
  for (const [name, texts] of Object.entries(spacing)) {
    const definition = definitions[name];
    for (const [property, found] of Object.entries(texts)) {
      const node = property === '' ? definition : (definition?.properties as Record<string, Draft> | undefined)?.[property];
      if (node?.description) node.description = withSpacing(node.description, found);
    }
  }
}

/** The same for the texts of query parameters, by name. */
export function spaceParameters(operations: readonly Operation[], spacing: Readonly<Record<string, Spacing>>): Operation[] {
  const spaced = (one: QueryParameter): QueryParameter => {
    const found = spacing[one.name];
    return found ? { ...one, description: withSpacing(one.description, found) } : one;
  };
  return operations.map((operation) => ({ ...operation, query: operation.query.map(spaced) }));
}

/** Packages of another patch release may have another text: it stays as it is. */
function withSpacing(text: string, [count, gaps]: Spacing): string {
  const words = text.split(/\s+/);
  return words.length === count ? words.map((word, index) => (index === 0 ? word : `${gaps[index] ?? ' '}${word}`)).join('') : text;
}

/** Lists the values of enums behind the texts of their fields, as upstream does; what each means is a sentence of the sources, and not told. */
export function listValues(definitions: Record<string, Draft>): void {
  for (const { properties = {} } of Object.values(definitions)) {
    for (const node of Object.values(properties as Record<string, Draft>)) {
      if (!node.enum) continue;
      const values = `Possible enum values:\n${(node.enum as readonly string[]).map((value) => ` - \`${JSON.stringify(value)}\``).join('\n')}`;
      node.description = node.description ? `${node.description}\n\n${values}` : values;
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
