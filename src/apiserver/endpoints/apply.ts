import { describeKind, describeObject } from '../../machinery/apply/index.ts';
import { findDuplicateYamlKeys, parseYaml } from '../../machinery/codec/index.ts';
import { clone } from '../../machinery/deep.ts';
import type { RequestBody } from '../../machinery/handler.ts';
import { findRestoreError, keysIfFitting, wrapIntegers } from '../../machinery/schema/index.ts';
import { badRequest, conflict, failure, isStatusError } from '../../machinery/status-error.ts';
import type { AnyObject, KubeObject } from '../../machinery/types.ts';
import type { StoreEntry } from '../../store/store.ts';
import type { Answer } from '../answers.ts';
import { objectBody } from '../answers.ts';
import { forbiddenBy } from '../authz/index.ts';
import { asDecoded, mediaTypeOf } from '../body.ts';
import type { Call } from '../call.ts';
import type { FieldValidation } from '../request-options.ts';
import { writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { fieldManagerOf, managerName } from './field-managers.ts';
import { refuseUnlessAbsent } from './patched-object.ts';
import { namespaceOf } from './read.ts';

const decoder = new TextDecoder();
const applyMedia = 'application/apply-patch+yaml';

/** Whether a PATCH is a server-side apply. One in CBOR is none: it needs the feature CBORServingAndStorage, which is off in 1.33. */
export function isApply(call: Call): boolean {
  const { body } = call.request;
  const media = mediaTypeOf(body?.kind === 'bytes' ? body.contentType : (body?.contentType ?? call.request.headers['content-type']));
  return media === applyMedia;
}

/** PATCH with an applied configuration (handlers applyPatcher): makes the object if it is not there yet. */
export async function applyObject(call: Call, resource: ServedResource, subresource: string, checkName: (object: KubeObject) => void): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('PatchOptions', call.query, call.fieldValidation, 'apply');
  const config = subresource === '' ? readConfig(call) : await configForPresent(call, resource);
  const as = { manager: managerName(call, options.fieldManager), now: call.now, force: options.force === true };
  const { served, created } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    subresource,
    forceCreate: subresource === '',
    patching: true,
    next: async (previous) => {
      if (!previous) await requireCreate(call, resource);
      const live = previous && resource.show(previous as StoreEntry).object;
      const { object } = fieldManagerOf(call, resource, subresource).apply(live, config, as);
      tellRepeatedKeys(call, options.fieldValidation);
      const next = finished(call, { resource, config, object, live });
      if (!live && next.metadata?.uid) {
        const why = `uid mismatch: the provided object specified uid ${next.metadata.uid}, and no existing object was found`;
        throw conflict(resource.registry.groupResource, info.name, why);
      }
      checkName(next);
      return resource.store(next);
    },
  });
  return { status: created ? 201 : 200, body: objectBody(resource, served, form, call.now) };
}

/** The configuration applied to a part of an object, which has to be there. @throws StatusError 400, 404 */
export async function configForPresent(call: Call, resource: ServedResource): Promise<AnyObject> {
  try {
    return readConfig(call);
  } catch (error) {
    return refuseUnlessAbsent(call, resource, error);
  }
}

interface Outcome {
  readonly resource: ServedResource;
  readonly config: AnyObject;
  /** What came out. */
  readonly object: KubeObject;
  readonly live: Readonly<KubeObject> | undefined;
}

/** Who writes to an object that is not there must also be allowed to create it (handlers withAuthorization). @throws StatusError 403 */
export async function requireCreate({ services, user, info, request }: Call, { info: { group, version, plural } }: ServedResource): Promise<void> {
  const what = { group, version, resource: plural, subresource: '', namespace: info.namespace ?? '', name: info.name };
  const attributes = { user, verb: 'create', isResource: true, path: request.path, ...what };
  const decision = await services.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenBy(attributes, decision.reason);
}

/**
 * Nulls that the configuration carries are absent fields; what is absent gets its default. The outcome may be written to.
 * @throws StatusError 500 for what the schema allows and Go's structs do not hold: a fraction in an integer, a text that is no time
 */
function finished(call: Call, { resource, object, live, config }: Outcome): KubeObject {
  const { bodies } = call.services;
  const { schema } = bodies;
  const { gvk } = resource;
  const fits = keysIfFitting(schema, gvk, object, live) >= 0;
  const misfit = fits ? undefined : findRestoreError(schema, gvk, object, bodies.protobufSchema());
  if (misfit) {
    const why = `unable to convert unstructured object to ${describeKind(gvk)}: ${misfit}`;
    throw failure(500, '', `failed to convert new object (${describeObject(config)}) to proper version: ${why}`);
  }
  const held = fits ? object : wrapIntegers(schema, gvk, object);
  const next = clone(asDecoded(bodies, gvk, held, fits, live));
  resource.defaults(next);
  return next;
}

/** The configuration of an apply. @throws StatusError 400 */
function readConfig(call: Call): AnyObject {
  const { body } = call.request;
  if (body?.kind === 'object') return clone(body.object) as AnyObject;
  const config = parse(textOf(body));
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as AnyObject;
  if (config === null) return {};
  const kind = Array.isArray(config) ? 'array' : typeof config === 'boolean' ? 'bool' : typeof config;
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
  );
}

function parse(text: string): unknown {
  try {
    return parseYaml(text, { lastKeyWins: true });
  } catch (error) {
    if (isStatusError(error) && error.code === 400) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

/** Keys that the text repeats are all that field validation means for an apply: unknown fields are always refused. */
export function tellRepeatedKeys(call: Call, validation: FieldValidation): void {
  if (validation === 'Ignore') return;
  for (const repeated of findDuplicateYamlKeys(textOf(call.request.body))) {
    const text = `error converting YAML to JSON: ${repeated}`;
    if (validation === 'Strict') throw badRequest(`error strict decoding YAML: ${text}`);
    call.warn(text);
  }
}

function textOf(body: RequestBody | undefined): string {
  return body?.kind === 'bytes' ? decoder.decode(body.bytes) : '';
}
