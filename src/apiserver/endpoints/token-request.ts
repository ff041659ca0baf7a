import type { Pod, ServiceAccount, AuthenticationV1TokenRequest as TokenRequest } from '../../../generated/types/index.ts';
import { tokenLifetimeMistakes } from '../../api/meta/checks.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import { inOrderOfKind } from '../../machinery/schema/index.ts';
import { badRequest, conflict, invalid, notFound, notSimulated } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { GroupVersionKind, KubeObject } from '../../machinery/types.ts';
import type { Answer } from '../answers.ts';
import { dataBody } from '../answers.ts';
import type { Reference, TokenBinding } from '../authn/index.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { checkNameParameter } from '../name-parameter.ts';
import { writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { ownFields } from './field-managers.ts';
import { receivedMetadata } from './reviews.ts';

const kind: GroupVersionKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const defaultSeconds = 3600;

interface ObjectRef {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** POST serviceaccounts/NAME/token (pkg/registry/core/serviceaccount/storage TokenREST). */
export async function requestToken(call: Call, accounts: ServedResource): Promise<Answer> {
  const { form, info } = call;
  const { tokens } = call.services;
  if (!tokens) throw notSimulated('tokens of service accounts in this server, which has no key to sign them');
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const decoding = { kind, fieldValidation: options.fieldValidation, warn: call.warn };
  const request = decodeObject(call.services.bodies, call.request.body, decoding) as TokenRequest;
  const expirationSeconds = request.spec?.expirationSeconds ?? defaultSeconds;
  request.spec = { ...request.spec, expirationSeconds };
  call.onSent?.(request);
  request.metadata = receivedMetadata(call, true, request) as NonNullable<TokenRequest['metadata']>;
  ownFields(call, kind, request, options.fieldManager);
  checkName(request, info.name);
  request.metadata.name = info.name;
  const context = call.context(options.dryRun);
  await accounts.registry.admit('CREATE', 'token', request, undefined, context);
  const account = (await accounts.registry.get({ namespace: info.namespace, name: info.name })).object as Readonly<ServiceAccount>;
  const mistakes = tokenLifetimeMistakes(expirationSeconds).map((why) => invalidValue('spec.expirationSeconds', expirationSeconds, why));
  if (mistakes.length > 0) throw invalid(kind, '', mistakes);
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : tokens.audiences;
  await accounts.registry.validate('CREATE', 'token', request, undefined, context);
  const boundObjectRef = (request.spec?.boundObjectRef as ObjectRef | undefined) ?? null;
  const binding = boundObjectRef ? await bindingOf(call, boundObjectRef, info) : {};
  // A dry run gives a token as well: nothing is stored in either case.
  const issued = tokens.issue({ namespace: info.namespace, account: referenceTo(account), audiences, expirationSeconds, binding });
  call.annotate('authentication.kubernetes.io/issued-credential-id', `JTI=${issued.id}`);
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...request.metadata, creationTimestamp: formatTime(call.now) },
    spec: { audiences, expirationSeconds, boundObjectRef },
    status: { token: issued.token, expirationTimestamp: formatTime(issued.expiresAtSeconds * 1000) },
  };
  return { status: 201, body: dataBody(inOrderOfKind(call.services.bodies.protobufSchema(), answer as KubeObject), form) };
}

/** The body may name the account, but no other than the path does. */
function checkName({ metadata }: TokenRequest, name: string): void {
  if (!metadata?.name || metadata.name === name) return;
  throw invalid(kind, name, [invalidValue('metadata.name', metadata.name, 'must match the service account name if specified')]);
}

async function bindingOf(call: Call, ref: ObjectRef, account: { readonly namespace: string; readonly name: string }): Promise<TokenBinding> {
  const { namespace } = account;
  const core = !ref.apiVersion?.includes('/');
  if (core && ref.kind === 'Pod') {
    const pod = (await boundObject(call, ref, 'pods', namespace)) as Readonly<Pod>;
    if ((pod.spec?.serviceAccountName ?? '') !== account.name) {
      throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account.name)} to pod running with different serviceaccount name.`);
    }
    const nodeName = pod.spec?.nodeName;
    const node = nodeName ? await call.services.find('', 'nodes')?.registry.find({ name: nodeName }) : undefined;
    return { pod: referenceTo(pod), ...(nodeName ? { node: { name: nodeName, uid: node?.object.metadata?.uid ?? '' } } : {}) };
  }
  if (core && ref.kind === 'Secret') return { secret: referenceTo(await boundObject(call, ref, 'secrets', namespace)) };
  if (core && ref.kind === 'Node') return { node: referenceTo(await boundObject(call, ref, 'nodes', undefined)) };
  const slash = core ? `/${ref.apiVersion ?? ''}` : ref.apiVersion;
  throw badRequest(`cannot bind token to object of type ${slash}, Kind=${ref.kind ?? ''}`);
}

async function boundObject(
  call: Call,
  { kind: type = '', name = '', uid }: ObjectRef,
  plural: string,
  namespace: string | undefined,
): Promise<Readonly<KubeObject>> {
  checkNameParameter(name);
  const found = await call.services.find('', plural)?.registry.find({ namespace, name });
  if (!found) throw notFound({ group: '', resource: plural }, name);
  const own = found.object.metadata?.uid ?? '';
  if (uid && uid !== own) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: type }, name, why);
  }
  return found.object;
}

function referenceTo({ metadata }: Readonly<KubeObject>): Reference {
  return { name: metadata?.name ?? '', uid: metadata?.uid ?? '' };
}
