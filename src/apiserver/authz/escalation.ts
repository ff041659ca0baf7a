import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef } from '../../../generated/types/index.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../../admission/types.ts';
import { goQuoted } from '../../machinery/go-syntax.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import { badRequest, failure, forbidden, notFound } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { jsonEqual } from '../../registry/generic/json-equal.ts';
import { checkNameParameter } from '../name-parameter.ts';
import type { Authorizer } from './authorizer.ts';
import { privilegedGroup } from './authorizer.ts';
import { breakdownRule, compactRules, covered, describeRule } from './policy-rule.ts';
import type { RbacAuthorizer } from './rbac-authorizer.ts';
import { rbacGroup } from './rbac-index.ts';

type AnyRole = Role & ClusterRole;
type AnyBinding = RoleBinding & ClusterRoleBinding;

export interface EscalationCheckOptions {
  readonly rbac: RbacAuthorizer;
  readonly authorizer: Authorizer;
  readonly reader: ObjectReader;
}

const everything: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

/**
 * Nobody may grant what they do not have, unless they may `escalate` roles or `bind` them
 * (pkg/registry/rbac/…/policybased). Upstream wraps this around storage, ahead of validation; here it is the last plugin to see the object
 * before that.
 */
export function escalationCheck({ rbac, authorizer, reader }: EscalationCheckOptions): AdmissionPlugin {
  const roles = ['roles', 'clusterroles'];
  const mayDo = async (attributes: AdmissionAttributes, verb: string, resource: string, name: string) => {
    const { user, namespace } = attributes;
    const asked = { user, verb, isResource: true, group: rbacGroup, version: '*', resource, subresource: '', namespace, name, path: '' };
    return (await authorizer.authorize(asked)).allowed;
  };
  const rulesToGrant = async (attributes: AdmissionAttributes): Promise<readonly PolicyRule[]> => {
    const { resource, object, name } = attributes;
    if (roles.includes(resource.resource)) {
      if (await mayDo(attributes, 'escalate', resource.resource, name)) return [];
      return (object as AnyRole).rules ?? [];
    }
    const { roleRef } = object as AnyBinding;
    const kind = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    if (await mayDo(attributes, 'bind', kind, roleRef.name)) return [];
    return rulesOf(reader, roleRef, attributes);
  };
  return {
    name: 'RBACEscalation',
    rules: ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map((resource) => ({
      resource,
      group: rbacGroup,
      operations: ['CREATE', 'UPDATE'],
    })),
    async admit(attributes) {
      const { user, object, oldObject, resource, namespace, name } = attributes;
      if (user.groups.includes(privilegedGroup) || (oldObject && grantsTheSame(object, oldObject))) return;
      await rbac.source.catchUp(); // What was taken away a moment ago must not be granted any more.
      const rules = await rulesToGrant(attributes);
      const { rules: own, errors } = rbac.rules(user, namespace);
      const aggregated = (object as AnyRole).aggregationRule && !(await mayDo(attributes, 'escalate', resource.resource, name));
      if (aggregated && missingFrom(own, everything).length > 0) {
        throw forbidden(resource, name, 'must have cluster-admin privileges to use the aggregationRule');
      }
      const missing = missingFrom(own, rules);
      if (missing.length > 0) throw forbidden(resource, name, escalationText(user, missing, errors));
    },
  };
}

/** Changes of labels and the like give nobody more than they have. */
function grantsTheSame(object: KubeObject, oldObject: Readonly<KubeObject>): boolean {
  const parts = ({ rules, aggregationRule, roleRef, subjects }: Partial<AnyRole & AnyBinding>) => [rules, aggregationRule, roleRef, subjects];
  return jsonEqual(parts(object as AnyRole & AnyBinding), parts(oldObject as AnyRole & AnyBinding));
}

/** What a role grants. Whether the reference is valid is seen only later: here it is looked up as it stands, and failures name the binding's resource. */
async function rulesOf(reader: ObjectReader, { kind, name }: RoleRef, { resource, namespace }: AdmissionAttributes): Promise<readonly PolicyRule[]> {
  const local = kind === 'Role';
  if (!local && kind !== 'ClusterRole') throw failure(500, '', `unsupported role reference kind: ${JSON.stringify(kind ?? '')}`);
  if (local && !namespace) throw badRequest('Namespace parameter required.');
  checkNameParameter(name);
  const role = await reader.get<AnyRole>({ group: rbacGroup, resource: local ? 'roles' : 'clusterroles' }, local ? namespace : undefined, name);
  if (!role) throw notFound(resource, name);
  return role.rules ?? [];
}

function missingFrom(own: readonly Readonly<PolicyRule>[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakdownRule).filter((rule) => !covered(rule, own));
}

function escalationText({ username, groups }: UserInfo, missing: readonly PolicyRule[], errors: readonly string[]): string {
  const who = `user ${JSON.stringify(username)} (groups=${goQuoted(groups)})`;
  const lines = [...new Set(compactRules(missing).map(describeRule))].sort();
  const unresolved = errors.length > 0 ? `; resolution errors: [${errors.join(', ')}]` : '';
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${unresolved}`;
}
