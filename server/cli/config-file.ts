import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CORE_SCHEMA, load } from 'js-yaml';
import type { PluginChoice } from '../../src/admission/plugins/choice.ts';
import { pluginMistakes } from '../../src/admission/plugins/choice.ts';
import type { ComponentName } from '../../src/cluster/components.ts';
import type { ClockMode } from '../../src/env/index.ts';
import { parseClockMode } from '../../src/env/index.ts';
import type { FeatureGates } from '../../src/registry/feature-gates.ts';
import { featureGateMistakes } from '../../src/registry/feature-gates.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { componentMistake, componentsHint, everyComponent } from './components.ts';
import type { ConfiguredImage } from './config-images.ts';
import { readImages } from './config-images.ts';
import type { NodeConfig } from './nodes.ts';

/** A configuration file (`--config`), checked. Flags win over it. */
export interface ClusterConfig {
  readonly name?: string;
  readonly nodes?: readonly NodeConfig[];
  readonly clock?: { readonly mode?: ClockMode; readonly start?: number };
  readonly seed?: number;
  readonly components?: readonly ComponentName[];
  readonly admissionPlugins?: PluginChoice;
  readonly featureGates?: FeatureGates;
  /** As --client-ca; a relative path is one from the configuration file. */
  readonly clientCa?: string;
  /** Images that the simulated registries have besides the built-in ones. */
  readonly images?: readonly ConfiguredImage[];
}

export const configVersion = 'paperkube.dev/v1alpha1';
export const nodesMax = 1000;
const configBytesMax = 1024 * 1024;
const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Reads and checks a file, `-` for standard input. Every mistake is named with its field and how to mend it: CliError, exit code 6. */
export function readConfigFile(path: string): ClusterConfig {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new CliError(
      exitCodes.invalidConfig,
      'CONFIG_UNREADABLE',
      `cannot read the configuration ${path}: ${(error as Error).message}`,
      'give the path of a YAML file that can be read, or "-" for standard input',
    );
  }
  return parseConfig(text, path);
}

export function parseConfig(text: string, source: string): ClusterConfig {
  if (text.length > configBytesMax) throw new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', `${source}: more than 1 MiB is no configuration`);
  let content: unknown;
  try {
    content = load(text, { schema: CORE_SCHEMA });
  } catch (error) {
    throw new CliError(
      exitCodes.invalidConfig,
      'CONFIG_INVALID',
      `${source} is no YAML: ${(error as Error).message.split('\n')[0]}`,
      'mend that line; a smallest file holds apiVersion: paperkube.dev/v1alpha1 and kind: Cluster',
    );
  }
  const mistakes: string[] = [];
  const config = new Reader(mistakes, source === '-' ? '.' : dirname(source)).cluster(content);
  if (mistakes.length > 0)
    throw new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', `${source} is invalid:\n${mistakes.map((one) => `  ${one}`).join('\n')}`);
  return config;
}

/** Checks field by field and collects what is wrong, so that a user sees every mistake at once. */
class Reader {
  constructor(
    readonly mistakes: string[],
    /** Where relative paths begin. */
    readonly folder: string,
  ) {}

