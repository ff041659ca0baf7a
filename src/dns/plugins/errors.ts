import type { Log } from '../../env/index.ts';
import type { DnsPlugin } from '../chain.ts';

/** Turns a plugin's exception into SERVFAIL and a log line, so that one bad question cannot end the server. */
export function errorsPlugin(log: Log): DnsPlugin {
  return {
    name: 'errors',
    async answer(question, next) {
      try {
        return await next();
      } catch (error) {
        log.error(`plugin/errors: 2 ${question.name}. ${question.type}: ${error instanceof Error ? error.message : String(error)}`);
        return { rcode: 'SERVFAIL', authoritative: false, answers: [] };
      }
    },
  };
}
