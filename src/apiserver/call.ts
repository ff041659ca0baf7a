import type { Env } from '../env/index.ts';
import type { ApiRequest, UserInfo } from '../machinery/handler.ts';
import type { ByteConnection, NodeDialer } from '../machinery/node-api.ts';
import type { RequestContext } from '../registry/generic/strategy.ts';
import type { ServiceAccountTokens, TokenAuthenticator } from './authn/index.ts';
import type { Authorizer } from './authz/index.ts';
import type { BodyReader } from './body.ts';
import type { AnswerForm, Endpoint } from './negotiation.ts';
import { negotiate, preferencesOf } from './negotiation.ts';
import type { RequestInfo } from './request-info.ts';
import { queryFlag } from './request-info.ts';
import type { FieldValidation } from './request-options.ts';
import type { ServedResource } from './served-resource.ts';

/** What endpoints share. */
export interface Services {
  readonly env: Env;
  readonly bodies: BodyReader;
  readonly authorizer: Authorizer;
  /** Issues tokens of service accounts; absent without a key. */
  readonly tokens?: ServiceAccountTokens | undefined;
  /** Knows bearer tokens of every kind; absent if there are none. */
  readonly tokenAuthenticator?: TokenAuthenticator | undefined;
  /** Whether watches may begin with what is there already (the feature gate WatchList). */
  readonly watchList: boolean;
  readonly dialNode: NodeDialer;
  /** From the API server into the pods' network; absent where there is none. Rejects with an Error that says why. */
  readonly dialAddress?: ((address: string, port: number) => Promise<ByteConnection>) | undefined;
  /** A resource of any served version, by group and plural: the pods of a binding, the nodes of a log. */
  find(group: string, plural: string): ServedResource | undefined;
}

/** One request on its way through an endpoint: who asks for what, and what they are warned of. */
export class Call {
  /** Each text once, in the order of its first time. */
  readonly #warnings = new Set<string>();
  readonly #annotations = new Map<string, string>();
  readonly now: number;
  /** Whether its time was over before there was an answer. */
  overdue = false;
  /**
   * Told of what a client has sent, decoded and with its defaults, for the audit log; absent where nobody writes that down.
   * What stands in it is read before the call returns.
   */
  onSent: ((sent: object) => void) | undefined;
  #form: AnswerForm | undefined;

  constructor(
    readonly services: Services,
    readonly request: ApiRequest,
    readonly info: RequestInfo,
    readonly user: UserInfo,
  ) {
    this.now = services.env.clock.now();
  }

  /** Fails with 406. */
  get form(): AnswerForm {
    this.#form ??= this.#negotiate();
    return this.#form;
  }

  #negotiate(): AnswerForm {
    return negotiate(this.#endpoint(), preferencesOf(this.request), this.services.bodies.protobufSchema);
  }

  #endpoint(): Endpoint {
    const { info, query, services } = this;
    const initial = info.verb === 'watch' && services.watchList && queryFlag(query.get('sendInitialEvents')) && queryFlag(query.get('allowWatchBookmarks'));
    return initial ? 'initialEvents' : endpointOf(info);
  }

  get warnings(): ReadonlySet<string> {
    return this.#warnings;
  }

  get query(): URLSearchParams {
    return this.request.query;
  }

  /** Components in this process are trusted with the shape of what they send. */
  get fieldValidation(): FieldValidation {
    return this.request.body?.kind === 'object' ? 'Ignore' : 'Warn';
  }

  readonly warn = (text: string): void => {
    if (this.#warnings.size < warningsKeptMax) this.#warnings.add(text);
  };

  /** What the audit log says of the request; who says something of the same first is right (apiserver/pkg/audit AddAuditAnnotation). */
  get annotations(): ReadonlyMap<string, string> {
    return this.#annotations;
  }

  readonly annotate = (key: string, value: string): void => {
    if (!this.#annotations.has(key)) this.#annotations.set(key, value);
  };

  context(dryRun: boolean): RequestContext {
    return { user: this.user, now: this.now, dryRun, warn: this.warn, annotate: this.annotate };
  }
}

function endpointOf({ verb, isResource, path }: RequestInfo): Endpoint {
  if (!isResource) return groupDocuments.test(path) ? 'groups' : 'document';
  return verb === 'list' || verb === 'watch' ? 'collection' : 'object';
}

/** `/apis`, `/apis/apps` */
const groupDocuments = /^\/apis(\/[^/]*)?\/?$/;

/** Characters of all warnings of one answer together, and of each of them once they are more. */
const warningsMax = 4 * 1024;
const truncatedWarningMax = 256;
/** No answer shows as many; a body of 3 MB may be worth a million. */
const warningsKeptMax = 10_000;

/**
 * Warning headers, `299 - "text"`: those that hold control characters are left out, and too many are cut short, then left
 * out (apiserver/pkg/endpoints/filters warning.go, apimachinery/pkg/util/net NewWarningHeader).
 */
export function warningHeaders(texts: readonly string[]): string[] {
  const characters = texts.map((text) => Array.from(text.slice(0, 2 * (warningsMax + 1)))); // A character has one or two code units.
  const all = characters.reduce((sum, { length }) => sum + length, 0);
  const each = all > warningsMax ? truncatedWarningMax : warningsMax;
  const headers: string[] = [];
  let written = 0;
  for (const text of characters) {
    const shown = text.slice(0, each);
    if (shown.some((character) => /\p{Cc}/u.test(character))) continue;
    if (written >= warningsMax) break;
    written += shown.length;
    headers.push(`299 - "${shown.join('').replace(/[\\"]/g, '\\$&')}"`);
  }
  return headers;
}
