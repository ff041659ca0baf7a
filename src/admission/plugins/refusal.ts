import type { StatusError } from '../../machinery/status-error.ts';
import { forbidden } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { AdmissionAttributes } from '../types.ts';

/** The 403 of a plugin (apiserver/pkg/admission NewForbidden). An object that has no name yet is called by the prefix of the one it will get. */
export function refusal<T extends KubeObject>({ resource, name, object }: AdmissionAttributes<T>, why: string): StatusError {
  return forbidden(resource, name || object?.metadata?.generateName || '', why);
}
