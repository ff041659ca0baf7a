import type { FlowSchema, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule } from '../../../generated/types/index.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { RequestInfo } from '../request-info.ts';

type Subject = PolicyRulesWithSubjects['subjects'][number];
type Asked = Pick<RequestInfo, 'isResource' | 'verb' | 'group' | 'resource' | 'subresource' | 'namespace' | 'path'>;

/** What a schema says of one user. */
export interface UserRules {
  /** It speaks of every request for resources, or for paths, whatever else the rules say. */
  readonly everyResource: boolean;
  readonly everyPath: boolean;
  readonly resources: readonly ResourcePolicyRule[];
  readonly paths: readonly NonResourcePolicyRule[];
}

/** What a schema says of a user; undefined if it is nothing (util/flowcontrol rule.go). */
export function rulesFor({ spec }: Readonly<FlowSchema>, user: UserInfo): UserRules | undefined {
  const rules = (spec?.rules ?? []).filter(({ subjects }) => subjects.some((subject) => isSubject(subject, user)));
  if (rules.length === 0) return undefined;
  const resources = rules.flatMap(({ resourceRules = [] }) => resourceRules);
  const paths = rules.flatMap(({ nonResourceRules = [] }) => nonResourceRules);
  const everyResource = ({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule) =>
    clusterScope === true && [verbs, apiGroups, resources, namespaces ?? []].every(isWild);
  return {
    everyResource: resources.some(everyResource),
    everyPath: paths.some(({ verbs, nonResourceURLs }) => isWild(verbs) && nonResourceURLs.includes('*')),
    resources,
    paths,
  };
}

function isSubject({ kind, user, group, serviceAccount }: Subject, { username, groups }: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return user !== undefined && (user.name === '*' || user.name === username);
    case 'Group':
      return group !== undefined && (group.name === '*' || groups.includes(group.name));
    case 'ServiceAccount': {
      if (!serviceAccount) return false;
      const ofNamespace = `system:serviceaccount:${serviceAccount.namespace}:`;
      return serviceAccount.name === '*' ? username.startsWith(ofNamespace) : username === ofNamespace + serviceAccount.name;
    }
    default:
      return false;
  }
}

/** Whether one of the rules speaks of what is asked for. */
export function speaksOf({ everyResource, everyPath, resources, paths }: UserRules, asked: Asked): boolean {
  if (asked.isResource) return everyResource || resources.some((rule) => ofResource(rule, asked));
  return everyPath || paths.some((rule) => ofPath(rule, asked));
}

function ofResource({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule, asked: Asked): boolean {
  if (!holds(verbs, asked.verb) || !holds(apiGroups, asked.group)) return false;
  if (!isWild(resources) && !resources.includes(asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource)) return false;
  return asked.namespace === '' ? clusterScope === true : holds(namespaces ?? [], asked.namespace);
}

/** A path stands for what is below it, too, with or without `*` at its end. */
function ofPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: Asked): boolean {
  if (!holds(verbs, verb)) return false;
  return nonResourceURLs.some((url) => {
    if (url === '*' || url === path) return true;
    const above = url.endsWith('*') ? url.slice(0, -1) : url;
    return path.startsWith(above.endsWith('/') ? above : `${above}/`);
  });
}

/** `*` stands for everything where it stands alone. */
const isWild = (list: readonly string[]): boolean => list.length === 1 && list[0] === '*';

const holds = (list: readonly string[], wanted: string): boolean => isWild(list) || list.includes(wanted);
