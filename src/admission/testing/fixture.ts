import { Metrics } from '../../env/index.ts';
import { clone } from '../../machinery/deep.ts';
import type { GroupResource, KubeObject, ObjectKey } from '../../machinery/types.ts';
import { AdmissionChain } from '../chain.ts';
import { builtInPlugins, type PluginDependencies } from '../plugins/index.ts';
import type { AdmissionAttributes, ObjectReader, Operation, StatusWriter } from '../types.ts';

/** Time that stands still. For tests only. */
export const standingEnv = () => ({ clock: { now: () => 0 }, metrics: new Metrics() });

/** Objects by `resource/namespace/name`, read and written as the API server's own storage is. For tests only. */
export class FixtureStorage implements ObjectReader, StatusWriter {
  readonly objects = new Map<string, KubeObject>();

  put(resource: string, object: KubeObject): void {
    this.objects.set(`${resource}/${object.metadata?.namespace ?? ''}/${object.metadata?.name}`, object);
  }

  async get<T extends KubeObject>({ resource }: GroupResource, namespace: string | undefined, name: string): Promise<T | undefined> {
    return this.objects.get(`${resource}/${namespace ?? ''}/${name}`) as T | undefined;
  }

  async list<T extends KubeObject>({ resource }: GroupResource, namespace = ''): Promise<readonly T[]> {
    const prefix = `${resource}/${namespace && `${namespace}/`}`;
    return [...this.objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T);
  }

  async updateStatus<T extends KubeObject>(resource: GroupResource, { namespace, name }: ObjectKey, change: (object: T) => void): Promise<void> {
    const found = await this.get<T>(resource, namespace, name);
    if (!found) return;
    const next = clone(found);
    change(next);
    this.put(resource.resource, next);
  }
}

export interface FixtureRequest extends Partial<AdmissionAttributes> {
  readonly object: KubeObject;
}

/** The whole built-in chain over a few objects, with the namespace `default` and its service account. For tests only. */
export function admissionFixture(dependencies: Partial<PluginDependencies> = {}) {
  const storage = new FixtureStorage();
  storage.put('namespaces', { metadata: { name: 'default' } });
  storage.put('serviceaccounts', { metadata: { namespace: 'default', name: 'default' } });
  const ids = { uid: () => '', nameSuffix: () => 'abcde', containerId: () => '' };
  const chain = new AdmissionChain(builtInPlugins({ reader: storage, writer: storage, ids, ...dependencies }), standingEnv());
  /** Runs a request through both phases; resolves with the object as it would be stored, and the warnings. */
  const run = async (operation: Operation, resource: string, request: FixtureRequest) => {
    const [plural = '', subresource = ''] = resource.split('/');
    const warnings: string[] = [];
    const attributes: AdmissionAttributes = {
      operation,
      resource: { group: '', version: 'v1', resource: plural },
      subresource,
      kind: { group: '', version: 'v1', kind: '' },
      namespace: 'default',
      name: request.object?.metadata?.name ?? '',
      oldObject: undefined,
      user: { username: 'admin', groups: ['system:masters'] },
      dryRun: false,
      warn: (text) => warnings.push(text),
      ...request,
    };
    await chain.admit(attributes);
    await chain.validate(attributes);
    return { object: attributes.object, warnings };
  };
  return { storage, run, chain };
}
