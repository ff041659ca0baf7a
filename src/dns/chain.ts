import type { Question, Reply } from './record.ts';

/** Looks a name up from the head of the chain: how a plugin follows a CNAME out of its own zone. */
export type Lookup = (question: Question) => Promise<Reply>;

/** One link of the chain (upstream: plugin.Handler). Undefined hands the question to the next one. */
export interface DnsPlugin {
  readonly name: string;
  answer(question: Question, next: () => Promise<Reply>, lookup: Lookup): Promise<Reply>;
}

/** CNAMEs that lead from one zone to another and back stop here. */
const lookupDepthMax = 8;

/** Asks the plugins in order; a question that nobody answers is refused, as CoreDNS refuses what it has no zone for. */
export function createChain(plugins: readonly DnsPlugin[]): Lookup {
  const ask = (question: Question, index: number, depth: number): Promise<Reply> => {
    const plugin = plugins[index];
    if (!plugin) return Promise.resolve({ rcode: 'REFUSED', authoritative: false, answers: [] });
    const lookup: Lookup = (inner) =>
      depth >= lookupDepthMax ? Promise.resolve({ rcode: 'SERVFAIL', authoritative: false, answers: [] }) : ask(inner, 0, depth + 1);
    return plugin.answer(question, () => ask(question, index + 1, depth), lookup);
  };
  return (question) => ask(question, 0, 0);
}
