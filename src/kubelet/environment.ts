import type { Container, EnvFromSource, EnvVar, Pod, Service } from '../../generated/types/index.ts';
import { expand } from './expansion.ts';
import type { NodeFacts } from './field-values.ts';
import { podFieldValue, resourceFieldValue } from './field-values.ts';
import { findContainer } from './pod-format.ts';
import type { PodSources } from './pod-sources.ts';
import { serviceEnvironment } from './service-environment.ts';

export interface EnvironmentFacts extends NodeFacts {
  readonly podIps: readonly string[];
  readonly services: readonly Readonly<Service>[];
  readonly sources: Pick<PodSources, 'configMap' | 'secret'>;
}

/**
 * A container's environment (pkg/kubelet makeEnvironmentVariables): `env` with its references, over `envFrom`, over the Services'
 * variables. Rejects with what becomes CreateContainerConfigError's text.
 */
export async function containerEnvironment(pod: Readonly<Pod>, container: Readonly<Container>, facts: EnvironmentFacts): Promise<Map<string, string>> {
  const services = serviceEnvironment(pod, facts.services);
  const out = new Map<string, string>();
  const seen = new Map<string, string>();
  for (const from of container.envFrom ?? []) await addAll(pod, from, facts, seen);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referencedValue(pod, container, variable, facts)
      : expand(variable.value ?? '', (name) => out.get(name) ?? seen.get(name) ?? services.get(name));
    if (value === undefined) continue; // An optional reference that leads nowhere.
    out.set(variable.name, value);
    services.delete(variable.name);
    seen.delete(variable.name);
  }
  for (const [name, value] of [...seen, ...services]) if (!out.has(name)) out.set(name, value);
  return out;
}

async function addAll(pod: Readonly<Pod>, from: EnvFromSource, facts: EnvironmentFacts, out: Map<string, string>): Promise<void> {
  const namespace = pod.metadata?.namespace ?? '';
  const { prefix = '' } = from;
  if (from.configMapRef) {
    const { name = '', optional } = from.configMapRef;
    const found = await facts.sources.configMap(namespace, name);
    if (!found && !optional) throw new Error(`configmap "${name}" not found`);
    for (const [key, value] of Object.entries(found?.data ?? {})) out.set(prefix + key, value);
  }
  if (from.secretRef) {
    const { name = '', optional } = from.secretRef;
    const found = await facts.sources.secret(namespace, name);
    if (!found && !optional) throw new Error(`secret "${name}" not found`);
    for (const [key, value] of Object.entries(found?.data ?? {})) out.set(prefix + key, decode(value));
  }
}

async function referencedValue(pod: Readonly<Pod>, container: Readonly<Container>, variable: EnvVar, facts: EnvironmentFacts): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  const namespace = pod.metadata?.namespace ?? '';
  if (fieldRef) return podFieldValue(pod, fieldRef.fieldPath, facts);
  if (resourceFieldRef) {
    const named = resourceFieldRef.containerName ? findContainer(pod, resourceFieldRef.containerName)?.spec : container;
    if (!named) throw new Error(`container ${resourceFieldRef.containerName} not found`);
    return resourceFieldValue(named, resourceFieldRef, facts);
  }
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef;
    const found = await facts.sources.configMap(namespace, name);
    const value = found?.data?.[key];
    if (value !== undefined || optional) return value;
    throw new Error(found ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`);
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef;
    const found = await facts.sources.secret(namespace, name);
    const value = found?.data?.[key];
    if (value !== undefined) return decode(value);
    if (optional) return undefined;
    throw new Error(found ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`);
  }
  return '';
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
