import { dealHand, flowHash } from './shuffle-sharding.ts';

/** Requests of one flow schema that are not told apart: those of one user, or in one namespace. */
export class Flow {
  readonly #hash: bigint;
  #dealt: { readonly queues: number; readonly handSize: number; readonly hand: readonly number[] } | undefined;

  constructor(
    flowSchema: string,
    readonly distinguisher: string,
  ) {
    this.#hash = flowHash(flowSchema, distinguisher);
  }

  /** The numbers of the queues that it may use. */
  hand(queues: number, handSize: number): readonly number[] {
    let dealt = this.#dealt;
    if (dealt?.queues !== queues || dealt.handSize !== handSize) {
      dealt = { queues, handSize, hand: dealHand(this.#hash, queues, handSize) };
      this.#dealt = dealt;
    }
    return dealt.hand;
  }
}

/** Anybody may make up names, so no more of them are kept than this. */
const flowsMax = 4096;

/** The flows of one schema. */
export class Flows {
  readonly #byDistinguisher = new Map<string, Flow>();

  constructor(readonly flowSchema: string) {}

  get(distinguisher: string): Flow {
    let flow = this.#byDistinguisher.get(distinguisher);
    if (!flow) {
      if (this.#byDistinguisher.size >= flowsMax) this.#byDistinguisher.clear();
      flow = new Flow(this.flowSchema, distinguisher);
      this.#byDistinguisher.set(distinguisher, flow);
    }
    return flow;
  }
}