  cluster(content: unknown): ClusterConfig {
    const object = this.#mapping(content, 'the file', [
      'apiVersion',
      'kind',
      'name',
      'nodes',
      'clock',
      'seed',
      'components',
      'admissionPlugins',
      'featureGates',
      'clientCa',
      'images',
    ]);
    if (!object) return {};
    if (object.apiVersion !== configVersion) this.#wrong('apiVersion', object.apiVersion, `write apiVersion: ${configVersion}`);
    if (object.kind !== 'Cluster') this.#wrong('kind', object.kind, 'write kind: Cluster');
    const { name, seed, clientCa } = object;
    if (name !== undefined && !isClusterName(name)) this.#wrong('name', name, clusterNameHint);
    if (seed !== undefined && !isSeed(seed)) this.#wrong('seed', seed, seedHint);
    if (clientCa !== undefined && (typeof clientCa !== 'string' || clientCa === '')) this.#wrong('clientCa', clientCa, 'write the path of a PEM file');
    const clock = object.clock === undefined ? undefined : this.#clock(object.clock);
    const nodes = object.nodes === undefined ? undefined : this.#nodes(object.nodes);
    const components = object.components === undefined ? undefined : this.#components(object.components);
    const admissionPlugins = object.admissionPlugins === undefined ? undefined : this.#admissionPlugins(object.admissionPlugins);
    const featureGates = object.featureGates === undefined ? undefined : this.#featureGates(object.featureGates);
    const checks = { mapping: this.#mapping.bind(this), wrong: this.#wrong.bind(this) };
    const images = object.images === undefined ? undefined : readImages(checks, object.images, this.folder);
    return {
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof seed === 'number' ? { seed } : {}),
      ...(typeof clientCa === 'string' ? { clientCa: resolve(this.folder, clientCa) } : {}),
      ...(clock ? { clock } : {}),
      ...(nodes ? { nodes } : {}),
      ...(components ? { components } : {}),
      ...(admissionPlugins ? { admissionPlugins } : {}),
      ...(featureGates ? { featureGates } : {}),
      ...(images ? { images } : {}),
    };
  }

  #clock(value: unknown): ClusterConfig['clock'] {
    const object = typeof value === 'string' ? { mode: value } : this.#mapping(value, 'clock', ['mode', 'start']);
    if (!object) return undefined;
    const mode = typeof object.mode === 'string' ? parseClockMode(object.mode) : undefined;
    if (object.mode !== undefined && !mode) this.#wrong('clock.mode', object.mode, clockHint);
    const given = 'start' in object ? object.start : undefined;
    const start = typeof given === 'string' ? Date.parse(given) : Number.NaN;
    if (given !== undefined && Number.isNaN(start)) this.#wrong('clock.start', given, 'write a time such as "2026-01-01T00:00:00Z"');
    return { ...(mode ? { mode } : {}), ...(Number.isNaN(start) ? {} : { start }) };
  }

  #components(value: unknown): ClusterConfig['components'] {
    if (value === 'all') return everyComponent;
    const mistake = Array.isArray(value) ? componentMistake(value.map(String)) : componentsHint;
    if (mistake) this.#wrong('components', value, mistake);
    return mistake ? undefined : (value as ComponentName[]);
  }

  #admissionPlugins(value: unknown): PluginChoice | undefined {
    const object = this.#mapping(value, 'admissionPlugins', ['enable', 'disable']);
    if (!object) return undefined;
    const list = (field: 'enable' | 'disable') => {
      const names = object[field] ?? [];
      if (Array.isArray(names)) return names.map(String);
      this.#wrong(`admissionPlugins.${field}`, names, 'write a list of names such as [ServiceAccount]');
      return [];
    };
    const choice = { enable: list('enable'), disable: list('disable') };
    for (const mistake of pluginMistakes(choice)) this.mistakes.push(`admissionPlugins: ${mistake}`);
    return choice;
  }

  #featureGates(value: unknown): FeatureGates {
    const gates = Object.entries(this.#mapping(value, 'featureGates') ?? {}).filter((one): one is [string, boolean] => {
      const [name, on] = one;
      if (typeof on !== 'boolean') this.#wrong(`featureGates.${name}`, on, 'use true or false');
      return typeof on === 'boolean';
    });
    const given = Object.fromEntries(gates);
    for (const mistake of featureGateMistakes(given)) this.mistakes.push(`featureGates: ${mistake}`);
    return given;
  }

  #nodes(value: unknown): readonly NodeConfig[] | undefined {
    if (!Array.isArray(value) || value.length === 0 || value.length > nodesMax) {
      this.#wrong('nodes', value, `write a list of 1 to ${nodesMax} nodes, such as "- role: worker"`);
      return undefined;
    }
    const nodes = value.map((one, index) => this.#node(one, `nodes[${index}]`));
    const names = nodes.flatMap((node) => node.name ?? []);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) this.#wrong('nodes', twice, 'give each node a name of its own');
    return nodes;
  }

  #node(value: unknown, path: string): NodeConfig {
    const object = this.#mapping(value, path, ['role', 'name', 'labels', 'taints', 'capacity', 'kubelet']) ?? { role: 'worker' };
    const role = object.role ?? 'worker';
    if (role !== 'control-plane' && role !== 'worker') this.#wrong(`${path}.role`, role, 'use control-plane or worker');
    if (object.name !== undefined && !isDnsName(object.name)) this.#wrong(`${path}.name`, object.name, 'use lower case letters, digits, "-" and "."');
    if (object.kubelet !== undefined && typeof object.kubelet !== 'boolean') this.#wrong(`${path}.kubelet`, object.kubelet, 'use true or false');
    const labels = this.#texts(object.labels, `${path}.labels`);
    const capacity = this.#texts(object.capacity, `${path}.capacity`);
    for (const [key, quantity] of Object.entries(capacity ?? {})) {
      if (!/^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/.test(quantity)) this.#wrong(`${path}.capacity.${key}`, quantity, 'write a quantity such as 4, 500m or 8Gi');
    }
    const taints = object.taints === undefined ? undefined : this.#taints(object.taints, `${path}.taints`);
    return {
      role: role === 'control-plane' ? role : 'worker',
      ...(typeof object.name === 'string' ? { name: object.name } : {}),
      ...(labels ? { labels } : {}),
      ...(capacity ? { capacity } : {}),
      ...(taints ? { taints } : {}),
      ...(object.kubelet === false ? { kubelet: false } : {}),
    };
  }

  #taints(value: unknown, path: string): NodeConfig['taints'] {
    if (!Array.isArray(value)) {
      this.#wrong(path, value, 'write a list such as "- {key: gpu, value: "yes", effect: NoSchedule}"');
      return undefined;
    }
    return value.flatMap((one, index) => {
      const object = this.#mapping(one, `${path}[${index}]`, ['key', 'value', 'effect']);
      if (!object) return [];
      if (typeof object.key !== 'string' || object.key === '') this.#wrong(`${path}[${index}].key`, object.key, 'write the taint key');
      if (!taintEffects.includes(String(object.effect))) this.#wrong(`${path}[${index}].effect`, object.effect, `use ${taintEffects.join(', ')}`);
      return [{ key: String(object.key), effect: String(object.effect), ...(object.value === undefined ? {} : { value: String(object.value) }) }];
    });
  }

  /** A mapping of short texts; numbers are taken as they are written. */
  #texts(value: unknown, path: string): Record<string, string> | undefined {
    if (value === undefined) return undefined;
    const object = this.#mapping(value, path);
    for (const [key, one] of Object.entries(object ?? {}))
      if (typeof one !== 'string' && typeof one !== 'number') this.#wrong(`${path}.${key}`, one, 'write a text in quotes');
    return object && Object.fromEntries(Object.entries(object).map(([key, one]) => [key, String(one)]));
  }

  #mapping(value: unknown, path: string, known?: readonly string[]): Record<string, unknown> | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#wrong(path, value, known ? `write a mapping of ${known.join(', ')}` : 'write a mapping of names to values');
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (known && !known.includes(key))
        this.mistakes.push(`${path === 'the file' ? '' : `${path}.`}${key}: there is no such field; ${path} may have ${known.join(', ')}`);
    }
    return value as Record<string, unknown>;
  }

  #wrong(path: string, value: unknown, mend: string): void {
    this.mistakes.push(`${path}: ${value === undefined ? 'it is missing' : `${JSON.stringify(value)} will not do`}; ${mend}`);
  }
}

export const clockHint = 'use real, manual, auto or xN such as x10';
export const seedHint = 'use a whole number from 0 to 4294967295';
export const clusterNameHint = 'use lower case letters, digits, "-" and ".", at most 40, beginning and ending with a letter or digit';

export function isClusterName(value: unknown): value is string {
  return isDnsName(value) && value.length <= 40;
}

export function isSeed(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

export function isDnsName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value) && !value.includes('..');
}
