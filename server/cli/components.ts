import { InvalidArgumentError } from 'commander';
import type { ComponentName } from '../../src/cluster/components.ts';
import { componentNames } from '../../src/cluster/components.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { ClusterConfig } from './config-file.ts';
import type { NodeConfig, NodePlan } from './nodes.ts';
import { nodesByCount, planNodes, silentNodes } from './nodes.ts';

export const everyComponent: readonly ComponentName[] = componentNames;
export const componentsHint = `use all, or a list of ${componentNames.join(', ')}`;

/** What is wrong with a list of components; undefined if nothing is. */
export function componentMistake(words: readonly string[]): string | undefined {
  const unknown = words.find((word) => !(componentNames as readonly string[]).includes(word));
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is no component; ${componentsHint}`;
  if (new Set(words).size < words.length) return 'name each component once';
  if (!words.includes('api')) return 'api is part of every cluster; name it too';
  return undefined;
}

/** The argument of `--components`. */
export function parseComponents(text: string): readonly ComponentName[] {
  if (text === 'all') return everyComponent;
  const words = text.split(',');
  const mistake = componentMistake(words);
  if (mistake) throw new InvalidArgumentError(`${mistake}.`);
  return words as ComponentName[];
}

export interface ClusterPlan {
  /** All if absent. */
  readonly components: readonly ComponentName[] | undefined;
  readonly nodes: readonly NodePlan[];
}

/**
 * What runs, on which nodes. Without kubelets there are only the nodes that want none.
 * @throws CliError if nodes and components do not go together
 */
export function planCluster(
  name: string,
  flags: { readonly components?: readonly ComponentName[]; readonly nodes?: number; readonly node?: readonly string[] },
  config: Pick<ClusterConfig, 'components' | 'nodes'>,
): ClusterPlan {
  const components = flags.components ?? config.components;
  const kubelets = (components ?? everyComponent).includes('kubelet');
  if (flags.nodes !== undefined && !kubelets) {
    const hint = 'leave kubelet in --components, or name nodes without one by --node';
    throw new CliError(exitCodes.usage, 'USAGE', '--nodes: no kubelet runs them', hint);
  }
  const asked = flags.nodes === undefined ? (config.nodes ?? (kubelets ? nodesByCount(3) : [])) : nodesByCount(flags.nodes);
  const all = [...asked, ...silentNodes(flags.node ?? [])];
  checkRoles(all, kubelets);
  const nodes = planNodes(name, all);
  const twice = nodes.find((node, index) => nodes.findIndex((one) => one.name === node.name) !== index);
  if (twice) throw new CliError(exitCodes.usage, 'USAGE', `--node: there is a node ${twice.name} already`, 'give each node a name of its own');
  return { components, nodes };
}

function checkRoles(nodes: readonly NodeConfig[], kubelets: boolean): void {
  const live = nodes.filter((node) => node.kubelet !== false);
  const invalid = (message: string) => new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', `nodes: ${message}`);
  if (!kubelets && live.length > 0) throw invalid('no kubelet runs them; add kubelet to components, or write kubelet: false for each');
  if (kubelets && !live.some((node) => node.role === 'control-plane')) throw invalid('none of them is a control plane; add "- role: control-plane"');
}
