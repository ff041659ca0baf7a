import type { ClusterRole, PolicyRule, Role, RoleRef, RbacV1Subject as Subject } from '../../../generated/types/index.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { formatKeyOf } from '../../machinery/types.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';
export type RbacResource = 'clusterrolebindings' | 'clusterroles' | 'rolebindings' | 'roles';
export const rbacResources: readonly RbacResource[] = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'];

/** What one subject of one binding is given. */
export interface Grant {
  /** `default/readers`, or the name alone: the order in which a listing would show the bindings. */
  readonly key: string;
  /** Empty for cluster-wide grants. */
  readonly namespace: string;
  readonly roleRef: Readonly<RoleRef>;
  /** `RBAC: allowed by …`, up to the last word. */
  readonly reason: string;
}

interface Binding extends KubeObject {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

const none: readonly Grant[] = [];

/**
 * All bindings by subject and all roles by name, so that a decision looks only at what concerns who asks.
 * Whoever holds it feeds it every role and binding, and every change.
 */
export class RbacIndex {
  /** By subject (`u:alice`, `g:devs`), then by namespace; `` is the cluster. */
  readonly #grants = new Map<string, Map<string, Grant[]>>();
  readonly #bindings = new Map<string, readonly (readonly [subject: string, grant: Grant])[]>();
  readonly #roles = new Map<string, readonly Readonly<PolicyRule>[]>();
  /** Grows with every change. */
  version = 0;

  /** Takes in a new or changed object. */
  set(resource: RbacResource, object: Readonly<KubeObject>): void {
    this.version += 1;
    const key = formatKeyOf(object);
    if (resource === 'roles' || resource === 'clusterroles') {
      this.#roles.set(`${resource}/${key}`, (object as Readonly<Role | ClusterRole>).rules ?? []);
      return;
    }
    this.#unbind(`${resource}/${key}`);
    this.#bind(resource, key, object as Readonly<Binding>);
  }

  delete(resource: RbacResource, object: Readonly<KubeObject>): void {
    this.version += 1;
    const key = `${resource}/${formatKeyOf(object)}`;
    this.#roles.delete(key);
    this.#unbind(key);
  }

  /** Forgets everything, before a listing is taken in anew. */
  clear(): void {
    this.version += 1;
    for (const map of [this.#grants, this.#bindings, this.#roles]) map.clear();
  }

  /** The rules that a binding in `namespace` refers to; undefined if there is no such role. */
  rulesOf(roleRef: Readonly<RoleRef>, namespace: string): readonly Readonly<PolicyRule>[] | undefined {
    return this.#roles.get(roleRef.kind === 'ClusterRole' ? `clusterroles/${roleRef.name}` : `roles/${namespace}/${roleRef.name}`);
  }

  /** Calls `visit` for what the user is given, cluster-wide first, until it returns true. */
  visit({ username, groups }: UserInfo, namespace: string, visit: (grant: Grant) => boolean): boolean {
    if (this.#visitScope(username, groups, '', visit)) return true;
    return namespace !== '' && this.#visitScope(username, groups, namespace, visit);
  }

  /** All that the user is given, in the order of the bindings' names, cluster-wide first. */
  grants({ username, groups }: UserInfo, namespace: string): Grant[] {
    const all: Grant[] = [];
    for (const scope of namespace ? ['', namespace] : ['']) {
      const found = new Map<string, Grant>();
      // A binding that names the user in several ways counts once.
      this.#visitScope(username, groups, scope, (grant) => {
        if (!found.has(grant.key)) found.set(grant.key, grant);
        return false;
      });
      all.push(...[...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1)));
    }
    return all;
  }

  #visitScope(username: string, groups: readonly string[], scope: string, visit: (grant: Grant) => boolean): boolean {
    for (const grant of this.#grants.get(`u:${username}`)?.get(scope) ?? none) if (visit(grant)) return true;
    for (const group of groups) for (const grant of this.#grants.get(`g:${group}`)?.get(scope) ?? none) if (visit(grant)) return true;
    return false;
  }

  #bind(resource: RbacResource, key: string, { roleRef, subjects = [], metadata }: Readonly<Binding>): void {
    const namespace = metadata?.namespace ?? '';
    const kind = resource === 'rolebindings' ? 'RoleBinding' : 'ClusterRoleBinding';
    const shown = namespace ? `${metadata?.name}/${namespace}` : metadata?.name;
    const by = `RBAC: allowed by ${kind} ${JSON.stringify(shown)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to`;
    const given: [string, Grant][] = subjects.flatMap((subject) => {
      const id = subjectId(subject, namespace);
      return id ? [[id, { key, namespace, roleRef, reason: `${by} ${describeSubject(subject)}` }]] : [];
    });
    this.#bindings.set(`${resource}/${key}`, given);
    for (const [subject, grant] of given) {
      let scopes = this.#grants.get(subject);
      if (!scopes) this.#grants.set(subject, (scopes = new Map()));
      const list = scopes.get(namespace);
      if (list) list.push(grant);
      else scopes.set(namespace, [grant]);
    }
  }

  #unbind(key: string): void {
    for (const [subject, grant] of this.#bindings.get(key) ?? []) {
      const scopes = this.#grants.get(subject);
      const rest = scopes?.get(grant.namespace)?.filter((one) => one !== grant) ?? [];
      if (rest.length > 0) scopes?.set(grant.namespace, rest);
      else scopes?.delete(grant.namespace);
      if (scopes?.size === 0) this.#grants.delete(subject);
    }
    this.#bindings.delete(key);
  }
}

/** A service account is the user that it becomes. */
function subjectId({ kind, name, namespace }: Readonly<Subject>, bindingNamespace: string): string | undefined {
  if (kind === 'User') return `u:${name}`;
  if (kind === 'Group') return `g:${name}`;
  const own = namespace || bindingNamespace;
  return kind === 'ServiceAccount' && own ? `u:system:serviceaccount:${own}:${name}` : undefined;
}

function describeSubject({ kind, name, namespace }: Readonly<Subject>): string {
  return `${kind} ${JSON.stringify(kind === 'ServiceAccount' && namespace ? `${name}/${namespace}` : name)}`;
}
