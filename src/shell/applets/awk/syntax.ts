/** awk's program as a tree. */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly kind: 'group'; readonly items: readonly Expression[] }
  | { readonly kind: 'assign'; readonly operator: string; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'step'; readonly by: 1 | -1; readonly prefix: boolean; readonly target: Expression }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'in'; readonly keys: readonly Expression[]; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly own: boolean }
  | { readonly kind: 'getline'; readonly from: 'main' | 'file' | 'command'; readonly source?: Expression; readonly target?: Expression };

export type Statement =
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | { readonly kind: 'expression'; readonly value: Expression }
  | {
      readonly kind: 'print';
      readonly formatted: boolean;
      readonly args: readonly Expression[];
      readonly to?: { readonly operator: string; readonly target: Expression };
    }
  | { readonly kind: 'if'; readonly test: Expression; readonly yes: Statement; readonly no?: Statement }
  | { readonly kind: 'while'; readonly test: Expression; readonly body: Statement; readonly first: boolean }
  | { readonly kind: 'for'; readonly start?: Statement; readonly test?: Expression; readonly next?: Statement; readonly body: Statement }
  | { readonly kind: 'each'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly kind: 'jump'; readonly to: 'break' | 'continue' | 'next' | 'nextfile' }
  | { readonly kind: 'leave'; readonly how: 'exit' | 'return'; readonly value?: Expression }
  | { readonly kind: 'delete'; readonly name: string; readonly keys?: readonly Expression[] };

export interface Rule {
  readonly when: 'begin' | 'end' | 'always' | { readonly test: Expression; readonly until?: Expression };
  /** Absent: print the record. */
  readonly body?: Statement;
}

export interface AwkFunction {
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
}
