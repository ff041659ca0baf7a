import type { Env } from '../env/index.ts';
import type { ApiRequest, UserInfo } from '../machinery/handler.ts';
import type { NodeDialer } from '../machinery/node-api.ts';
import type { RequestContext } from '../registry/generic/strategy.ts';
import type { Authorizer } from './authz/index.ts';
import type { BodyReader } from './body.ts';
import type { AnswerForm } from './negotiation.ts';
import { negotiate } from './negotiation.ts';
import type { RequestInfo } from './request-info.ts';
import type { FieldValidation } from './request-options.ts';
import type { ServedResource } from './served-resource.ts';

/** What endpoints share. */
export interface Services {
  readonly env: Env;
  readonly bodies: BodyReader;
  readonly authorizer: Authorizer;
  readonly dialNode: NodeDialer;
  /** A resource of any served version, by group and plural: the pods of a binding, the nodes of a log. */
  find(group: string, plural: string): ServedResource | undefined;
}

/** One request on its way through an endpoint: who asks for what, and what they are warned of. */
export class Call {
  readonly warnings: string[] = [];
  readonly now: number;
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
    this.#form ??= negotiate(this.request.headers.accept, this.request.query, this.request.headers['user-agent']);
    return this.#form;
  }

  get query(): URLSearchParams {
    return this.request.query;
  }

  /** Components in this process are trusted with the shape of what they send. */
  get fieldValidation(): FieldValidation {
    return this.request.body?.kind === 'object' ? 'Ignore' : 'Warn';
  }

  readonly warn = (text: string): void => {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  };

  context(dryRun: boolean): RequestContext {
    return { user: this.user, now: this.now, dryRun, warn: this.warn };
  }
}

/** `299 - "text"`, quoted as a header wants it (apimachinery/pkg/util/net NewWarningHeader). */
export function warningHeader(text: string): string {
  return `299 - "${text.replace(/[\r\n\t]+/g, ' ').replace(/[\\"]/g, '\\$&')}"`;
}
